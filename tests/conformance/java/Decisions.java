import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import libdrl.Client;
import libdrl.Decision;
import libdrl.RateLimiter;
import libdrl.Request;
import libdrl.Status;

/** decisions.json: what a sequence of calls answers. */
final class Decisions {
  private final List<RateLimiter> limiters = new ArrayList<>();
  private Decision last;

  private Decisions() {}

  static void run(Object json, String redisUrl) throws Exception {
    Fields one = Fields.of(json, "name", "client", "limiters", "steps");
    Decisions run = new Decisions();
    try (Client client = Openings.client(redisUrl, one.get("client"), true)) {
      byte[] random = new byte[8];
      new SecureRandom().nextBytes(random);
      String namespace = "conformance-" + HexFormat.of().formatHex(random);
      for (Object limiter : one.list("limiters")) run.limiters.add(Openings.limiter(client, limiter, namespace));
      int number = 0;
      for (Object step : one.list("steps")) {
        try {
          run.step(Fields.of(step, "do", "limiter", "identity", "cost", "requests", "expect"));
        } catch (Fields.Failure failure) {
          throw new Fields.Failure("step " + number + ": " + failure.getMessage());
        }
        number++;
      }
    } finally {
      run.limiters.forEach(RateLimiter::close);
    }
  }

  private void step(Fields step) throws InterruptedException {
    RateLimiter limiter = limiters.get((int) step.number("limiter", 0));
    byte[] identity = step.identity();
    long cost = step.number("cost", 1);
    switch (step.text("do")) {
      case "allow" -> check(step.get("expect"), () -> limiter.allow(identity, cost));
      case "peek" -> check(step.get("expect"), () -> limiter.peek(identity));
      case "allow_async" -> check(step.get("expect"), () -> limiter.allowAsync(identity, cost).join());
      case "allow_many" -> many(step, limiter);
      case "wait" -> Thread.sleep(last.retryAfter().plusNanos(999_999).toMillis());
      case "reset" -> check(step.get("expect"), () -> {
        limiter.reset(identity);
        return null;
      });
      default -> throw new Fields.Failure("the runner does not know how to do " + step.text("do"));
    }
  }

  private static void many(Fields step, RateLimiter limiter) {
    List<Request> requests = new ArrayList<>();
    for (Object json : step.list("requests")) {
      Fields request = Fields.of(json, "identity", "cost");
      requests.add(new Request(request.identity(), request.number("cost", 1)));
    }
    List<Object> expect = step.list("expect");
    if (expect.size() != requests.size()) throw new Fields.Failure("not as many expectations as requests");
    List<Decision> decisions = limiter.allowMany(requests);
    for (int i = 0; i < expect.size(); i++) compare(expect.get(i), decisions.get(i));
  }

  private void check(Object expect, Supplier<Decision> call) {
    Status status = Status.OK;
    Decision decision = null;
    String message = "";
    try {
      decision = call.get();
    } catch (RuntimeException failure) {
      status = Openings.statusOf(failure);
      message = ": " + failure.getMessage();
    }
    String expected = expect instanceof Map<?, ?> map && map.get("error") instanceof String name ? name : "DRL_OK";
    if (!Openings.name(status).equals(expected)) {
      throw new Fields.Failure("call is " + Openings.name(status) + ", expected " + expected + message);
    }
    if (decision != null) {
      last = decision;
      if (expect != null) compare(expect, decision);
    }
  }

  @SuppressWarnings("unchecked")
  private static void compare(Object expect, Decision decision) {
    ((Map<String, Object>) expect).forEach((field, expected) -> {
      Object found = valueOf(field, decision);
      boolean fits = expected instanceof List<?> range
          ? (Long) found >= (Long) range.get(0) && (Long) found <= (Long) range.get(1)
          : expected.equals(found);
      if (!fits) throw new Fields.Failure(field + " is " + found + ", expected " + expected);
    });
  }

  private static Object valueOf(String field, Decision decision) {
    return switch (field) {
      case "allowed" -> decision.allowed();
      case "degraded" -> decision.degraded();
      case "outcome" -> decision.outcome().name().toLowerCase(Locale.ROOT);
      case "charged" -> decision.charged().name().toLowerCase(Locale.ROOT);
      case "cause" -> Openings.name(decision.cause());
      case "binding" -> (long) decision.binding();
      case "limit" -> decision.limit();
      case "remaining" -> decision.remaining();
      case "cost" -> decision.cost();
      case "retry_after_us" -> micros(decision.retryAfter());
      case "reset_after_us" -> micros(decision.resetAfter());
      case "decided" -> Duration.between(decision.decidedAt(), Instant.now()).abs().compareTo(Duration.ofHours(1)) < 0;
      default -> throw new Fields.Failure("the runner does not know the field " + field);
    };
  }

  private static long micros(Duration duration) {
    return duration.equals(Decision.NEVER) ? -1 : duration.toNanos() / 1000;
  }
}
