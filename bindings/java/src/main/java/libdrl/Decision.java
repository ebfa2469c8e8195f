package libdrl;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/**
 * The answer to one request.
 *
 * <p>With several limits, {@code limit}, {@code remaining} and {@code resetAfter} describe the binding one: that which denies for
 * longest, or else has the fewest tokens left; {@code limits} has them all. Where Redis did not decide, {@code remaining},
 * {@code retryAfter}, {@code resetAfter} and {@code decidedAt} are 0 and mean nothing.
 *
 * @param allowed whether to serve the request
 * @param outcome how it was decided
 * @param cause why Redis did not decide; {@link Status#OK} when it did
 * @param charged whether the cost was taken
 * @param binding index of the binding limit, from 0
 * @param degraded whether Redis was not heard
 * @param limit tokens that the bucket holds at most
 * @param remaining whole tokens left after this decision
 * @param cost tokens asked for
 * @param retryAfter time until the same request would be allowed: zero if it was, negative ({@link #NEVER}) if none will help
 * @param resetAfter time until the bucket is full again
 * @param decidedAt time of the decision, by the clock of Redis
 * @param limits the limits in force, in the order of the limiter
 */
public record Decision(boolean allowed, Outcome outcome, Status cause, Charged charged, int binding, boolean degraded, long limit,
    long remaining, long cost, Duration retryAfter, Duration resetAfter, Instant decidedAt, List<LimitState> limits) {
  /** The {@code retryAfter} of a request that costs more than the bucket ever holds. */
  public static final Duration NEVER = Duration.of(-1, java.time.temporal.ChronoUnit.MICROS);

  /** Of a decision with the most limits; what is behind the last one means nothing. */
  static final int LENGTH = length(8);

  private static final int DEGRADED = 1;
  private static final int LIMITS_COUNT = 13;
  private static final int LIMITS = 14;

  private static final Outcome[] OUTCOMES = Outcome.values();
  private static final Charged[] CHARGED = Charged.values();

  /**
   * Makes a decision, such as a test needs.
   *
   * @param allowed whether to serve the request
   * @param outcome how it was decided
   * @param cause why Redis did not decide; {@link Status#OK} when it did
   * @param charged whether the cost was taken
   * @param binding index of the binding limit, from 0
   * @param degraded whether Redis was not heard
   * @param limit tokens that the bucket holds at most
   * @param remaining whole tokens left after this decision
   * @param cost tokens asked for
   * @param retryAfter time until the same request would be allowed
   * @param resetAfter time until the bucket is full again
   * @param decidedAt time of the decision, by the clock of Redis
   * @param limits the limits in force, as many as the limiter has; copied
   */
  public Decision {
    if (!(limits instanceof LimitStates)) limits = List.copyOf(limits);
  }

  /** The answer where Redis is not asked: the fail strategy's, except that what costs more than a bucket holds is never allowed. */
  static Decision undecided(List<Limit> limits, FailStrategy strategy, long cost, Status cause) {
    List<LimitState> states = limits.stream().map(LimitState::unknown).toList();
    for (int i = 0; i < limits.size(); i++) {
      long capacity = limits.get(i).capacity();
      if (cost <= capacity) continue;
      return new Decision(false, Outcome.NEVER, cause, Charged.NO, i, true, capacity, 0, cost, NEVER, Duration.ZERO, Instant.EPOCH,
          states);
    }
    return new Decision(strategy == FailStrategy.OPEN, Outcome.UNDECIDED, cause, Charged.NO, 0, true, limits.get(0).capacity(), 0,
        cost, Duration.ZERO, Duration.ZERO, Instant.EPOCH, states);
  }

  /** How many numbers a decision with so many limits has. */
  static int length(int limits) {
    return LIMITS + limits * LimitStates.LENGTH;
  }

  /** From the shim's numbers, beginning at {@code at}. */
  static Decision of(long[] numbers, int at) {
    int outcome = (int) numbers[at + 1] - 1;
    return new Decision(numbers[at] != 0, outcome < 0 ? null : OUTCOMES[outcome], Status.of((int) numbers[at + 2]),
        CHARGED[(int) numbers[at + 3]], (int) numbers[at + 5], (numbers[at + 4] & DEGRADED) != 0, numbers[at + 6],
        numbers[at + 7], numbers[at + 8], duration(numbers[at + 9]), duration(numbers[at + 10]), instant(numbers[at + 11]),
        new LimitStates(numbers, at + LIMITS, (int) numbers[at + LIMITS_COUNT]));
  }

  /** To the shim's numbers. One without an outcome was never made, which the library says better. */
  long[] numbers() {
    long[] head = {allowed ? 1 : 0, outcome == null ? 0 : outcome.ordinal() + 1, cause.code(), charged.ordinal(),
        degraded ? DEGRADED : 0, binding, limit, remaining, cost, micros(retryAfter), micros(resetAfter), micros(decidedAt), 0,
        limits.size()};
    long[] numbers = Arrays.copyOf(head, LENGTH);
    int at = LIMITS;
    for (LimitState state : limits) {
      if (at == LENGTH) break; // more than a limiter can have, which the library says better
      numbers[at] = state.rate();
      numbers[at + 1] = micros(state.per());
      numbers[at + 2] = state.burst();
      numbers[at + 3] = state.remaining();
      numbers[at + 4] = micros(state.resetAfter());
      at += LimitStates.LENGTH;
    }
    return numbers;
  }

  static Duration duration(long micros) {
    if (micros == 0) return Duration.ZERO;
    return micros < 0 ? NEVER : Duration.ofSeconds(micros / 1_000_000, micros % 1_000_000 * 1000);
  }

  private static Instant instant(long micros) {
    return micros == 0 ? Instant.EPOCH : Instant.ofEpochSecond(micros / 1_000_000, micros % 1_000_000 * 1000);
  }

  private static long micros(Duration duration) {
    return duration.isNegative() ? -1 : duration.getSeconds() * 1_000_000 + duration.getNano() / 1000;
  }

  private static long micros(Instant instant) {
    return instant.getEpochSecond() * 1_000_000 + instant.getNano() / 1000;
  }
}
