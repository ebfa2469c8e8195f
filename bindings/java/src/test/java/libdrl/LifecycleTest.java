package libdrl;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LifecycleTest {
  private static RedisServer redis;

  @BeforeAll
  static void start() {
    redis = new RedisServer();
  }

  @AfterAll
  static void stop() {
    redis.close();
  }

  private static Client open() {
    return Client.builder(redis.url()).timeout(Duration.ofSeconds(10)).open();
  }

  private static RateLimiter open(Client client) {
    return RateLimiter.builder(client).limit(1_000_000, Duration.ofSeconds(1)).failStrategy(FailStrategy.ERROR).open();
  }

  private static void isClosed(String what, org.junit.jupiter.api.function.Executable call) {
    DrlException failure = assertThrows(DrlException.class, call);
    assertEquals(Status.CLOSED, failure.status());
    assertTrue(failure.getMessage().contains(what), failure.getMessage());
  }

  @Test
  void theTestsRunUnderCheckJni() {
    assertTrue(ManagementFactory.getRuntimeMXBean().getInputArguments().contains("-Xcheck:jni"));
  }

  @Test
  void aClosedLimiterIsAnException() {
    try (Client client = open()) {
      RateLimiter limiter = open(client);
      Decision decision = limiter.allow("user");
      limiter.close();
      limiter.close();
      isClosed("limiter", () -> limiter.allow("user"));
      isClosed("limiter", () -> limiter.peek("user"));
      isClosed("limiter", () -> limiter.reset("user"));
      isClosed("limiter", () -> limiter.allowMany(List.of(Request.of("user"))));
      isClosed("limiter", () -> limiter.headers(decision));
      isClosed("limiter", () -> limiter.problem(decision));
    }
  }

  @Test
  void aClosedClientIsAnException() {
    Client client = open();
    RateLimiter limiter = open(client);
    client.close();
    client.close();
    isClosed("client", () -> limiter.allow("user"));
    isClosed("client", () -> limiter.reset("user"));
    isClosed("client", () -> limiter.allowMany(List.of(Request.of("user"))));
    isClosed("client", client::stats);
    isClosed("client", client::metrics);
    isClosed("client", () -> open(client));
    limiter.close();
  }

  @Test
  void aClosedResolverIsAnException() {
    AddressResolver resolver = AddressResolver.builder().trustNetworks("10.0.0.0/8").open();
    assertEquals("198.51.100.1", resolver.resolve("10.0.0.1", List.of("198.51.100.1")));
    resolver.close();
    isClosed("resolver", () -> resolver.resolve("10.0.0.1", List.of()));
    assertEquals("x-forwarded-for", resolver.header());
  }

  @Test
  void closingBesideCallsIsSafe() throws Exception {
    for (int round = 0; round < 30; round++) {
      Client client = open();
      RateLimiter limiter = open(client);
      AtomicLong decided = new AtomicLong();
      List<Future<?>> callers = new ArrayList<>();
      var pool = Executors.newFixedThreadPool(8);
      for (int i = 0; i < 8; i++) callers.add(pool.submit(caller(i, limiter, decided)));
      while (decided.get() < 200) Thread.onSpinWait();
      if (round % 2 == 0) limiter.close();
      client.close();
      for (Future<?> caller : callers) caller.get();
      pool.shutdown();
      limiter.close();
    }
  }

  /** Goes on until it is told that something is closed. */
  private static Runnable caller(int kind, RateLimiter limiter, AtomicLong decided) {
    return () -> {
      while (true) {
        try {
          Decision decision = switch (kind % 4) {
            case 0 -> limiter.allow("user");
            case 1 -> limiter.allowMany(List.of(Request.of("user"), Request.of("other"))).get(0);
            case 2 -> limiter.allowAsync("user").join();
            default -> cancelled(limiter.allowAsync("user"), limiter);
          };
          limiter.headers(decision);
          decided.incrementAndGet();
        } catch (DrlException | CompletionException failure) {
          Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
          if (cause instanceof DrlException closed && closed.status() == Status.CLOSED) return;
          throw failure;
        }
      }
    };
  }

  private static Decision cancelled(CompletableFuture<Decision> call, RateLimiter limiter) {
    call.cancel(true);
    try {
      return call.join();
    } catch (CancellationException expected) {
      return limiter.peek("user");
    }
  }

  @Test
  void forgottenLimitersAndClientsAreClosedByTheCollector() {
    AtomicLong before = new AtomicLong(openSockets());
    for (int i = 0; i < 20; i++) open(open()).allowAsync("user").join();
    long after = before.get() + 1;
    for (int i = 0; i < 100 && openSockets() > after; i++) {
      System.gc();
      RedisServer.sleep(20);
    }
    assertTrue(openSockets() <= after, before + " sockets before, " + openSockets() + " after");
  }

  private static long openSockets() {
    try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors.filter(descriptor -> {
        try {
          return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
        } catch (java.io.IOException gone) {
          return false;
        }
      }).count();
    } catch (java.io.IOException failure) {
      throw new AssertionError(failure);
    }
  }

  @Test
  void aProgramThatClosesNothingEnds() throws Exception {
    assertEquals("decided\n", RedisServer.runJava(ExitWithoutClosing.class, 30, redis.url(), "return"));
    assertEquals("decided\n", RedisServer.runJava(ExitWithoutClosing.class, 30, redis.url(), "exit"));
  }

  @Test
  void everyNativeMethodPassesCheckJniWithoutAWord() throws Exception {
    assertEquals("done\n", RedisServer.runJava(NativeWorkout.class, 60, redis.url()));
  }

  @Test
  void aMissingLibrarySaysHowToNameIt() {
    assertEquals("/META-INF/native/linux-x86_64/libdrl_java.so", NativeLibrary.resource("Linux", "amd64"));
    assertEquals("/META-INF/native/linux-aarch64/libdrl_java.so", NativeLibrary.resource("Linux", "aarch64"));
    Throwable failure = assertThrows(AssertionError.class, () -> RedisServer.runJava(NoLibrary.class, 30));
    assertTrue(failure.getMessage().contains("-Dlibdrl.library"), failure.getMessage());
  }

  @Test
  void theLibraryIsOfTheArtifactsVersion() throws Exception {
    String pom = Files.readString(Path.of("pom.xml"));
    String version = pom.substring(pom.indexOf("<version>") + 9, pom.indexOf("</version>"));
    assertEquals(version, new String(Flat.version(), StandardCharsets.US_ASCII));
    assertDoesNotThrow(() -> Status.OK.message());
  }
}
