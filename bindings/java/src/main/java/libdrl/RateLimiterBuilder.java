package libdrl;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/** The options of a limiter; what is not set has its default. Begun by {@link RateLimiter#builder(String)}. */
public final class RateLimiterBuilder {
  private final Client client;
  private final String url;
  private final List<Limit> limits = new ArrayList<>();
  private String namespace;
  private String name;
  private FailStrategy failStrategy = FailStrategy.OPEN;
  private CredentialsProvider credentials;

  RateLimiterBuilder(Client client, String url) {
    this.client = client;
    this.url = url;
  }

  /**
   * Adds a limit.
   *
   * @param rate tokens
   * @param per in this time
   * @return this builder
   */
  public RateLimiterBuilder limit(long rate, Duration per) {
    return limit(Limit.of(rate, per));
  }

  /**
   * Adds a limit.
   *
   * @param limit one more
   * @return this builder
   */
  public RateLimiterBuilder limit(Limit limit) {
    limits.add(Objects.requireNonNull(limit, "limit"));
    return this;
  }

  /**
   * Adds limits. A request is charged to all of them or to none.
   *
   * @param more limits; 1 to 8 altogether
   * @return this builder
   */
  public RateLimiterBuilder limits(Collection<Limit> more) {
    Objects.requireNonNull(more, "limits").forEach(this::limit);
    return this;
  }

  /**
   * Sets the namespace of the keys in Redis. Limiters of the same namespace, name and limits share their buckets, in every process
   * and language; with other limits they have buckets of their own.
   *
   * @param value printable ASCII without braces and spaces, at most 64 characters; the default is "default"
   * @return this builder
   */
  public RateLimiterBuilder namespace(String value) {
    namespace = Objects.requireNonNull(value, "namespace");
    return this;
  }

  /**
   * Sets the name that tells limiters of one namespace apart. Give each limiter of an application one.
   *
   * @param value as for the namespace; the default is none
   * @return this builder
   */
  public RateLimiterBuilder name(String value) {
    name = Objects.requireNonNull(value, "name");
    return this;
  }

  /**
   * Sets what a request is answered when Redis does not decide.
   *
   * @param value the default is {@link FailStrategy#OPEN}
   * @return this builder
   */
  public RateLimiterBuilder failStrategy(FailStrategy value) {
    failStrategy = Objects.requireNonNull(value, "failStrategy");
    return this;
  }

  /**
   * Sets who gives user name and password to the client of the URL. Only limiters with the same URL and the same provider share a client.
   *
   * @param value whom to ask
   * @return this builder
   * @throws DrlArgumentException if the limiter has a client of your own
   */
  public RateLimiterBuilder credentials(CredentialsProvider value) {
    if (client != null) throw new DrlArgumentException(Status.OPTION, "credentials belong to the client, which was given");
    credentials = Objects.requireNonNull(value, "credentials");
    return this;
  }

  /**
   * Opens the limiter. It does not wait for Redis.
   *
   * @return the limiter, to be closed
   * @throws DrlArgumentException if an option is wrong
   */
  public RateLimiter open() {
    List<Limit> policy = List.copyOf(limits);
    if (client != null) return new RateLimiter(client, openOn(client, policy), policy, failStrategy, () -> {});
    SharedClients.Key shared = new SharedClients.Key(url, credentials);
    Client opened = SharedClients.acquire(shared);
    try {
      return new RateLimiter(opened, openOn(opened, policy), policy, failStrategy, () -> SharedClients.release(shared));
    } catch (RuntimeException | Error failure) {
      SharedClients.release(shared);
      throw failure;
    }
  }

  private long openOn(Client target, List<Limit> policy) {
    long[] numbers = new long[3 * policy.size()];
    StringBuilder names = new StringBuilder();
    for (int i = 0; i < policy.size(); i++) {
      Limit limit = policy.get(i);
      numbers[3 * i] = limit.rate();
      numbers[3 * i + 1] = Errors.micros(limit.per(), "per");
      numbers[3 * i + 2] = limit.burst();
      if (i > 0) names.append('\n');
      if (limit.name() != null) names.append(checked(limit.name(), i));
    }
    long[] opened = new long[1];
    long pointer = target.core().handle().acquire();
    try {
      Flat.limiterOpen(pointer, Errors.utf8(namespace, "namespace"), Errors.utf8(name, "name"), failStrategy.code(), numbers,
          Errors.utf8(names.toString(), "name"), opened);
    } finally {
      target.core().handle().release();
    }
    return opened[0];
  }

  /** The shim joins names by line feeds. */
  private static String checked(String limitName, int index) {
    if (limitName.isEmpty() || limitName.indexOf('\n') >= 0) {
      throw new DrlArgumentException(Status.NAME, "limits[" + index + "].name must be printable ASCII and not empty");
    }
    return limitName;
  }
}
