package libdrl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class TlsTest {
  private static boolean allows(Client.Builder builder, long timeoutMillis) {
    try (Client client = builder.timeout(Duration.ofMillis(timeoutMillis)).open();
        RateLimiter limiter = RateLimiter.builder(client).limit(Limit.perHour(10)).failStrategy(FailStrategy.ERROR).open()) {
      return limiter.allow("user").allowed();
    }
  }

  @Test
  void theServerIsVerifiedAndSeesTheClientsCertificate() throws Exception {
    try (RedisServer redis = new RedisServer()) {
      String url = redis.overTls();
      Path authority = redis.folder().resolve("ca.pem");
      UnaryOperator<Client.Builder> mine =
          builder -> builder.sslCertfile(redis.folder().resolve("me.pem")).sslKeyfile(redis.folder().resolve("me.key"));
      assertTrue(allows(mine.apply(Client.builder(url).sslCaCerts(authority)), 10_000));
      assertTrue(allows(mine.apply(Client.builder(url).sslCertReqs(SslCertReqs.NONE).sslCheckHostname(false)), 10_000));
      assertThrows(DrlException.class, () -> allows(mine.apply(Client.builder(url)), 1000));
      assertThrows(DrlException.class, () -> allows(Client.builder(url).sslCaCerts(authority), 1000));
    }
  }

  private static void isWrong(String named, UnaryOperator<Client.Builder> option) {
    DrlArgumentException failure =
        assertThrows(DrlArgumentException.class, () -> option.apply(Client.builder("rediss://localhost")).open().close());
    assertEquals(Status.OPTION, failure.status());
    assertTrue(failure.getMessage().contains(named), failure.getMessage());
  }

  @Test
  void wrongOptionsAreNamed() {
    isWrong("ssl_ca_certs", builder -> builder.sslCaCerts(Path.of("/nowhere/ca.pem")));
    isWrong("ssl_ca_certs", builder -> builder.sslCaCerts(Path.of("")));
    isWrong("ssl_certfile", builder -> builder.sslCertfile(Path.of("/nowhere/me.pem")));
    isWrong("ssl_keyfile", builder -> builder.sslKeyfile(Path.of("/nowhere/me.key")));
    isWrong("sentinel_username", builder -> builder.sentinelUsername("watcher"));
    isWrong("sentinel_ssl", builder -> builder.sentinelSsl(true));
    isWrong("sentinelPassword", builder -> builder.sentinelPassword("a\0b"));
    isWrong("requests_per_command_max", builder -> builder.requestsPerCommandMax(65));
  }

  @Test
  void waysOfWorkingReachTheLibrary() {
    try (RedisServer redis = new RedisServer();
        Client client = Client.builder(redis.url()).timeout(Duration.ofSeconds(10)).drive(false).spin(false).requestsPerCommandMax(1).open();
        RateLimiter limiter = RateLimiter.builder(client).limit(Limit.perHour(10)).open()) {
      limiter.allowMany(java.util.List.of(Request.of("a"), Request.of("b"), Request.of("c")));
      assertTrue(client.stats().batches() >= 3);
    }
  }
}
