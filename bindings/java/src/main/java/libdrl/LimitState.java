package libdrl;

import java.time.Duration;
import java.util.Objects;

/**
 * A limit in force, and its bucket after a decision. Where the decision is {@link Decision#degraded degraded}, {@code remaining} and
 * {@code resetAfter} are 0 and mean nothing.
 *
 * @param rate tokens
 * @param per in this time
 * @param burst what the bucket holds at most
 * @param remaining whole tokens left
 * @param resetAfter time until the bucket is full again
 */
public record LimitState(long rate, Duration per, long burst, long remaining, Duration resetAfter) {
  /**
   * Makes a state.
   *
   * @param rate tokens
   * @param per in this time
   * @param burst what the bucket holds at most
   * @param remaining whole tokens left
   * @param resetAfter time until the bucket is full again
   */
  public LimitState {
    Objects.requireNonNull(per, "per");
    Objects.requireNonNull(resetAfter, "resetAfter");
  }

  /**
   * A limit whose bucket nobody looked at.
   *
   * @param limit which
   * @return the state of a degraded decision
   */
  public static LimitState unknown(Limit limit) {
    return new LimitState(limit.rate(), limit.per(), limit.capacity(), 0, Duration.ZERO);
  }
}
