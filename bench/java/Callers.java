import io.github.bucket4j.Bucket;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.distributed.ExpirationAfterWriteStrategy;
import io.github.bucket4j.redis.lettuce.Bucket4jLettuce;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import libdrl.Client;
import libdrl.Decision;
import libdrl.Limit;
import libdrl.RateLimiter;
import libdrl.Status;

/**
 * Blocking callers on one client, 10,000 identities, a million tokens a second, so that all are allowed and written: the C interface,
 * this binding, and bucket4j on Lettuce take turns on one Redis. One line a crowd: medians, and their ratios.
 *
 * <pre>Callers REDIS_UNIX_SOCKET C_PROGRAM</pre>
 */
public final class Callers {
  private static final int IDENTITIES = 10_000;
  private static final int TURNS = 5;
  private static final double SECONDS = 1.5;

  private interface Side {
    double turn(int callers, double seconds) throws Exception;
  }

  private Callers() {}

  public static void main(String[] arguments) throws Exception {
    String socket = arguments[0];
    String[] names = new String[IDENTITIES];
    Arrays.setAll(names, i -> "user:" + i);
    try (Client client = Client.builder("unix://" + socket).timeout(Duration.ofSeconds(10)).open();
        RateLimiter limiter = RateLimiter.builder(client).limit(Limit.perSecond(1_000_000)).open();
        RedisClient lettuce = RedisClient.create(RedisURI.create("redis-socket://" + socket))) {
      IntConsumer binding = identity -> {
        Decision decision = limiter.allow(names[identity]);
        if (!decision.allowed() || decision.cause() != Status.OK) throw new IllegalStateException(decision.toString());
      };
      Bucket[] buckets = buckets(lettuce, names);
      IntConsumer peer = identity -> {
        if (!buckets[identity].tryConsume(1)) throw new IllegalStateException("bucket4j denied");
      };
      compare(List.of((callers, seconds) -> program(arguments[1], socket, callers, seconds),
          (callers, seconds) -> crowd(callers, seconds, binding), (callers, seconds) -> crowd(callers, seconds, peer)));
    }
  }

  /** One proxy for each identity, made beforehand, all on one connection, as its documentation has it. */
  private static Bucket[] buckets(RedisClient lettuce, String[] names) {
    var proxies = Bucket4jLettuce.casBasedBuilder(lettuce).expirationAfterWrite(
        ExpirationAfterWriteStrategy.basedOnTimeForRefillingBucketUpToMax(Duration.ofSeconds(10))).build();
    BucketConfiguration policy = BucketConfiguration.builder()
        .addLimit(limit -> limit.capacity(1_000_000).refillGreedy(1_000_000, Duration.ofSeconds(1))).build();
    Bucket[] buckets = new Bucket[names.length];
    Arrays.setAll(buckets, i -> proxies.getProxy(names[i].getBytes(StandardCharsets.UTF_8), () -> policy));
    return buckets;
  }

  private static void compare(List<Side> sides) throws Exception {
    System.out.printf("%8s %12s %12s %14s %10s %16s%n", "callers", "C API/s", "libdrl/s", "bucket4j/s", "Java / C", "Java / bucket4j");
    for (int callers : new int[] {1, 64}) {
      double[][] perSecond = new double[sides.size()][TURNS];
      for (Side side : sides) side.turn(callers, 2 * SECONDS); // warm
      for (int turn = 0; turn < TURNS; turn++) {
        for (int i = 0; i < sides.size(); i++) perSecond[i][turn] = sides.get(i).turn(callers, SECONDS);
      }
      for (double[] turns : perSecond) Arrays.sort(turns);
      double c = perSecond[0][TURNS / 2];
      double java = perSecond[1][TURNS / 2];
      double peer = perSecond[2][TURNS / 2];
      System.out.printf("%8d %12.0f %12.0f %14.0f %10.2f %16.2f%n", callers, c, java, peer, java / c, java / peer);
    }
  }

  private static double program(String file, String socket, int callers, double seconds) throws Exception {
    Process process = new ProcessBuilder(file, socket, "" + callers, "" + seconds).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).trim();
    if (process.waitFor() != 0) throw new IllegalStateException(said);
    return Double.parseDouble(said);
  }

  /** Decisions per second of so many threads. */
  private static double crowd(int callers, double seconds, IntConsumer decide) throws InterruptedException {
    AtomicLong total = new AtomicLong();
    CountDownLatch start = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    for (int caller = 0; caller < callers; caller++) {
      long offset = caller * 977L;
      Thread thread = new Thread(() -> {
        await(start);
        long end = System.nanoTime() + (long) (seconds * 1e9);
        long count = 0;
        while (System.nanoTime() < end) decide.accept((int) ((count++ * 31 + offset) % IDENTITIES));
        total.addAndGet(count);
      });
      thread.start();
      threads.add(thread);
    }
    start.countDown();
    for (Thread thread : threads) thread.join();
    return total.get() / seconds;
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }
}
