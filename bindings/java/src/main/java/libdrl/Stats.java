package libdrl;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * What a client has done so far. Counters never go back; they are read one by one while calls go on.
 *
 * @param breaker state of the circuit breaker
 * @param allowed decisions that were allowed; peeks and resets are not among them
 * @param denied decisions that were denied
 * @param never requests that cost more than their bucket holds
 * @param undecided decisions that Redis did not make: the sum of the next nine
 * @param degradedTimeout of these, for want of an answer in time
 * @param degradedConnection for want of a connection
 * @param degradedAuth since Redis refused the credentials, or this user lacks a permission
 * @param degradedRedis by an error of Redis
 * @param degradedCircuitOpen by the open circuit breaker
 * @param degradedQueueFull since too many calls were waiting
 * @param degradedShed since they could not have been in time
 * @param cancelled calls that were cancelled
 * @param closed calls that the closing of the client ended
 * @param peeks looks at a bucket
 * @param resets buckets reset
 * @param lateReplies decisions that came after their request was given up
 * @param expiredInRedis sent decisions that Redis found past their deadline, uncharged
 * @param batches commands to Redis
 * @param batchedDecisions decisions that they carried
 * @param connects connections made
 * @param connectFailures connections not made
 * @param queueDepth requests waiting or in flight now
 * @param latencySum sum of all latencies in the histogram
 * @param latency how many decisions took at most 8, 16, 32 ... microseconds, each up to the next; the last has no bound
 * @param batchSizes how many commands to Redis carried at most 1, 2, 4 ... 64 decisions
 * @param connected whether a connection is ready
 * @param breakerOpened how often the breaker opened
 */
public record Stats(Breaker breaker, long allowed, long denied, long never, long undecided, long degradedTimeout,
    long degradedConnection, long degradedAuth, long degradedRedis, long degradedCircuitOpen, long degradedQueueFull,
    long degradedShed, long cancelled, long closed, long peeks, long resets, long lateReplies, long expiredInRedis, long batches,
    long batchedDecisions, long connects, long connectFailures, long queueDepth, Duration latencySum, List<Long> latency,
    List<Long> batchSizes, boolean connected, long breakerOpened) {
  static final int LENGTH = 54;
  private static final int[] LATENCY = {24, 45};
  private static final int[] BATCHES = {45, 52};
  private static final int CONNECTED = 52;

  /** From the shim's numbers. */
  static Stats of(long[] n) {
    return new Stats(Breaker.values()[(int) n[0]], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12],
        n[13], n[14], n[15], n[16], n[17], n[18], n[19], n[20], n[21], n[22], Duration.ofNanos(n[23] * 1000), list(n, LATENCY),
        list(n, BATCHES), n[CONNECTED] != 0, n[CONNECTED + 1]);
  }

  private static List<Long> list(long[] numbers, int[] range) {
    return Arrays.stream(numbers, range[0], range[1]).boxed().toList();
  }
}
