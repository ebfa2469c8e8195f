package libdrl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import libdrl.servlet.RateLimitFilter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** A wrong argument is a usual exception of Java that names it. No Redis is there, and none is asked. */
class ArgumentsTest {
  private static Client client;
  private static RateLimiter limiter;

  @BeforeAll
  static void open() {
    client = Client.open("redis://127.0.0.1:" + RedisServer.freePort());
    limiter = RateLimiter.builder(client).limit(10, Duration.ofHours(1)).open();
  }

  @AfterAll
  static void close() {
    limiter.close();
    client.close();
  }

  private static void isNull(String argument, Executable call) {
    String message = assertThrows(NullPointerException.class, call).getMessage();
    assertTrue(message.contains(argument), message);
  }

  private static void isWrong(Status status, String argument, Executable call) {
    IllegalArgumentException failure = assertThrows(IllegalArgumentException.class, call);
    assertEquals(status, assertInstanceOf(DrlArgumentException.class, failure).status());
    assertTrue(failure.getMessage().contains(argument), failure.getMessage());
  }

  @Test
  void nullIsNamed() {
    isNull("identity", () -> limiter.allow((String) null));
    isNull("identity", () -> limiter.allow((byte[]) null, 1));
    isNull("identity", () -> limiter.allowAsync((String) null));
    isNull("identity", () -> limiter.allowAsync((byte[]) null, 1));
    isNull("identity", () -> limiter.peek((byte[]) null));
    isNull("identity", () -> limiter.reset((String) null));
    isNull("identity", () -> limiter.resetAsync((byte[]) null));
    isNull("identity", () -> Request.of(null));
    isNull("identity", () -> new Request(null, 1));
    isNull("requests", () -> limiter.allowMany(null));
    isNull("requests", () -> limiter.allowMany(Arrays.asList(Request.of("a"), null)));
    isNull("decision", () -> limiter.headers(null));
    isNull("decision", () -> limiter.problem(null));
    isNull("redisUrl", () -> Client.open(null));
    isNull("redisUrl", () -> RateLimiter.builder((String) null));
    isNull("client", () -> RateLimiter.builder((Client) null));
    isNull("timeout", () -> Client.builder("redis://localhost").timeout(null));
    isNull("limit", () -> RateLimiter.builder(client).limit(null));
    isNull("per", () -> Limit.of(1, null));
    isNull("namespace", () -> RateLimiter.builder(client).namespace(null));
    isNull("failStrategy", () -> RateLimiter.builder(client).failStrategy(null));
    isNull("lines", () -> AddressResolver.builder().open().resolve("127.0.0.1", null));
    isNull("limiter", () -> RateLimitFilter.builder((RateLimiter) null));
    isNull("cost", () -> RateLimitFilter.builder(limiter).cost(null));
  }

  @Test
  void valuesOfACallAreChecked() {
    for (long cost : new long[] {-1, Long.MIN_VALUE, 1_000_000_000_001L, Long.MAX_VALUE}) {
      isWrong(Status.COST, "cost", () -> limiter.allow("user", cost));
      isWrong(Status.COST, "cost", () -> limiter.allowAsync("user", cost));
      isWrong(Status.COST, "cost", () -> limiter.allowMany(List.of(Request.of("a"), Request.of("user", cost))));
    }
    for (byte[] identity : new byte[][] {{}, new byte[65537]}) {
      isWrong(Status.IDENTITY, "identity", () -> limiter.allow(identity, 1));
      isWrong(Status.IDENTITY, "identity", () -> limiter.allowAsync(identity, 1));
      isWrong(Status.IDENTITY, "identity", () -> limiter.peek(identity));
      isWrong(Status.IDENTITY, "identity", () -> limiter.reset(identity));
      isWrong(Status.IDENTITY, "identity", () -> limiter.resetAsync(identity));
      isWrong(Status.IDENTITY, "identity", () -> limiter.allowMany(List.of(new Request(identity, 1))));
    }
    isWrong(Status.CAPACITY, "requests", () -> limiter.allowMany(List.of()));
    List<Request> tooMany = new ArrayList<>();
    for (int i = 0; i < 4097; i++) tooMany.add(Request.of("a"));
    isWrong(Status.CAPACITY, "requests", () -> limiter.allowMany(tooMany));
  }

  @Test
  void optionsOfAClientAreChecked() {
    isWrong(Status.URL, "redis_url", () -> Client.open(""));
    isWrong(Status.OPTION, "redisUrl", () -> Client.open("redis://host\0/"));
    isWrong(Status.URL_SCHEME, "scheme", () -> Client.open("http://localhost/"));
    isWrong(Status.URL_PARAMETER, "parameter", () -> Client.open("redis://localhost/0?retries=3"));
    isWrong(Status.URL_PORT, "port", () -> Client.open("redis://localhost:65536/0"));
    Client.Builder builder = Client.builder("redis://localhost");
    isWrong(Status.OPTION, "timeout", () -> Client.builder("redis://localhost").timeout(Duration.ZERO).open());
    isWrong(Status.OPTION, "timeout", () -> Client.builder("redis://localhost").timeout(Duration.ofNanos(1)).open());
    isWrong(Status.OPTION, "timeout", () -> Client.builder("redis://localhost").timeout(Duration.ofMillis(-5)).open());
    isWrong(Status.OPTION, "timeout", () -> Client.builder("redis://localhost").timeout(Duration.ofSeconds(Long.MAX_VALUE)).open());
    isWrong(Status.OPTION, "identity_secret", () -> Client.builder("redis://localhost").identitySecret(new byte[15]).open());
    isWrong(Status.OPTION, "client_name", () -> Client.builder("redis://localhost").clientName("my app").open());
    isWrong(Status.OPTION, "username", () -> Client.builder("redis://localhost").username("me").open());
    isWrong(Status.OPTION, "password", () -> Client.builder("redis://localhost").password("a\0b").open());
    isWrong(Status.OPTION, "queue_capacity", () -> Client.builder("redis://localhost").queueCapacity(63).open());
    isWrong(Status.CAPACITY, "asyncCapacity", () -> Client.builder("redis://localhost").asyncCapacity(-1).open());
    builder.open().close();
  }

