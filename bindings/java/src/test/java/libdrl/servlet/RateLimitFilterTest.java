package libdrl.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import libdrl.AddressResolver;
import libdrl.Client;
import libdrl.FailStrategy;
import libdrl.HeaderFormat;
import libdrl.Limit;
import libdrl.RateLimiter;
import libdrl.RateLimiterBuilder;
import libdrl.RedisServer;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A real Tomcat, a real client, a real Redis. */
class RateLimitFilterTest {
  private static final Duration HOUR = Duration.ofHours(1);
  private final Browser browser = new Browser();
  private final AtomicInteger served = new AtomicInteger();
  private RedisServer redis;
  private Client client;
  private Tomcat tomcat;

  @BeforeEach
  void start() {
    java.util.logging.Logger.getLogger("org.apache").setLevel(java.util.logging.Level.SEVERE);
    redis = new RedisServer();
    client = Client.builder(redis.url()).timeout(Duration.ofSeconds(2)).open();
  }

  @AfterEach
  void stop() throws Exception {
    if (tomcat != null) {
      tomcat.stop();
      tomcat.destroy();
    }
    client.close();
    redis.close();
  }

  private RateLimiterBuilder policy(long burst) {
    return RateLimiter.builder(client).limit(burst, Duration.ofHours(burst));
  }

  /** The filters {@code before} come before the limiting one. */
  private void serve(RateLimitFilter filter, Filter... before) throws Exception {
    tomcat = new Tomcat();
    tomcat.setBaseDir(System.getProperty("java.io.tmpdir"));
    tomcat.setPort(0);
    tomcat.setSilent(true);
    Context context = tomcat.addContext("", null);
    for (Filter earlier : before) add(context, "before", earlier);
    add(context, "limit", filter);
    Wrapper application = Tomcat.addServlet(context, "application", new Application());
    application.setAsyncSupported(true);
    application.addMapping("/*");
    tomcat.getConnector();
    tomcat.start();
  }

  private static void add(Context context, String name, Filter filter) {
    FilterDef definition = new FilterDef();
    definition.setFilterName(name);
    definition.setFilter(filter);
    definition.setAsyncSupported("true");
    context.addFilterDef(definition);
    FilterMap map = new FilterMap();
    map.setFilterName(name);
    map.addURLPattern("/*");
    context.addFilterMap(map);
  }

