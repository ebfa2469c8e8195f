package libdrl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CredentialsTest {
  private static final Credentials GOOD = Credentials.of("drl", "first");

  private RedisServer redis;

  @BeforeEach
  void start() {
    redis = new RedisServer();
    redis.guard("first");
  }

  @AfterEach
  void stop() {
    redis.admin("ACL LOG RESET", "+OK"); // logins that were meant to fail
    redis.close();
  }

  private Client open(CredentialsProvider provider) {
    return Client.builder(redis.url()).timeout(Duration.ofSeconds(10)).credentials(provider).open();
  }

  private static RateLimiter limiter(Client client) {
    return RateLimiter.builder(client).limit(1_000_000, Duration.ofHours(1)).failStrategy(FailStrategy.ERROR).open();
  }

  private static boolean decides(RateLimiter limiter) {
    try {
      return limiter.allow("user").allowed();
    } catch (DrlException undecided) {
      return false;
    }
  }

  private static void eventually(BooleanSupplier condition) {
    for (int i = 0; !condition.getAsBoolean(); i++) {
      assertNotEquals(2000, i, "it does not come true");
      RedisServer.sleep(10);
    }
  }

  private static boolean threadsEnd() {
    return Thread.getAllStackTraces().keySet().stream().noneMatch(thread -> thread.getName().equals("libdrl-credentials"));
  }

  @Test
  void theProviderIsAskedAtEachConnection() {
    AtomicInteger asked = new AtomicInteger();
    try (Client client = open(() -> asked.incrementAndGet() > 0 ? GOOD : null); RateLimiter limiter = limiter(client)) {
      assertTrue(limiter.allow("user").allowed());
      int before = asked.get();
      redis.disconnect();
      eventually(() -> decides(limiter) && asked.get() > before);
    }
  }

  @Test
  void whatExpiresIsAskedForAgainInTime() {
    AtomicInteger asked = new AtomicInteger();
    Credentials brief = new Credentials("drl", "first", Duration.ofMillis(400));
    try (Client client = open(() -> asked.incrementAndGet() > 0 ? brief : null); RateLimiter limiter = limiter(client)) {
      eventually(() -> limiter.allow("user").allowed() && asked.get() >= 4);
      assertEquals(1, client.stats().connects());
      assertEquals(0, client.stats().undecided());
    }
  }

  @Test
  void aPasswordMayChangeBetweenConnections() {
    AtomicReference<String> password = new AtomicReference<>("first");
    try (Client client = open(() -> Credentials.of("drl", password.get())); RateLimiter limiter = limiter(client)) {
      assertTrue(limiter.allow("user").allowed());
      redis.guard("second");
      password.set("second");
      redis.disconnect();
      eventually(() -> decides(limiter));
    }
  }

  private static final class Unprintable extends RuntimeException {
    private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no");
    }
  }

  @Test
  void whatIsNoLoginIsAnAuthenticationThatFails() {
    Map<String, CredentialsProvider> wrong = Map.ofEntries(
        Map.entry("java.io.IOException: the vault is sealed", () -> { throw new java.io.IOException("the vault is sealed"); }),
        Map.entry("java.lang.StackOverflowError", () -> { throw new StackOverflowError(); }),
        Map.entry("Unprintable", () -> { throw new Unprintable(); }),
        Map.entry("IllegalStateException: a b", () -> { throw new IllegalStateException("a\nb\u20ac".repeat(200)); }),
        Map.entry("the provider gave null", () -> null),
        Map.entry("password must not contain a NUL", () -> Credentials.of("drl", "fir\0st")),
        Map.entry("NullPointerException: password", () -> Credentials.of("drl", null)),
        Map.entry("username is too long", () -> Credentials.of("u".repeat(1024), "first")),
        Map.entry("password is too long", () -> Credentials.of("drl", "p".repeat(16384))),
        Map.entry("they have expired", () -> new Credentials("drl", "first", Duration.ofSeconds(-1))),
        Map.entry("", () -> Credentials.of("drl", "second")));
    wrong.forEach((sentence, provider) -> {
      try (Client client = open(provider); RateLimiter limiter = limiter(client)) {
        eventually(() -> {
          DrlException failure = assertThrows(DrlException.class, () -> limiter.allow("user"), sentence);
          return failure.status() == Status.AUTH && failure.getMessage().contains(sentence);
        });
      }
    });
    eventually(CredentialsTest::threadsEnd);
  }

  @Test
  void theProviderIsAskedAgainAfterAFailure() {
    AtomicInteger asked = new AtomicInteger();
    try (Client client = open(() -> {
      if (asked.incrementAndGet() < 3) throw new IllegalStateException("not yet");
      return GOOD;
    }); RateLimiter limiter = limiter(client)) {
      eventually(() -> decides(limiter));
    }
  }

  @Test
  void noCallWaitsForItBeyondItsTimeout() {
    CountDownLatch slow = new CountDownLatch(1);
    try (Client client = Client.builder(redis.url()).credentials(() -> {
      slow.await();
      return GOOD;
    }).open(); RateLimiter limiter = limiter(client)) {
      long start = System.nanoTime();
      assertFalse(decides(limiter));
      assertTrue(System.nanoTime() - start < 3_000_000_000L);
      slow.countDown();
      eventually(() -> decides(limiter));
    }
  }

  @Test
  void closingDoesNotWaitForItAndEndsItsThread() throws InterruptedException {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch slow = new CountDownLatch(1);
    Client client = open(() -> {
      asked.countDown();
      slow.await();
      return GOOD;
    });
    RateLimiter limiter = limiter(client);
    limiter.allowAsync("user");
    asked.await();
    long start = System.nanoTime();
    client.close();
    assertTrue(System.nanoTime() - start < 2_000_000_000L);
    slow.countDown();
    eventually(CredentialsTest::threadsEnd);
    limiter.close();
  }

  @Test
  void aClientThatDoesNotOpenAsksNobody() {
    assertThrows(DrlArgumentException.class, () -> Client.builder("redis://localhost:port").credentials(() -> GOOD).open());
    eventually(CredentialsTest::threadsEnd);
  }

  @Test
  void limitersOfOneUrlShareAClientOnlyWithTheSameProvider() {
    CredentialsProvider first = () -> GOOD;
    CredentialsProvider second = () -> GOOD;
    int before = SharedClients.count();
    try (RateLimiter a = shared(first); RateLimiter b = shared(first); RateLimiter c = shared(second);
        RateLimiter d = RateLimiter.open(redis.url(), Limit.perHour(10))) {
      assertEquals(a.client(), b.client());
      assertNotEquals(a.client(), c.client());
      assertNotEquals(a.client(), d.client());
      assertEquals(before + 3, SharedClients.count());
      eventually(() -> decides(a) && decides(c));
      DrlArgumentException wrong = assertThrows(DrlArgumentException.class, () -> RateLimiter.builder(a.client()).credentials(first));
      assertTrue(wrong.getMessage().contains("credentials"));
    }
    assertEquals(before, SharedClients.count());
  }

  private RateLimiter shared(CredentialsProvider provider) {
    return RateLimiter.builder(redis.url()).credentials(provider).limit(Limit.perHour(1000)).failStrategy(FailStrategy.ERROR).open();
  }

  /** A program that ends while its provider is asked. */
  static final class EndsWhileAsked {
    public static void main(String[] arguments) {
      Client client = Client.builder(arguments[0]).credentials(() -> {
        Thread.sleep(600_000);
        return GOOD;
      }).open();
      System.out.println(RateLimiter.builder(client).limit(Limit.perHour(10)).open().allow("user").allowed());
    }
  }

  @Test
  void aProgramEndsWhileItIsAsked() throws Exception {
    assertTrue(RedisServer.runJava(EndsWhileAsked.class, 30, redis.url()).contains("true"));
  }

  @Test
  void credentialsArePrintedWithoutThePassword() {
    assertFalse(Credentials.of("drl", "hidden").toString().contains("hidden"));
  }
}
