package libdrl.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.servlet.DispatcherType;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.EnumSet;
import java.util.concurrent.Callable;
import libdrl.Client;
import libdrl.DrlException;
import libdrl.FailStrategy;
import libdrl.RateLimiter;
import libdrl.RedisServer;
import libdrl.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.embedded.jetty.JettyServletWebServerFactory;
import org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.boot.web.servlet.server.ServletWebServerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.ModelAndView;

/** The filter in Spring Boot 3, on each of its servlet servers: a real client, a real Redis. */
class SpringBootTest {
  /** What each test's application has: the limiter as a bean, and something to serve. */
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @Import(Pages.class)
  static class Application {
    @Bean(destroyMethod = "close")
    Client client(Environment settings) {
      return Client.builder(settings.getRequiredProperty("redis")).timeout(Duration.ofSeconds(5)).open();
    }

    @Bean(destroyMethod = "close")
    RateLimiter limiter(Client client) {
      return RateLimiter.builder(client).limit(5, Duration.ofHours(5)).failStrategy(FailStrategy.CLOSED).open();
    }
  }

  /** As README.md has it: a filter that is a bean is for all paths. */
  @Configuration(proxyBeanMethods = false)
  static class PlainBean {
    @Bean
    RateLimitFilter rateLimit(RateLimiter limiter) {
      return RateLimitFilter.builder(limiter).skip(request -> request.getRequestURI().equals("/health")).build();
    }
  }

  /** For some paths; and for every kind of dispatch, which must not be charged again. */
  @Configuration(proxyBeanMethods = false)
  static class Registration {
    @Bean
    FilterRegistrationBean<RateLimitFilter> rateLimit(RateLimiter limiter) {
      var registration = new FilterRegistrationBean<>(RateLimitFilter.builder(limiter).build());
      registration.addUrlPatterns("/page", "/later", "/forward", "/broken", "/error");
      registration.setDispatcherTypes(EnumSet.allOf(DispatcherType.class));
      return registration;
    }
  }

  @RestController
  static class Pages {
    @GetMapping({"/page", "/health"})
    String page() {
      return "hello";
    }

    @GetMapping("/later")
    Callable<String> later() {
      return () -> "hello later";
    }

    @GetMapping("/forward")
    ModelAndView forward() {
      return new ModelAndView("forward:/page");
    }

    @GetMapping("/broken")
    String broken() {
      throw new IllegalStateException("broken");
    }
  }

  private final Browser browser = new Browser();
  private RedisServer redis;
  private ServletWebServerApplicationContext context;

  @BeforeEach
  void start() {
    redis = new RedisServer();
  }

  @AfterEach
  void stop() {
    if (context != null) context.close();
    redis.close();
  }

  private void run(Class<?> filter, Class<? extends ServletWebServerFactory> server) {
    context = (ServletWebServerApplicationContext) new SpringApplicationBuilder(Application.class, filter, server).run(
        "--server.port=0", "--redis=" + redis.url(), "--spring.main.banner-mode=off", "--logging.level.root=OFF");
  }

  private HttpResponse<String> send(String method, String path, String... headers) {
    URI uri = URI.create("http://127.0.0.1:" + context.getWebServer().getPort() + path);
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).method(method, HttpRequest.BodyPublishers.noBody());
    if (headers.length > 0) request.headers(headers);
    return browser.send(request);
  }

  @ParameterizedTest
  @ValueSource(classes = {TomcatServletWebServerFactory.class, JettyServletWebServerFactory.class})
  void aFilterThatIsABeanLimitsAllPathsAndTheContextClosesTheLimiter(Class<? extends ServletWebServerFactory> server) {
    run(PlainBean.class, server);
    for (int left = 4; left >= 0; left--) {
      HttpResponse<String> served = send("GET", "/page", "X-Forwarded-For", "198.51.100." + left);
      assertEquals(200, served.statusCode());
      assertEquals("hello", served.body());
      assertEquals("\"default\";q=5;w=18000", Browser.header(served, "RateLimit-Policy"));
      assertEquals("" + left, Browser.header(served, "RateLimit-Remaining"));
    }
    HttpResponse<String> refused = send("GET", "/page", "X-Forwarded-For", "198.51.100.9");
    assertEquals(429, refused.statusCode());
    assertEquals("application/problem+json", Browser.header(refused, "Content-Type"));
    assertTrue(refused.body().contains("#quota-exceeded"), refused.body());
    int retryAfter = Integer.parseInt(Browser.header(refused, "Retry-After"));
    assertTrue(retryAfter > 3500 && retryAfter <= 3600, "Retry-After is " + retryAfter);
    HttpResponse<String> head = send("HEAD", "/page");
    assertEquals(429, head.statusCode());
    assertEquals("", head.body());
    assertEquals(200, send("GET", "/health").statusCode());
    redis.stop();
    assertEquals(503, send("GET", "/page").statusCode());
    RateLimiter limiter = context.getBean(RateLimiter.class);
    context.close();
    assertEquals(Status.CLOSED, assertThrows(DrlException.class, () -> limiter.allow("user")).status());
  }

  @ParameterizedTest
  @ValueSource(classes = {TomcatServletWebServerFactory.class, JettyServletWebServerFactory.class})
  void asynchronousForwardedAndBrokenRequestsAreChargedOnce(Class<? extends ServletWebServerFactory> server) {
    run(Registration.class, server);
    HttpResponse<String> later = send("GET", "/later");
    assertEquals("hello later", later.body());
    assertEquals("4", Browser.header(later, "RateLimit-Remaining"));
    HttpResponse<String> forward = send("GET", "/forward");
    assertEquals("hello", forward.body());
    assertEquals("3", Browser.header(forward, "RateLimit-Remaining"));
    HttpResponse<String> broken = send("GET", "/broken");
    assertEquals(500, broken.statusCode());
    assertEquals("2", Browser.header(broken, "RateLimit-Remaining"));
    assertEquals("1", Browser.header(send("GET", "/page"), "RateLimit-Remaining"));
    assertEquals(200, send("GET", "/health").statusCode());
  }
}
