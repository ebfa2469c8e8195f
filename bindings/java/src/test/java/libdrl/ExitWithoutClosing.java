package libdrl;

import java.time.Duration;
import java.util.List;

/** Uses everything that has a thread, leaves calls under way, and ends. */
final class ExitWithoutClosing {
  private ExitWithoutClosing() {}

  public static void main(String[] arguments) {
    Client client = Client.builder(arguments[0]).timeout(Duration.ofSeconds(10)).open();
    RateLimiter limiter = RateLimiter.builder(client).limit(1000, Duration.ofHours(1)).failStrategy(FailStrategy.ERROR).open();
    RateLimiter shared = RateLimiter.open(arguments[0], Limit.perMinute(10));
    shared.allow("user");
    limiter.allowMany(List.of(Request.of("a"), Request.of("b")));
    limiter.allowAsync("user").join();
    for (int i = 0; i < 100; i++) limiter.allowAsync("user");
    Thread busy = new Thread(() -> {
      while (true) limiter.allow("busy");
    });
    busy.setDaemon(true);
    busy.start();
    System.out.println("decided");
    if (arguments[1].equals("exit")) System.exit(0);
  }
}
