package libdrl;

import java.time.Duration;
import java.util.Objects;

/**
 * One limit: {@code rate} tokens per {@code per}, refilled continuously, at most {@code burst} saved up. It is checked when a
 * limiter is opened with it.
 *
 * @param rate tokens, 1 to 10^12
 * @param per a whole number of microseconds, at most 2^50 of them
 * @param burst 1 to 10^12; 0 means as many as {@code rate}
 * @param name the policy's name in HTTP headers; null for none
 */
public record Limit(long rate, Duration per, long burst, String name) {
  /**
   * Makes a limit.
   *
   * @param rate tokens
   * @param per in this time
   * @param burst what the bucket holds at most; 0: the rate
   * @param name or null
   */
  public Limit {
    Objects.requireNonNull(per, "per");
  }

  /**
   * A limit whose burst is its rate.
   *
   * @param rate tokens
   * @param per in this time
   * @return the limit
   */
  public static Limit of(long rate, Duration per) {
    return new Limit(rate, per, 0, null);
  }

  /**
   * So many per second.
   *
   * @param rate tokens
   * @return the limit
   */
  public static Limit perSecond(long rate) {
    return of(rate, Duration.ofSeconds(1));
  }

  /**
   * So many per minute.
   *
   * @param rate tokens
   * @return the limit
   */
  public static Limit perMinute(long rate) {
    return of(rate, Duration.ofMinutes(1));
  }

  /**
   * So many per hour.
   *
   * @param rate tokens
   * @return the limit
   */
  public static Limit perHour(long rate) {
    return of(rate, Duration.ofHours(1));
  }

  /**
   * This limit with another burst.
   *
   * @param tokens that the bucket holds at most
   * @return the limit
   */
  public Limit withBurst(long tokens) {
    return new Limit(rate, per, tokens, name);
  }

  /**
   * This limit with a name.
   *
   * @param policy the name, printable ASCII, at most 64 characters
   * @return the limit
   */
  public Limit withName(String policy) {
    return new Limit(rate, per, burst, policy);
  }

  /** What the bucket holds at most. */
  long capacity() {
    return burst == 0 ? rate : burst;
  }
}
