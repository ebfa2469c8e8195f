import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import libdrl.Client;
import libdrl.FailStrategy;
import libdrl.Limit;
import libdrl.RateLimiter;

/**
 * Runs the conformance cases against the public interface of the Java binding.
 *
 * <pre>
 * run-conformance CASES_DIR REDIS_URL
 * run-conformance draw REDIS_URL NAMESPACE IDENTITY RATE PER_US BURST DRAWS COST
 * </pre>
 */
final class RunConformance {
  private interface Case {
    void run(Object json, String redisUrl) throws Exception;
  }

  private record Suite(String name, Case one) {}

  private static final List<Suite> SUITES = List.of(new Suite("keys", Cases::key), new Suite("decisions", Decisions::run),
      new Suite("headers", Cases::header), new Suite("problems", Cases::problem), new Suite("addresses", Cases::address),
      new Suite("errors", Cases::error));

  private int cases;
  private int failures;

  private RunConformance() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 9 && arguments[0].equals("draw")) {
      draw(arguments);
      return;
    }
    if (arguments.length != 2) {
      System.err.println("usage: run-conformance CASES_DIR REDIS_URL");
      System.exit(1);
    }
    RunConformance run = new RunConformance();
    for (Suite suite : SUITES) run.suite(suite, Path.of(arguments[0]), arguments[1]);
    System.out.println("1.." + run.cases);
    System.exit(run.failures == 0 ? 0 : 1);
  }

  private void suite(Suite suite, Path folder, String redisUrl) {
    List<Object> list = List.of();
    try {
      list = Fields.of(Json.parse(Files.readString(folder.resolve(suite.name() + ".json"))), "cases").list("cases");
    } catch (java.io.IOException | RuntimeException unreadable) {
      System.err.println(suite.name() + ": " + unreadable);
    }
    if (list.isEmpty()) report(suite, "File", "no cases");
    for (Object json : list) {
      String name = new Fields(asMap(json)).text("name", "?");
      try {
        suite.one().run(json, redisUrl);
        report(suite, name, null);
      } catch (Exception failure) {
        report(suite, name, failure instanceof Fields.Failure ? failure.getMessage() : failure.toString());
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static java.util.Map<String, Object> asMap(Object json) {
    return (java.util.Map<String, Object>) json;
  }

  private void report(Suite suite, String name, String why) {
    cases++;
    if (why != null) failures++;
    System.out.println((why == null ? "ok " : "not ok ") + suite.name() + "/" + name + (why == null ? "" : " - " + why));
  }

  private static void draw(String[] arguments) throws Exception {
    Limit limit = new Limit(Long.parseLong(arguments[4]), Openings.micros(Long.parseLong(arguments[5])),
        Long.parseLong(arguments[6]), null);
    long draws = Long.parseLong(arguments[7]);
    long cost = Long.parseLong(arguments[8]);
    long allowed = 0;
    try (Client client = Openings.client(arguments[1], null, true);
        RateLimiter limiter = RateLimiter.builder(client).namespace(arguments[2]).limit(limit).failStrategy(FailStrategy.ERROR)
            .open()) {
      limiter.peek(arguments[3]);
      System.out.println("ready");
      if (System.in.read() < 0) System.exit(1);
      for (long i = 0; i < draws; i++) allowed += limiter.allow(arguments[3], cost).allowed() ? 1 : 0;
    } catch (RuntimeException failure) {
      System.err.println("draw: " + failure.getMessage());
      System.exit(1);
    }
    System.out.println("{\"calls\": " + draws + ", \"allowed\": " + allowed + ", \"tokens\": " + allowed * cost + "}");
  }
}
