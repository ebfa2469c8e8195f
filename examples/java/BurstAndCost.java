import java.time.Duration;
import java.util.List;
import libdrl.Client;
import libdrl.Decision;
import libdrl.FailStrategy;
import libdrl.Limit;
import libdrl.RateLimiter;
import libdrl.Request;

/**
 * Two limits at once, and requests that cost more than one token.
 *
 * <p>An API of a model: at most 100 tokens saved up and 10 a second refilled, and never more than 1,000 an hour. A request costs what
 * it makes the server do. Both limits are charged, or neither.
 *
 * <pre>java -cp libdrl-0.1.0.jar BurstAndCost.java [redis_url]</pre>
 */
public class BurstAndCost {
  private static final List<Limit> LIMITS = List.of(
      Limit.perSecond(10).withBurst(100).withName("second"),
      Limit.perHour(1000).withName("hour"));

  public static void main(String[] args) {
    String redisUrl = args.length > 0 ? args[0] : "redis://localhost:6379/0";
    try (Client client = Client.builder(redisUrl).timeout(Duration.ofMillis(250)).open();
        RateLimiter limiter = RateLimiter.builder(client)
            .limits(LIMITS)
            .namespace("example")
            .failStrategy(FailStrategy.CLOSED) // costly work: better not served than served without a count
            .open()) {
      ask(limiter, "a lookup", 1);
      ask(limiter, "a summary", 25);
      ask(limiter, "a report", 70);
      ask(limiter, "another report", 70);
      ask(limiter, "a look at it", 0);
      ask(limiter, "the whole library", 500);

      // Many identities in one round trip, and a call that does not wait.
      List<Decision> decisions = limiter.allowMany(List.of(Request.of("customer-8"), Request.of("customer-9", 101)));
      show("customer-8: a lookup", decisions.get(0));
      show("customer-9: too much", decisions.get(1));
      limiter.allowAsync("customer-8", 25).thenAccept(decision -> show("customer-8: a summary", decision)).join();
    }
  }

  private static void ask(RateLimiter limiter, String what, long cost) {
    show(what, limiter.allow("customer-7", cost));
  }

  private static void show(String what, Decision decision) {
    String name = LIMITS.get(decision.binding()).name();
    String answer = switch (decision.outcome()) {
      case ALLOWED -> String.format("allowed  %d left by the limit \"%s\"", decision.remaining(), name);
      case DENIED -> String.format("denied   by the limit \"%s\", enough in %.1f s", name, decision.retryAfter().toMillis() / 1e3);
      case NEVER -> String.format("never    the limit \"%s\" holds %d at most", name, decision.limit());
      case UNDECIDED -> "undecided: " + decision.cause().message();
    };
    System.out.printf("%-22s cost %4d  %s%n", what, decision.cost(), answer);
  }
}
