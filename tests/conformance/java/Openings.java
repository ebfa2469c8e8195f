import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import libdrl.AddressResolver;
import libdrl.Charged;
import libdrl.Client;
import libdrl.Decision;
import libdrl.DrlArgumentException;
import libdrl.DrlException;
import libdrl.FailStrategy;
import libdrl.Limit;
import libdrl.LimitState;
import libdrl.Outcome;
import libdrl.RateLimiter;
import libdrl.RateLimiterBuilder;
import libdrl.SslCertReqs;
import libdrl.Status;

/** Clients, limiters, resolvers and decisions from their JSON. */
final class Openings {
  private Openings() {}

  static Duration micros(long count) {
    return Duration.of(count, ChronoUnit.MICROS);
  }

  /** {@code json} may be null: all defaults. */
  static Client client(String redisUrl, Object json, boolean patient) {
    Fields at = json == null ? new Fields(java.util.Map.of()) : Fields.of(json, "redis_url", "timeout_us", "connect_timeout_us",
        "client_name", "username", "password", "secret", "queue_capacity_max", "requests_per_command_max", "ssl_ca_certs",
        "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname", "sentinel_username", "sentinel_password", "sentinel_ssl",
        "sentinel_ssl_ca_certs", "sentinel_ssl_certfile", "sentinel_ssl_keyfile");
    Client.Builder builder = Client.builder(at.text("redis_url", redisUrl));
    if (patient || at.has("timeout_us")) builder.timeout(micros(at.number("timeout_us", 10_000_000)));
    // A server that was not scheduled for a second is slow, not away.
    if (patient || at.has("connect_timeout_us")) builder.connectTimeout(micros(at.number("connect_timeout_us", 10_000_000)));
    if (at.has("client_name")) builder.clientName(at.text("client_name"));
    if (at.has("username")) builder.username(at.text("username"));
    if (at.has("password")) builder.password(at.text("password"));
    if (at.has("secret")) builder.identitySecret(Fields.bytes(at.get("secret")));
    if (at.has("queue_capacity_max")) builder.queueCapacity(at.number("queue_capacity_max", 0));
    if (at.has("requests_per_command_max")) builder.requestsPerCommandMax((int) at.number("requests_per_command_max", 0));
    ways(at, builder);
    return builder.open();
  }

  /** The options of TLS and sentinels. */
  private static void ways(Fields at, Client.Builder builder) {
    if (at.has("ssl_ca_certs")) builder.sslCaCerts(Path.of(at.text("ssl_ca_certs")));
    if (at.has("ssl_certfile")) builder.sslCertfile(Path.of(at.text("ssl_certfile")));
    if (at.has("ssl_keyfile")) builder.sslKeyfile(Path.of(at.text("ssl_keyfile")));
    if (at.has("ssl_cert_reqs")) builder.sslCertReqs(SslCertReqs.valueOf(at.text("ssl_cert_reqs").toUpperCase(Locale.ROOT)));
    if (at.has("ssl_check_hostname")) builder.sslCheckHostname((Boolean) at.get("ssl_check_hostname"));
    if (at.has("sentinel_username")) builder.sentinelUsername(at.text("sentinel_username"));
    if (at.has("sentinel_password")) builder.sentinelPassword(at.text("sentinel_password"));
    if (at.has("sentinel_ssl")) builder.sentinelSsl((Boolean) at.get("sentinel_ssl"));
    if (at.has("sentinel_ssl_ca_certs")) builder.sentinelSslCaCerts(Path.of(at.text("sentinel_ssl_ca_certs")));
    if (at.has("sentinel_ssl_certfile")) builder.sentinelSslCertfile(Path.of(at.text("sentinel_ssl_certfile")));
    if (at.has("sentinel_ssl_keyfile")) builder.sentinelSslKeyfile(Path.of(at.text("sentinel_ssl_keyfile")));
  }

  /** {@code namespace} is for limiters that name none; null leaves the library's default. */
  static RateLimiter limiter(Client client, Object json, String namespace) {
    Fields policy = Fields.of(json, "limits", "namespace", "name", "fail_strategy");
    RateLimiterBuilder builder = policy(client, policy.list("limits"));
    if (policy.has("fail_strategy")) {
      builder.failStrategy(FailStrategy.valueOf(policy.text("fail_strategy").toUpperCase(Locale.ROOT)));
    }
    String chosen = policy.text("namespace", namespace);
    if (chosen != null) builder.namespace(chosen);
    if (policy.has("name")) builder.name(policy.text("name"));
    return builder.open();
  }

  static RateLimiterBuilder policy(Client client, List<Object> limits) {
    RateLimiterBuilder builder = RateLimiter.builder(client).failStrategy(FailStrategy.ERROR);
    for (Object json : limits) {
      Fields limit = Fields.of(json, "rate", "per_us", "burst", "name");
      builder.limit(new Limit(limit.number("rate", 0), micros(limit.number("per_us", 0)), limit.number("burst", 0),
          limit.text("name")));
    }
    return builder;
  }

  static RateLimiter tenAnHour(Client client) {
    return RateLimiter.builder(client).limit(10, Duration.ofHours(1)).failStrategy(FailStrategy.ERROR).open();
  }

  static AddressResolver resolver(Object json) {
    Fields options = Fields.of(json, "trust", "header", "hops", "networks", "ipv4_prefix_len", "ipv6_prefix_len");
    AddressResolver.Builder builder = AddressResolver.builder();
    if (options.has("trust")) builder.trust(AddressResolver.Trust.valueOf(options.text("trust").toUpperCase(Locale.ROOT)));
    if (options.has("header")) {
      builder.header(AddressResolver.ForwardHeader.valueOf(options.text("header").toUpperCase(Locale.ROOT).replace('-', '_')));
    }
    if (options.has("hops")) builder.hops((int) options.number("hops", 0));
    if (options.has("networks")) builder.networks(options.texts("networks"));
    if (options.has("ipv4_prefix_len")) builder.ipv4PrefixLength((int) options.number("ipv4_prefix_len", 0));
    if (options.has("ipv6_prefix_len")) builder.ipv6PrefixLength((int) options.number("ipv6_prefix_len", 0));
    return builder.open();
  }

  /** The decision of a case, whose limits in force are those of the limiter. */
  static Decision decision(List<Object> json, RateLimiter limiter) {
    long[] n = json.stream().mapToLong(Long.class::cast).toArray();
    Outcome outcome = n[1] == 0 ? null : Outcome.values()[(int) n[1] - 1];
    Status cause = java.util.Arrays.stream(Status.values()).filter(status -> status.code() == n[2]).findFirst().orElseThrow();
    List<LimitState> limits = limiter.limits().stream().map(limit -> new LimitState(limit.rate(), limit.per(),
        limit.burst() == 0 ? limit.rate() : limit.burst(), n[7], micros(n[10]))).toList();
    return new Decision(n[0] != 0, outcome, cause, Charged.values()[(int) n[3]], (int) n[4], (n[5] & 1) != 0, n[6], n[7], n[8],
        micros(n[9]), micros(n[10]), Instant.EPOCH.plus(n[11], ChronoUnit.MICROS), limits);
  }

  static String name(Status status) {
    return status == Status.OK ? "DRL_OK" : "DRL_ERR_" + status.name();
  }

  /** The status of a failure of the library; other failures are thrown on. */
  static Status statusOf(RuntimeException failure) {
    Throwable cause = failure instanceof java.util.concurrent.CompletionException ? failure.getCause() : failure;
    if (cause instanceof DrlException known) return known.status();
    if (cause instanceof DrlArgumentException known) return known.status();
    throw failure;
  }
}