  @Test
  void optionsOfALimiterAreChecked() {
    Duration hour = Duration.ofHours(1);
    isWrong(Status.LIMITS, "limit", () -> RateLimiter.builder(client).open());
    isWrong(Status.LIMITS, "limit", () -> RateLimiter.builder(client).limits(java.util.Collections.nCopies(9, Limit.perHour(1))).open());
    isWrong(Status.RATE, "rate", () -> RateLimiter.builder(client).limit(0, hour).open());
    isWrong(Status.PER, "per", () -> RateLimiter.builder(client).limit(1, Duration.ZERO).open());
    isWrong(Status.PER, "per", () -> RateLimiter.builder(client).limit(1, Duration.ofSeconds(Long.MIN_VALUE)).open());
    isWrong(Status.OPTION, "per", () -> RateLimiter.builder(client).limit(1, Duration.ofNanos(1500)).open());
    isWrong(Status.BURST, "burst", () -> RateLimiter.builder(client).limit(new Limit(1, hour, -1, null)).open());
    isWrong(Status.NAME, "name", () -> RateLimiter.builder(client).limit(Limit.perHour(1).withName("a\nb")).open());
    isWrong(Status.NAME, "name", () -> RateLimiter.builder(client).limit(Limit.perHour(1).withName("")).open());
    isWrong(Status.NAMESPACE, "namespace", () -> RateLimiter.builder(client).limit(1, hour).namespace("a}b").open());
    isWrong(Status.NAME, "name", () -> RateLimiter.builder(client).limit(1, hour).name("n".repeat(65)).open());
    int before = SharedClients.count();
    isWrong(Status.RATE, "rate", () -> RateLimiter.open("redis://localhost", Limit.perHour(-1)));
    assertEquals(before, SharedClients.count(), "a limiter that was not opened holds no client");
  }

  @Test
  void optionsOfHttpAreChecked() {
    isWrong(Status.OPTION, "styles", () -> new HeaderFormat(Set.of(), false, false, Duration.ZERO));
    Decision decision = limiter.allow("user");
    isWrong(Status.OPTION, "jitter", () -> limiter.headers(decision, HeaderFormat.DEFAULT.withRetryJitter(Duration.ofDays(2))));
    isWrong(Status.ADDRESS, "localnet", () -> AddressResolver.builder().trustNetworks("localnet").open());
    isWrong(Status.OPTION, "hops", () -> AddressResolver.builder().trustHops(65).open());
    isWrong(Status.OPTION, "ipv4_prefix_len", () -> AddressResolver.builder().ipv4PrefixLength(33).open());
  }

  @Test
  void aDecisionOfAnotherLimiterIsRefused() {
    Decision mine = limiter.allow("user");
    Decision other = new Decision(true, Outcome.ALLOWED, Status.OK, Charged.YES, 7, false, 10, 9, 1, Duration.ZERO, Duration.ZERO,
        mine.decidedAt(), mine.limits());
    for (int count : new int[] {0, 2, 8, 9, 100}) {
      isWrong(Status.OPTION, "decision", () -> limiter.headers(withLimits(mine, Collections.nCopies(count, mine.limits().get(0)))));
    }
    assertEquals(limiter.headers(mine), limiter.headers(withLimits(mine, List.copyOf(mine.limits()))));
    isWrong(Status.OPTION, "decision", () -> limiter.headers(other));
    isWrong(Status.OPTION, "decision", () -> limiter.problem(other));
  }

  private static Decision withLimits(Decision d, List<LimitState> limits) {
    return new Decision(d.allowed(), d.outcome(), d.cause(), d.charged(), d.binding(), d.degraded(), d.limit(), d.remaining(), d.cost(),
        d.retryAfter(), d.resetAfter(), d.decidedAt(), limits);
  }

  @Test
  void statusesAreThoseOfTheLibrary() {
    for (int code = 0; code < 256; code++) {
      String native_ = new String(Flat.statusName(code), java.nio.charset.StandardCharsets.US_ASCII);
      Status status = Status.of(code);
      if (status == Status.UNKNOWN) {
        assertEquals("DRL_ERR_UNKNOWN", native_, "code " + code);
      } else {
        assertEquals(native_, code == 0 ? "DRL_OK" : "DRL_ERR_" + status.name());
        assertEquals(code, status.code());
        assertTrue(!status.message().isEmpty());
      }
    }
  }
}
