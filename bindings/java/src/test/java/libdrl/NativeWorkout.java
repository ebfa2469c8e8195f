package libdrl;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Calls every native method, on its good and its bad ways, for -Xcheck:jni to look at. */
final class NativeWorkout {
  private NativeWorkout() {}

  public static void main(String[] arguments) {
    for (int i = 0; i < 20; i++) work(arguments[0]);
    System.gc();
    System.out.println("done");
  }

  private static void work(String url) {
    byte[] secret = "0123456789abcdef".getBytes();
    try (Client client = Client.builder(url).timeout(Duration.ofSeconds(10)).connectTimeout(Duration.ofSeconds(5)).clientName("w")
            .identitySecret(secret).queueCapacity(1024).asyncCapacity(64).open();
        RateLimiter limiter = RateLimiter.builder(client).limit(Limit.perHour(5).withName("a")).limit(Limit.perMinute(9))
            .namespace("workout").name("x").open();
        AddressResolver resolver = AddressResolver.builder().trustNetworks("10.0.0.0/8", "unix:").open()) {
      for (int size : new int[] {1, 247, 248, 249, 65536}) limiter.allow(new byte[size], 1);
      fails(() -> limiter.allow(new byte[65537], 1));
      fails(() -> limiter.allow("user", -1));
      fails(() -> limiter.reset(new byte[0]));
      limiter.reset("user");
      limiter.allowMany(List.of(Request.of("a"), Request.of("b".repeat(1000))));
      fails(() -> limiter.allowMany(List.of(Request.of("a", -5))));
      Decision decision = limiter.allow("user", 6);
      limiter.key(new byte[65536]);
      fails(() -> limiter.key(""));
      limiter.headers(decision);
      limiter.problem(decision);
      limiter.headers(limiter.allowAsync("user").join());
      fails(() -> Flat.headers(1, new long[3], 0, 0, 0, 0)); // too short an array: Java's own exception
      resolver.resolve("10.0.0.1", List.of("1.2.3.4", "10.0.0.3"));
      resolver.resolve(null, List.of());
      client.stats();
      client.metrics();
      Status.TIMEOUT.message();
      fails(() -> Client.open("nonsense"));
      fails(() -> RateLimiter.builder(client).open());
      fails(() -> AddressResolver.builder().trustNetworks("x").open());
      asynchronous(limiter);
    }
  }

  private static void asynchronous(RateLimiter limiter) {
    List<CompletableFuture<?>> calls = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      calls.add(limiter.allowAsync("user"));
      if (i % 3 == 0) calls.get(i).cancel(true);
    }
    fails(() -> limiter.allowAsync(new byte[0], 1));
    limiter.resetAsync("user").join();
    for (CompletableFuture<?> call : calls) call.exceptionally(failure -> null).join();
  }

  private static void fails(Runnable call) {
    try {
      call.run();
    } catch (DrlArgumentException | IndexOutOfBoundsException expected) {
      return;
    }
    throw new AssertionError("did not fail");
  }
}
