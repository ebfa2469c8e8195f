import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import libdrl.AddressResolver;
import libdrl.Client;
import libdrl.Decision;
import libdrl.FailStrategy;
import libdrl.HeaderFormat;
import libdrl.Limit;
import libdrl.Problem;
import libdrl.RateLimiter;
import libdrl.RateLimiterBuilder;
import libdrl.Request;

/** The files of which each case is a single look: keys, headers, problems, addresses, errors. */
final class Cases {
  private Cases() {}

  static void key(Object json, String redisUrl) throws Exception {
    Fields one = Fields.of(json, "name", "identity", "key", "namespace", "limiter", "secret", "rate", "per_us", "burst");
    Object at = one.has("secret") ? java.util.Map.of("secret", one.get("secret")) : null;
    byte[] identity = one.identity();
    URI address = URI.create(System.getenv().getOrDefault("CONFORMANCE_PLAIN_URL", redisUrl));
    try (Client client = Openings.client(redisUrl, at, true);
        Socket socket = new Socket(address.getHost(), address.getPort())) {
      long rate = one.number("rate", 100);
      long burst = one.number("burst", 0);
      RateLimiterBuilder policy = RateLimiter.builder(client).failStrategy(FailStrategy.ERROR)
          .limit(new Limit(rate, Openings.micros(one.number("per_us", 60_000_000)), burst, null));
      if (one.has("namespace")) policy.namespace(one.text("namespace"));
      if (one.has("limiter")) policy.name(one.text("limiter"));
      try (RateLimiter limiter = policy.open()) {
        if (!limiter.key(identity).equals(one.text("key"))) throw new Fields.Failure("the key is " + limiter.key(identity));
        limiter.reset(identity);
        exists(socket, one.text("key"), ":0", "before");
        // An empty bucket's key lives long enough to be seen.
        if (!limiter.allow(identity, burst == 0 ? rate : burst).allowed()) throw new Fields.Failure("a fresh bucket denied");
        exists(socket, one.text("key"), ":1", "after allow");
        limiter.reset(identity);
        exists(socket, one.text("key"), ":0", "after reset");
      }
    }
  }

  private static void exists(Socket socket, String key, String expected, String when) throws Exception {
    socket.getOutputStream().write(("EXISTS " + key + "\r\n").getBytes(StandardCharsets.US_ASCII));
    String reply = new String(socket.getInputStream().readNBytes(4), StandardCharsets.US_ASCII).trim();
    if (!reply.equals(expected)) throw new Fields.Failure(when + ": EXISTS says " + reply + ", expected " + expected);
  }

  static void header(Object json, String redisUrl) {
    Fields one = Fields.of(json, "name", "limits", "decision", "headers", "styles", "x_reset", "lower_case");
    var styles = EnumSet.noneOf(HeaderFormat.Style.class);
    for (String style : one.texts("styles")) styles.add(HeaderFormat.Style.valueOf(style.toUpperCase(Locale.ROOT)));
    HeaderFormat standard = HeaderFormat.DEFAULT;
    HeaderFormat format = new HeaderFormat(styles.isEmpty() ? standard.styles() : styles,
        one.text("x_reset", "delta").equals("epoch"), Boolean.TRUE.equals(one.get("lower_case")), standard.retryJitter());
    List<List<Object>> found = new ArrayList<>();
    try (Client client = Openings.client(redisUrl, null, true);
        RateLimiter limiter = Openings.policy(client, one.list("limits")).open()) {
      limiter.headers(Openings.decision(one.list("decision"), limiter), format).forEach((name, value) -> found.add(List.of(name, value)));
    }
    if (!found.equals(one.list("headers"))) throw new Fields.Failure("headers are " + found);
  }

  static void problem(Object json, String redisUrl) {
    Fields one = Fields.of(json, "name", "limits", "decision", "http_status", "body");
    try (Client client = Openings.client(redisUrl, null, true);
        RateLimiter limiter = Openings.policy(client, one.list("limits")).open()) {
      Problem problem = limiter.problem(Openings.decision(one.list("decision"), limiter));
      if (problem.httpStatus() != one.number("http_status", 0)) throw new Fields.Failure("http status is " + problem.httpStatus());
      if (!problem.body().equals(one.text("body"))) throw new Fields.Failure("body is " + problem.body());
    }
  }

  static void address(Object json, String redisUrl) {
    Fields one = Fields.of(json, "name", "resolver", "peer", "lines", "identity");
    try (AddressResolver resolver = Openings.resolver(one.get("resolver"))) {
      String identity = resolver.resolve(one.text("peer"), one.texts("lines"));
      if (!identity.equals(one.text("identity"))) {
        throw new Fields.Failure("identity is " + identity + ", expected " + one.text("identity"));
      }
    }
  }

  static void error(Object json, String redisUrl) {
    Fields one = Fields.of(json, "name", "status", "mentions", "client", "limiter", "request", "resolver", "decision");
    if (one.has("client")) {
      fails(one, "client", () -> Openings.client(redisUrl, one.get("client"), false).close());
      return;
    }
    if (one.has("resolver")) {
      fails(one, "resolver", () -> Openings.resolver(one.get("resolver")).close());
      return;
    }
    try (Client client = Openings.client(redisUrl, null, true); RateLimiter ten = Openings.tenAnHour(client)) {
      if (one.has("limiter")) {
        fails(one, "limiter", () -> Openings.limiter(client, one.get("limiter"), null).close());
      } else if (one.has("request")) {
        Fields request = Fields.of(one.get("request"), "identity", "cost");
        byte[] identity = request.identity();
        long cost = request.number("cost", 1);
        fails(one, "allow", () -> ten.allow(identity, cost));
        fails(one, "async", () -> ten.allowAsync(identity, cost).join());
        fails(one, "allow_many", () -> ten.allowMany(List.of(new Request(identity, cost))));
      } else if (one.has("decision")) {
        Decision decision = Openings.decision(one.list("decision"), ten);
        fails(one, "headers", () -> ten.headers(decision));
        fails(one, "problem", () -> ten.problem(decision));
      } else {
        throw new Fields.Failure("the case has nothing to do");
      }
    }
  }

  private static void fails(Fields one, String what, Runnable call) {
    String status = "DRL_OK";
    String message = "";
    try {
      call.run();
    } catch (Fields.Failure failure) {
      throw failure;
    } catch (RuntimeException failure) {
      status = Openings.name(Openings.statusOf(failure));
      message = failure.getMessage();
    }
    if (!status.equals(one.text("status"))) {
      throw new Fields.Failure(what + " is " + status + ", expected " + one.text("status") + ": " + message);
    }
    if (!message.contains(one.text("mentions"))) throw new Fields.Failure(what + ": the message does not mention it: " + message);
  }
}
