package libdrl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RateLimiterTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static RedisServer redis;
  private static Client client;

  @BeforeAll
  static void start() {
    redis = new RedisServer();
    client = Client.builder(redis.url()).timeout(PATIENCE).clientName("java-test").open();
  }

  @AfterAll
  static void stop() {
    client.close();
    redis.close();
  }

  private static RateLimiter hourly(String name, long rate) {
    return RateLimiter.builder(client).limit(rate, Duration.ofHours(rate)).name(name).failStrategy(FailStrategy.ERROR).open();
  }

  @Test
  void burstIsServedAndTheNextIsDenied() {
    try (RateLimiter limiter = hourly("burst", 3)) {
      for (int left = 2; left >= 0; left--) {
        Decision decision = limiter.allow("user");
        assertTrue(decision.allowed());
        assertEquals(Outcome.ALLOWED, decision.outcome());
        assertEquals(Charged.YES, decision.charged());
        assertEquals(left, decision.remaining());
        assertEquals(Duration.ZERO, decision.retryAfter());
      }
      Decision denied = limiter.allow("user");
      assertFalse(denied.allowed());
      assertEquals(Outcome.DENIED, denied.outcome());
      assertEquals(Charged.NO, denied.charged());
      assertEquals(Status.OK, denied.cause());
      assertFalse(denied.degraded());
      assertEquals(3, denied.limit());
      assertTrue(denied.retryAfter().compareTo(Duration.ofMinutes(59)) > 0, denied.toString());
      assertTrue(denied.resetAfter().compareTo(Duration.ofMinutes(179)) > 0, denied.toString());
      assertTrue(Duration.between(denied.decidedAt(), Instant.now()).abs().compareTo(Duration.ofMinutes(1)) < 0);
    }
  }

  @Test
  void waitingForRetryAfterIsEnough() {
    try (RateLimiter limiter = RateLimiter.builder(client).limit(20, Duration.ofSeconds(1)).name("wait").open()) {
      assertTrue(limiter.allow("user", 20).allowed());
      for (int i = 0; i < 5; i++) {
        Decision denied = limiter.allow("user", 2);
        if (denied.allowed()) continue;
        RedisServer.sleep(denied.retryAfter().toMillis() + 1);
        assertTrue(limiter.allow("user", 2).allowed());
      }
    }
  }

  @Test
  void costIsTakenAtOnceAndPeekTakesNothing() {
    try (RateLimiter limiter = hourly("cost", 10)) {
      assertEquals(3, limiter.allow("user", 7).remaining());
      assertEquals(3, limiter.peek("user").remaining());
      assertEquals(Charged.NO, limiter.peek("user").charged());
      assertFalse(limiter.allow("user", 4).allowed());
      assertEquals(3, limiter.peek("user".getBytes(StandardCharsets.UTF_8)).remaining());
    }
  }

  @Test
  void costAboveTheBurstIsNeverServed() {
    try (RateLimiter limiter = hourly("never", 10)) {
      Decision never = limiter.allow("user", 11);
      assertEquals(Outcome.NEVER, never.outcome());
      assertEquals(Decision.NEVER, never.retryAfter());
      assertTrue(never.retryAfter().isNegative());
    }
  }

  @Test
  void resetFillsTheBucket() {
    try (RateLimiter limiter = hourly("reset", 5)) {
      limiter.allow("user", 5);
      limiter.reset("user");
      assertEquals(5, limiter.peek("user").remaining());
    }
  }

  @Test
  void bytesAndTextAreTheSameIdentityWhenTheirUtf8Is() {
    try (RateLimiter limiter = hourly("bytes", 5)) {
      limiter.allow("J\u00fcrgen \u2603 \ud83d\ude80", 2);
      assertEquals(3, limiter.peek("J\u00fcrgen \u2603 \ud83d\ude80".getBytes(StandardCharsets.UTF_8)).remaining());
      limiter.allow(new byte[] {'a', 0, 'b'}, 4);
      assertEquals(5, limiter.peek("a").remaining());
      byte[] longest = new byte[65536];
      assertEquals(4, limiter.allow(longest, 1).remaining());
    }
  }

  @Test
  void severalLimitsAreChargedTogetherOrNotAtAll() {
    List<Limit> limits = List.of(Limit.perHour(2).withBurst(10).withName("burst"), Limit.of(6, Duration.ofDays(6)).withName("daily"));
    try (RateLimiter limiter = RateLimiter.builder(client).limits(limits).name("several").open()) {
      assertEquals(limits, limiter.limits());
      Decision first = limiter.allow("user", 4);
      assertEquals(1, first.binding());
      assertEquals(2, first.remaining());
      Decision second = limiter.allow("user", 4);
      assertFalse(second.allowed());
      assertEquals(1, second.binding());
      assertEquals(2, limiter.peek("user").remaining());
      Map<String, String> headers = limiter.headers(second, HeaderFormat.of(HeaderFormat.Style.DRAFT));
      assertEquals("\"burst\";q=10;w=18000, \"daily\";q=6;w=518400", headers.get("RateLimit-Policy"));
      assertTrue(headers.get("RateLimit").startsWith("\"daily\";r=2;t="), headers.toString());
      assertTrue(limiter.problem(second).body().contains("\"violated-policies\":[\"daily\"]"));
    }
  }

  @Test
  void aDecisionHasTheLimitsInForce() {
    List<Limit> limits = List.of(Limit.perHour(10).withBurst(4), Limit.of(30, Duration.ofDays(1)));
    try (RateLimiter limiter = RateLimiter.builder(client).limits(limits).name("in-force").open()) {
      Decision decision = limiter.allow("user", 3);
      List<LimitState> states = decision.limits();
      assertEquals(new LimitState(10, Duration.ofHours(1), 4, 1, decision.resetAfter()), states.get(decision.binding()));
      LimitState daily = states.get(1);
      assertEquals(new LimitState(30, Duration.ofDays(1), 30, 27, daily.resetAfter()), daily);
      assertEquals(1, daily.resetAfter().compareTo(decision.resetAfter()));
      assertEquals(2, states.size());
      assertThrows(IndexOutOfBoundsException.class, () -> states.get(2));
      assertThrows(UnsupportedOperationException.class, () -> states.remove(0));
      assertEquals(0, limiter.allowMany(List.of(Request.of("other"), Request.of("other", 3))).get(1).limits().get(0).remaining());
      assertEquals(26, limiter.allowAsync("other", 0).join().limits().get(1).remaining());
    }
  }

  @Test
  void otherLimitsOfOneNameHaveBucketsOfTheirOwn() {
    try (RateLimiter five = hourly("shared", 5); RateLimiter again = hourly("shared", 5); RateLimiter six = hourly("shared", 6)) {
      assertEquals(2, five.allow("user", 3).remaining());
      assertEquals(2, again.peek("user").remaining());
      assertEquals(6, six.peek("user").remaining());
    }
  }

  @Test
  void theKeyIsThatOfEveryLanguage() {
    RateLimiter limiter = RateLimiter.builder(client).limit(Limit.perMinute(100)).namespace("api").name("login").open();
    assertEquals("drl:api:{cbbK9Bk_JtLHc0DJJK8NNQ}-XQFtv:login", limiter.key("user_123"));
    assertEquals(limiter.key("a"), limiter.key(new byte[] {'a'}));
    assertThrows(DrlArgumentException.class, () -> limiter.key(new byte[65537]));
    limiter.close();
    assertThrows(DrlException.class, () -> limiter.key("user_123"));
  }

  @Test
  void allowManyAnswersAsOneAfterTheOther() {
    try (RateLimiter limiter = hourly("many", 5)) {
      List<Decision> decisions = limiter.allowMany(
          List.of(Request.of("a", 3), Request.of("b"), Request.of("a", 3), Request.of("a", 2), new Request(new byte[] {0}, 0)));
      assertEquals(List.of(true, true, false, true, true), decisions.stream().map(Decision::allowed).toList());
      assertEquals(List.of(2L, 4L, 2L, 0L, 5L), decisions.stream().map(Decision::remaining).toList());
      List<Request> most = IntStream.range(0, 4096).mapToObj(i -> Request.of("many:" + i)).toList();
      assertEquals(4096, limiter.allowMany(most).stream().filter(Decision::allowed).count());
    }
  }

  @Test
  void headersAndProblemSayWhatTheDecisionDoes() {
    try (RateLimiter limiter = hourly("headers", 1)) {
      Decision allowed = limiter.allow("user");
      Map<String, String> headers = limiter.headers(allowed);
      assertEquals("1", headers.get("RateLimit-Limit"));
      assertEquals("0", headers.get("RateLimit-Remaining"));
      assertFalse(headers.containsKey("Retry-After"));
      assertEquals(new Problem(200, ""), limiter.problem(allowed));
      Decision denied = limiter.allow("user");
      assertEquals("3600", limiter.headers(denied).get("Retry-After"));
      Problem problem = limiter.problem(denied);
      assertEquals(429, problem.httpStatus());
      assertTrue(problem.body().contains("quota-exceeded"));
      Map<String, String> all = limiter.headers(denied, new HeaderFormat(java.util.EnumSet.allOf(HeaderFormat.Style.class), true,
          true, Duration.ofSeconds(5)));
      assertEquals("no-store", all.get("cache-control"));
      assertTrue(Long.parseLong(all.get("x-ratelimit-reset")) > 1_700_000_000);
      long retry = Long.parseLong(all.get("retry-after"));
      assertTrue(retry >= 3600 && retry <= 3606, all.toString());
      assertTrue(all.get("access-control-expose-headers").contains("retry-after"));
    }
  }

  @Test
  void statsAndMetricsCountWhatWasDone() {
    try (Client own = Client.builder(redis.url()).timeout(PATIENCE).open();
        RateLimiter limiter = RateLimiter.builder(own).limit(2, Duration.ofDays(1)).namespace("stats").name("n\"ame").open()) {
      for (int i = 0; i < 3; i++) limiter.allow("user");
      limiter.allow("user", 3);
      limiter.peek("user");
      limiter.reset("user");
      for (int i = 0; i < 200 && own.stats().resets() < 1; i++) RedisServer.sleep(10); // counted behind the answer
      Stats stats = own.stats();
      assertEquals(Breaker.CLOSED, stats.breaker());
      assertEquals(List.of(2L, 1L, 1L, 0L), List.of(stats.allowed(), stats.denied(), stats.never(), stats.undecided()));
      assertEquals(List.of(1L, 1L, 1L), List.of(stats.peeks(), stats.resets(), stats.connects()));
      assertTrue(stats.connected());
      assertEquals(21, stats.latency().size());
      assertEquals(7, stats.batchSizes().size());
      assertEquals(stats.batches(), stats.batchSizes().stream().mapToLong(Long::longValue).sum());
      assertTrue(stats.latencySum().compareTo(Duration.ZERO) > 0);
      String metrics = own.metrics();
      assertTrue(metrics.contains("# TYPE drl_"), metrics);
      assertTrue(metrics.contains("limiter=\"n\\\"ame\""), metrics);
      assertTrue(metrics.endsWith("\n"));
    }
  }

  @Test
  void anUnreachableRedisMeansWhatTheFailStrategySays() {
    String nobody = "redis://127.0.0.1:" + RedisServer.freePort() + "/0";
    try (RateLimiter open = RateLimiter.builder(nobody).limit(1, Duration.ofHours(1)).open();
        RateLimiter closed = RateLimiter.builder(nobody).limit(1, Duration.ofHours(1)).failStrategy(FailStrategy.CLOSED).open();
        RateLimiter error = RateLimiter.builder(nobody).limit(1, Duration.ofHours(1)).failStrategy(FailStrategy.ERROR).open()) {
      Decision served = open.allow("user");
      assertTrue(served.allowed() && served.degraded());
      assertEquals(Outcome.UNDECIDED, served.outcome());
      assertTrue(served.cause() == Status.CONNECT || served.cause() == Status.CIRCUIT_OPEN, served.toString());
      Decision refused = closed.allow("user");
      assertFalse(refused.allowed());
      assertEquals(503, closed.problem(refused).httpStatus());
      int code = assertThrows(DrlException.class, () -> error.allow("user")).status().code();
      assertTrue(code >= 100 && code < 200);
      int resetCode = assertThrows(DrlException.class, () -> open.reset("user")).status().code();
      assertTrue(resetCode >= 100 && resetCode < 200);
    }
  }

  @Test
  void limitersOfOneUrlShareAClientUntilTheLastIsClosed() {
    int before = SharedClients.count();
    RateLimiter first = RateLimiter.open(redis.url(), Limit.perMinute(5));
    RateLimiter second = RateLimiter.open(redis.url(), Limit.perHour(5), Limit.perSecond(5));
    assertEquals(first.client(), second.client());
    assertEquals(before + 1, SharedClients.count());
    first.close();
    first.close();
    assertEquals(Status.OK, second.allow("user").cause());
    Client shared = second.client();
    second.close();
    assertTrue(shared.isClosed());
    assertEquals(before, SharedClients.count());
  }
}