  private final class Application extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
      if (request.getRequestURI().equals("/twice") && request.getAttribute("dispatched") == null) {
        request.setAttribute("dispatched", true);
        request.startAsync().dispatch();
        return;
      }
      served.incrementAndGet();
      response.getWriter().print("hello");
    }
  }

  private HttpResponse<String> get(String path, String... headers) {
    HttpRequest.Builder request = request(path);
    if (headers.length > 0) request.headers(headers);
    return send(request);
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + tomcat.getConnector().getLocalPort() + path));
  }

  private HttpResponse<String> send(HttpRequest.Builder request) {
    return browser.send(request);
  }

  private void with(RateLimiter limiter, Consumer<RateLimitFilter.Builder> options) throws Exception {
    RateLimitFilter.Builder builder = RateLimitFilter.builder(limiter);
    options.accept(builder);
    serve(builder.build());
  }

  @Test
  void afterTheBurstComes429WithHeadersAndProblem() throws Exception {
    try (RateLimiter limiter = policy(3).open()) {
      with(limiter, options -> options.headers(HeaderFormat.of(HeaderFormat.Style.DRAFT, HeaderFormat.Style.LEGACY,
          HeaderFormat.Style.CACHE_CONTROL)));
      for (int left = 2; left >= 0; left--) {
        HttpResponse<String> response = get("/");
        assertEquals(200, response.statusCode());
        assertEquals("hello", response.body());
        assertEquals("\"default\";q=3;w=10800", Browser.header(response, "RateLimit-Policy"));
        Matcher state = Pattern.compile("\"default\";r=(\\d+);t=(\\d+)").matcher(Browser.header(response, "RateLimit"));
        assertTrue(state.matches());
        assertEquals(left, Integer.parseInt(state.group(1)));
        assertEquals("" + left, Browser.header(response, "RateLimit-Remaining"));
        assertTrue(response.headers().firstValue("Retry-After").isEmpty());
      }
      HttpResponse<String> refused = get("/");
      assertEquals(429, refused.statusCode());
      assertEquals("application/problem+json", Browser.header(refused, "Content-Type").split(";")[0]);
      assertTrue(refused.body().contains("\"status\":429"), refused.body());
      assertTrue(refused.body().contains("#quota-exceeded"), refused.body());
      int retryAfter = Integer.parseInt(Browser.header(refused, "Retry-After"));
      assertTrue(retryAfter > 3500 && retryAfter <= 3600);
      assertEquals("no-store", Browser.header(refused, "Cache-Control"));
      assertEquals(3, served.get());
    }
  }

  @Test
  void aSpoofedForwardingHeaderChangesNothing() throws Exception {
    try (RateLimiter limiter = policy(2).open()) {
      with(limiter, options -> {});
      assertEquals(200, get("/", "X-Forwarded-For", "198.51.100.1").statusCode());
      assertEquals(200, get("/", "X-Forwarded-For", "198.51.100.2", "Forwarded", "for=198.51.100.2").statusCode());
      assertEquals(429, get("/", "X-Forwarded-For", "198.51.100.3").statusCode());
    }
  }

  @Test
  void aTrustedProxyIsBelievedAndForgeriesLeftOfItsWordAreNot() throws Exception {
    try (RateLimiter limiter = policy(1).open();
        AddressResolver addresses = AddressResolver.builder().trustNetworks("127.0.0.0/8").open()) {
      with(limiter, options -> options.addresses(addresses));
      assertEquals(200, get("/", "X-Forwarded-For", "198.51.100.1").statusCode());
      assertEquals(200, get("/", "X-Forwarded-For", "198.51.100.2").statusCode());
      assertEquals(429, get("/", "X-Forwarded-For", "1.2.3.4, 198.51.100.1").statusCode());
      assertEquals(429, get("/", "X-Forwarded-For", "1.2.3.5", "X-Forwarded-For", "198.51.100.2").statusCode());
    }
  }

  @Test
  void identityCostPolicyAndSkipGoByTheRequest() throws Exception {
    try (RateLimiter small = policy(5).name("small").open(); RateLimiter large = policy(50).name("large").open()) {
      serve(RateLimitFilter.builder(request -> switch (request.getRequestURI()) {
        case "/free" -> null;
        case "/large" -> large;
        default -> small;
      }).identity(request -> request.getHeader("X-Api-Key")).cost(request -> request.getRequestURI().equals("/report") ? 4 : 1)
          .skip(request -> request.getRequestURI().equals("/health")).build());
      assertEquals("1", Browser.header(get("/report", "X-Api-Key", "a"), "RateLimit-Remaining"));
      assertEquals(429, get("/report", "X-Api-Key", "a").statusCode());
      assertEquals("4", Browser.header(get("/", "X-Api-Key", "b"), "RateLimit-Remaining"));
      assertEquals("49", Browser.header(get("/large", "X-Api-Key", "a"), "RateLimit-Remaining"));
      assertEquals("4", Browser.header(get("/"), "RateLimit-Remaining"), "without a key the address is the identity");
      for (String path : new String[] {"/free", "/health"}) {
        HttpResponse<String> response = get(path, "X-Api-Key", "a");
        assertEquals(200, response.statusCode());
        assertTrue(response.headers().firstValue("RateLimit").isEmpty());
      }
    }
  }

  @Test
  void aRequestThatIsDispatchedAgainIsChargedOnce() throws Exception {
    try (RateLimiter limiter = policy(5).open()) {
      with(limiter, options -> {});
      assertEquals("4", Browser.header(get("/twice"), "RateLimit-Remaining"));
      assertEquals("3", Browser.header(get("/twice"), "RateLimit-Remaining"));
      assertEquals(2, served.get());
    }
  }

  @Test
  void anAnswerThatAFilterBeforeHasBegunIsLeftAsItIs() throws Exception {
    try (RateLimiter limiter = policy(1).open()) {
      limiter.allow("127.0.0.1");
      serve(RateLimitFilter.builder(limiter).build(), (request, response, chain) -> {
        response.getOutputStream().print("begun");
        response.flushBuffer();
        chain.doFilter(request, response);
      });
      HttpResponse<String> response = get("/");
      assertEquals(200, response.statusCode());
      assertEquals("begun", response.body());
      assertEquals(0, served.get());
    }
  }

  @Test
  void aRefusalReplacesWhatAFilterBeforeWrote() throws Exception {
    try (RateLimiter limiter = policy(1).open()) {
      limiter.allow("127.0.0.1");
      serve(RateLimitFilter.builder(limiter).build(), (request, response, chain) -> {
        response.getWriter().print("welcome");
        chain.doFilter(request, response);
      });
      HttpResponse<String> refused = get("/");
      assertEquals(429, refused.statusCode());
      assertEquals("application/problem+json", Browser.header(refused, "Content-Type").split(";")[0]);
      assertTrue(refused.body().startsWith("{") && refused.body().endsWith("}"), refused.body());
    }
  }

  @Test
  void aHeadRequestIsRefusedWithoutABody() throws Exception {
    try (RateLimiter limiter = policy(1).open()) {
      with(limiter, options -> {});
      assertEquals(200, send(request("/").method("HEAD", HttpRequest.BodyPublishers.noBody())).statusCode());
      HttpResponse<String> refused = send(request("/").method("HEAD", HttpRequest.BodyPublishers.noBody()));
      assertEquals(429, refused.statusCode());
      assertEquals("", refused.body());
    }
  }

  @Test
  void aFailureOfTheUsersFunctionIsTheirsAndChargesNothing() throws Exception {
    try (RateLimiter limiter = policy(5).open()) {
      with(limiter, options -> options.identity(request -> {
        if (request.getRequestURI().equals("/broken")) throw new IllegalStateException("no identity");
        return null;
      }));
      assertEquals(500, get("/broken").statusCode());
      assertEquals("4", Browser.header(get("/"), "RateLimit-Remaining"));
    }
  }

  @Test
  void withoutRedisFailOpenServesAndFailClosedSays503() throws Exception {
    try (RateLimiter open = policy(5).name("open").open();
        RateLimiter closed = policy(5).name("closed").failStrategy(FailStrategy.CLOSED).open();
        RateLimiter error = policy(5).name("error").failStrategy(FailStrategy.ERROR).open()) {
      serve(RateLimitFilter.builder(request -> switch (request.getRequestURI()) {
        case "/closed" -> closed;
        case "/error" -> error;
        default -> open;
      }).build());
      for (String path : new String[] {"/open", "/closed", "/error"}) assertEquals(200, get(path).statusCode());
      redis.stop();
      for (int i = 0; i < 3; i++) {
        HttpResponse<String> fallback = get("/open");
        assertEquals(200, fallback.statusCode());
        assertEquals("\"default\";q=5;w=18000", Browser.header(fallback, "RateLimit-Policy"));
        for (String path : new String[] {"/closed", "/error"}) {
          HttpResponse<String> refused = get(path);
          assertEquals(503, refused.statusCode());
          assertEquals("application/problem+json", Browser.header(refused, "Content-Type").split(";")[0]);
          assertTrue(refused.body().contains("#temporary-reduced-capacity"), refused.body());
          assertEquals("1", Browser.header(refused, "Retry-After"));
          assertEquals("\"default\";q=5;w=18000", Browser.header(refused, "RateLimit-Policy"));
        }
      }
      assertEquals(6, served.get());
      redis.start();
      boolean healed = false;
      for (int i = 0; i < 200 && !healed; i++) {
        healed = get("/closed").statusCode() == 200;
        if (!healed) RedisServer.sleep(50);
      }
      assertTrue(healed, "it heals when Redis is back");
    }
  }

  @Test
  void manyClientsAtOnceAreServedExactlyTheBurst() throws Exception {
    try (RateLimiter limiter = policy(100).open()) {
      with(limiter, options -> {});
      get("/");
      URI uri = URI.create("http://127.0.0.1:" + tomcat.getConnector().getLocalPort() + "/");
      var calls = java.util.stream.IntStream.range(0, 300).mapToObj(i ->
          browser.sendAsync(HttpRequest.newBuilder(uri))).toList();
      long allowed = calls.stream().filter(call -> call.join().statusCode() == 200).count();
      assertEquals(99, allowed);
      assertFalse(client.stats().denied() < 201);
    }
  }

  @Test
  void limitsOfSeveralPoliciesAreAllInTheHeaders() throws Exception {
    try (RateLimiter limiter = RateLimiter.builder(client).limit(Limit.of(10, HOUR).withName("hour"))
        .limit(Limit.of(20, Duration.ofDays(1)).withName("day")).open()) {
      with(limiter, options -> {});
      HttpResponse<String> response = get("/");
      assertEquals("\"hour\";q=10;w=3600, \"day\";q=20;w=86400", Browser.header(response, "RateLimit-Policy"));
      assertTrue(Browser.header(response, "RateLimit").startsWith("\"hour\";r=9;t="));
    }
  }
}
