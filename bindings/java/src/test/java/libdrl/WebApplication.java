package libdrl;

import java.util.List;
import java.util.function.UnaryOperator;

/** What an application does in a class loader of its own: it uses the library in every way, closes it, and says what it was told. */
public final class WebApplication implements UnaryOperator<String> {
  @Override
  public String apply(String redisUrl) {
    try (Client client = Client.builder(redisUrl).timeout(java.time.Duration.ofSeconds(10)).open();
        RateLimiter limiter = RateLimiter.builder(client).limit(Limit.perHour(1000)).open();
        RateLimiter shared = RateLimiter.open(redisUrl, Limit.perHour(1000));
        AddressResolver resolver = AddressResolver.builder().open()) {
      limiter.allowMany(List.of(Request.of("a"), Request.of("b")));
      limiter.allowAsync("user").join();
      shared.peek("user");
      resolver.resolve("192.0.2.1", List.of());
      try {
        limiter.allow("user", -1);
        return "a wrong cost was taken";
      } catch (DrlArgumentException expected) {
        return expected.status() + " " + limiter.allow("user").outcome();
      }
    }
  }
}
