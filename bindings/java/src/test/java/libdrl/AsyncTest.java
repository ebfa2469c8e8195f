package libdrl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AsyncTest {
  private static final Duration HOUR = Duration.ofHours(1);
  private RedisServer redis;
  private Client client;

  @BeforeEach
  void start() {
    redis = new RedisServer();
    client = Client.builder(redis.url()).timeout(Duration.ofSeconds(20)).asyncCapacity(512).open();
  }

  @AfterEach
  void stop() {
    client.close();
    redis.close();
  }

  private RateLimiter slowly(long rate) {
    return RateLimiter.builder(client).limit(Limit.of(1, HOUR).withBurst(rate)).failStrategy(FailStrategy.ERROR).open();
  }

  @Test
  void twoHundredCallsAtOnceNeedNoThreadsOfTheirOwn() throws Exception {
    try (RateLimiter limiter = slowly(100)) {
      limiter.allowAsync("warm up").join();
      int before = RedisServer.osThreads();
      redis.pause();
      List<CompletableFuture<Decision>> calls = new ArrayList<>();
      for (int i = 0; i < 200; i++) calls.add(limiter.allowAsync("user"));
      RedisServer.sleep(50);
      int during = RedisServer.osThreads();
      assertEquals(0, calls.stream().filter(CompletableFuture::isDone).count());
      redis.resume();
      long allowed = 0;
      for (CompletableFuture<Decision> call : calls) allowed += call.get(20, TimeUnit.SECONDS).allowed() ? 1 : 0;
      assertEquals(100, allowed);
      assertTrue(during - before <= 4, before + " threads before, " + during + " during 200 calls");
    }
  }

  @Test
  void stagesRunAndResetsComplete() throws Exception {
    try (RateLimiter limiter = slowly(3)) {
      long remaining = limiter.allowAsync("user", 2).thenCompose(first -> limiter.allowAsync("user".getBytes(), 1))
          .thenApply(Decision::remaining).get(10, TimeUnit.SECONDS);
      assertEquals(0, remaining);
      limiter.resetAsync("user").get(10, TimeUnit.SECONDS);
      assertEquals(3, limiter.peek("user").remaining());
    }
  }

  @Test
  void cancellingAtRandomMomentsLosesNothingAndLeavesNothing() throws Exception {
    long seed = System.nanoTime();
    System.out.println("AsyncTest: seed " + seed);
    Random random = new Random(seed);
    long burst = 100_000;
    long tokens = 0;
    long perhaps = 0;
    int cancelled = 0;
    try (RateLimiter limiter = slowly(burst)) {
      for (int round = 0; round < 60; round++) {
        List<CompletableFuture<Decision>> calls = new ArrayList<>();
        for (int i = 0; i < 64; i++) calls.add(limiter.allowAsync("user", 1 + i % 7));
        Set<Long> left = new HashSet<>();
        for (int i = 63; i >= 0; i--) {
          if (random.nextInt(4) == 0) LockSupport.parkNanos(random.nextInt(100_000));
          boolean ended = random.nextBoolean() && calls.get(i).cancel(true);
          if (ended) {
            cancelled++;
            perhaps += 1 + i % 7;
            assertThrows(CancellationException.class, calls.get(i)::join);
          }
        }
        for (int i = 0; i < 64; i++) {
          if (calls.get(i).isCancelled()) continue;
          Decision decision = calls.get(i).get(20, TimeUnit.SECONDS);
          assertEquals(1 + i % 7, decision.cost(), "an answer went to the wrong call");
          assertTrue(decision.allowed());
          assertTrue(left.add(decision.remaining()), "two calls had the same answer");
          tokens += decision.cost();
        }
      }
      long taken = burst - limiter.peek("user").remaining();
      assertTrue(taken >= tokens && taken <= tokens + perhaps, taken + " taken, " + tokens + " answered, " + perhaps + " cancelled");
      assertTrue(cancelled > 100, "only " + cancelled + " were cancelled in time");
      nothingIsLeft();
      List<CompletableFuture<Decision>> all = new ArrayList<>();
      for (int i = 0; i < 512; i++) all.add(limiter.allowAsync("user")); // as many as the queue holds
      for (CompletableFuture<Decision> call : all) assertTrue(call.get(20, TimeUnit.SECONDS).allowed());
    }
  }

  private void nothingIsLeft() {
    for (int i = 0; i < 200 && client.core().pump().pendingCount() > 0; i++) RedisServer.sleep(10);
    assertEquals(0, client.core().pump().pendingCount());
    for (int i = 0; i < 200 && client.stats().queueDepth() > 0; i++) RedisServer.sleep(10);
    assertEquals(0, client.stats().queueDepth());
  }

  @Test
  void whateverEndsTheFutureCancelsTheCall() {
    try (RateLimiter limiter = slowly(100)) {
      limiter.allowAsync("warm up").join();
      redis.pause();
      assertTrue(limiter.allowAsync("user").complete(null));
      assertTrue(limiter.allowAsync("user").completeExceptionally(new IllegalStateException()));
      CompletableFuture<Decision> late = limiter.allowAsync("user").orTimeout(20, TimeUnit.MILLISECONDS);
      assertInstanceOf(TimeoutException.class, assertThrows(CompletionException.class, late::join).getCause());
      CompletableFuture<Decision> cancelled = limiter.allowAsync("user");
      assertTrue(cancelled.cancel(false));
      assertFalse(limiter.client().stats().cancelled() < 1);
      for (int i = 0; i < 200 && client.stats().cancelled() < 4; i++) RedisServer.sleep(10);
      assertEquals(4, client.stats().cancelled());
      redis.resume();
      nothingIsLeft();
    }
  }

  @Test
  void moreCallsThanTheCapacityAreAnsweredByTheFailStrategy() throws Exception {
    try (RateLimiter limiter = slowly(1000); RateLimiter open = RateLimiter.builder(client).limit(5, HOUR).open();
        RateLimiter closed = RateLimiter.builder(client).limit(5, HOUR).failStrategy(FailStrategy.CLOSED).open()) {
      limiter.allowAsync("warm up").join();
      redis.pause();
      List<CompletableFuture<Decision>> calls = new ArrayList<>();
      for (int i = 0; i < 512; i++) calls.add(limiter.allowAsync("user"));
      CompletableFuture<Decision> tooMany = limiter.allowAsync("user");
      assertEquals(Status.QUEUE_FULL, failure(tooMany).status());
      assertEquals(Status.QUEUE_FULL, failure(limiter.resetAsync("user")).status());
      Decision served = open.allowAsync("user", 3).get();
      assertTrue(served.allowed() && served.degraded());
      assertEquals(Outcome.UNDECIDED, served.outcome());
      assertEquals(Status.QUEUE_FULL, served.cause());
      assertEquals(Charged.NO, served.charged());
      assertEquals(3, served.cost());
      assertEquals(open.limits().stream().map(LimitState::unknown).toList(), served.limits());
      assertFalse(closed.allowAsync("user").get().allowed());
      Decision never = open.allowAsync("user", 6).get();
      assertEquals(Outcome.NEVER, never.outcome());
      assertEquals(Decision.NEVER, never.retryAfter());
      assertThrows(DrlArgumentException.class, () -> open.allowAsync("user", -1));
      redis.resume();
      for (CompletableFuture<Decision> call : calls) assertTrue(call.get(20, TimeUnit.SECONDS).allowed());
    }
  }

  @Test
  void onAStoppedRedisNoCallOfManyIsAnException() throws Exception {
    try (Client patience = Client.builder(redis.url()).timeout(Duration.ofMillis(200)).open();
        RateLimiter open = RateLimiter.builder(patience).limit(5, HOUR).open()) {
      open.allowAsync("warm up").join();
      redis.pause();
      List<CompletableFuture<Decision>> calls = new ArrayList<>();
      for (int i = 0; i < 40_000; i++) calls.add(open.allowAsync("user"));
      for (CompletableFuture<Decision> call : calls) assertTrue(call.get(20, TimeUnit.SECONDS).allowed());
      redis.resume();
    }
  }

  @Test
  void closingTheClientEndsWhatWaits() throws Exception {
    try (RateLimiter limiter = slowly(1000)) {
      limiter.allowAsync("warm up").join();
      redis.pause();
      List<CompletableFuture<Decision>> calls = new ArrayList<>();
      for (int i = 0; i < 200; i++) calls.add(limiter.allowAsync("user"));
      client.close();
      for (CompletableFuture<Decision> call : calls) assertEquals(Status.CLOSED, failure(call).status());
      assertEquals(Status.CLOSED, failure(limiter.allowAsync("user")).status());
      redis.resume();
    }
    for (int i = 0; i < 200 && pumps() > 0; i++) RedisServer.sleep(10);
    assertEquals(0, pumps(), "the thread ends with its client");
  }

  @Test
  void aStageMayCloseTheClientAndCallBlocking() throws Exception {
    try (RateLimiter limiter = slowly(1000)) {
      CompletableFuture<Decision> blocking = limiter.allowAsync("user").thenApply(first -> limiter.allow("user"));
      assertEquals(998, blocking.get(20, TimeUnit.SECONDS).remaining());
      limiter.allowAsync("user").thenRun(client::close).get(20, TimeUnit.SECONDS);
      assertEquals(Status.CLOSED, failure(limiter.allowAsync("user")).status());
    }
  }

  private static long pumps() {
    return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals("libdrl-completions")).count();
  }

  @Test
  void closingTheLimiterLetsItsCallsComplete() throws Exception {
    RateLimiter limiter = slowly(1000);
    limiter.allowAsync("warm up").join();
    redis.pause();
    CompletableFuture<Decision> call = limiter.allowAsync("user");
    limiter.close();
    redis.resume();
    assertTrue(call.get(20, TimeUnit.SECONDS).allowed());
    assertEquals(Status.CLOSED, failure(limiter.allowAsync("user")).status());
    assertEquals(Status.CLOSED, failure(limiter.resetAsync("user")).status());
  }

  @Test
  void withoutRedisTheFailStrategyAnswers() throws Exception {
    redis.stop();
    try (RateLimiter error = slowly(1); RateLimiter open = RateLimiter.builder(client).limit(1, HOUR).open()) {
      int code = failure(error.allowAsync("user")).status().code();
      assertTrue(code >= 100 && code < 200);
      assertTrue(open.allowAsync("user").get(30, TimeUnit.SECONDS).degraded());
      int resetCode = failure(open.resetAsync("user")).status().code();
      assertTrue(resetCode >= 100 && resetCode < 200);
    }
  }

  private static DrlException failure(CompletableFuture<?> call) {
    ExecutionException failed = assertThrows(ExecutionException.class, () -> call.get(30, TimeUnit.SECONDS));
    return assertInstanceOf(DrlException.class, failed.getCause());
  }
}
