import java.time.Duration;
import libdrl.Decision;
import libdrl.Limit;
import libdrl.Outcome;
import libdrl.RateLimiter;

public class Basic {
  public static void main(String[] args) {
    String redisUrl = args.length > 0 ? args[0] : "redis://localhost:6379/0";
    try (RateLimiter limiter = RateLimiter.open(redisUrl, Limit.of(5, Duration.ofMinutes(1)))) {
      for (int i = 1; i <= 7; i++) {
        Decision decision = limiter.allow("user_123");
        if (decision.outcome() == Outcome.UNDECIDED) {
          System.out.printf("request %d: Redis did not decide (%s); served all the same%n", i, decision.cause().message());
        } else if (decision.allowed()) {
          System.out.printf("request %d: allowed, %d left%n", i, decision.remaining());
        } else {
          System.out.printf("request %d: denied, try again in %.1f s%n", i, decision.retryAfter().toMillis() / 1e3);
        }
      }
    }
  }
}
