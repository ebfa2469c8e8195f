package libdrl;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * The connection to one Redis deployment, shared by any number of limiters and threads. Redis need not be reachable when it opens:
 * until it is, decisions are degraded.
 *
 * <pre>{@code
 * try (Client client = Client.open("redis://localhost:6379/0");
 *     RateLimiter perUser = RateLimiter.builder(client).limit(100, Duration.ofMinutes(1)).name("user").open();
 *     RateLimiter perAddress = RateLimiter.builder(client).limit(20, Duration.ofSeconds(1)).name("address").open()) {
 *   ...
 * }
 * }</pre>
 *
 * <p>All methods may be called from any thread.
 */
public final class Client implements AutoCloseable {
  private static final int QUEUE_CAPACITY = 16384; // the library's default
  private static final int METRICS_SIZE = 64 * 1024;
  private static final int METRICS_SIZE_MAX = 64 * 1024 * 1024;

  private final ClientCore core;
  private final Cleaner.Cleanable cleanable;

  private Client(ClientCore core) {
    this.core = core;
    this.cleanable = Cleanup.register(this, core::close);
  }

  /**
   * Opens a client with all defaults.
   *
   * @param redisUrl such as {@code redis://user:password@host:6379/0}, {@code rediss://} for TLS, {@code redis+sentinel://host,host/master/0},
   *     {@code rediss+sentinel://} for TLS, or {@code unix:///run/redis.sock?db=0}
   * @return the client, to be closed
   */
  public static Client open(String redisUrl) {
    return builder(redisUrl).open();
  }

  /**
   * Begins a client with options.
   *
   * @param redisUrl as for {@link #open}
   * @return the builder
   */
  public static Builder builder(String redisUrl) {
    return new Builder(Objects.requireNonNull(redisUrl, "redisUrl"));
  }

  ClientCore core() {
    return core;
  }

  /**
   * The counters of this client.
   *
   * @return a snapshot
   */
  public Stats stats() {
    long[] numbers = new long[Stats.LENGTH];
    long pointer = core.handle().acquire();
    try {
      Flat.clientStats(pointer, numbers);
    } finally {
      core.handle().release();
      Reference.reachabilityFence(this);
    }
    return Stats.of(numbers);
  }

  /**
   * The counters as Prometheus text (version 0.0.4), those of decisions by namespace and name of the limiter.
   *
   * @return the text, each line ended by a line feed
   */
  public String metrics() {
    long pointer = core.handle().acquire();
    try {
      for (int size = METRICS_SIZE;; size *= 2) {
        try {
          return new String(Flat.clientMetrics(pointer, size), StandardCharsets.UTF_8);
        } catch (DrlArgumentException tooSmall) {
          if (tooSmall.status() != Status.BUFFER || size >= METRICS_SIZE_MAX) throw tooSmall;
        }
      }
    } finally {
      core.handle().release();
      Reference.reachabilityFence(this);
    }
  }

  /** Whether {@link #close} was called. */
  boolean isClosed() {
    return core.handle().isClosed();
  }

  /**
   * Closes the connection. Calls that wait end with a {@link DrlException} of {@link Status#CLOSED}, and so do later ones. The second
   * time it does nothing.
   */
  @Override
  public void close() {
    cleanable.clean();
  }

  /**
   * The options of a client; what is not set has its default. Most are also parameters of the URL, by their names in C, such as
   * {@code ?timeout=250ms}. Those of TLS need {@code rediss://}, those of sentinels {@code redis+sentinel://} or
   * {@code rediss+sentinel://}. Files are PEM; they are read when the client opens, to find mistakes, and again for each connection.
   */
  public static final class Builder {
    private final ClientOptions options = new ClientOptions();
    private CredentialsProvider credentials;
    private long queueCapacity;
    private long asyncCapacity;

    private Builder(String redisUrl) {
      options.set("redis_url", "redisUrl", redisUrl);
    }

    private Builder set(String name, String argument, Object value) {
      options.set(name, argument, value);
      return this;
    }

    /**
     * Sets the deadline of a call, from queueing to reply.
     *
     * @param value a millisecond to an hour; the default is 100 ms
     * @return this builder
     */
    public Builder timeout(Duration value) {
      return set("timeout_us", "timeout", value);
    }

    /**
     * Sets the deadline of connecting and logging in.
     *
     * @param value a millisecond to an hour; the default is 1 s
     * @return this builder
     */
    public Builder connectTimeout(Duration value) {
      return set("connect_timeout_us", "connectTimeout", value);
    }

    /**
     * Sets the name that Redis lists the connection by.
     *
     * @param value printable ASCII without spaces, at most 64 characters
     * @return this builder
     */
    public Builder clientName(String value) {
      return set("client_name", "clientName", value);
    }

    /**
     * Sets the user name, instead of the URL's.
     *
     * @param value the name
     * @return this builder
     */
    public Builder username(String value) {
      return set("username", "username", value);
    }

    /**
     * Sets the password, instead of the URL's.
     *
     * @param value the password
     * @return this builder
     */
    public Builder password(String value) {
      return set("password", "password", value);
    }

    /**
     * Sets who gives user name and password, instead of those.
     *
     * @param value whom to ask
     * @return this builder
     */
    public Builder credentials(CredentialsProvider value) {
      credentials = Objects.requireNonNull(value, "credentials");
      return this;
    }

    /**
     * Sets the key of an HMAC by which identities are hashed; every process that shares buckets needs the same. Without one, short
     * identities such as addresses can be guessed from the keys in Redis.
     *
     * @param value 16 to 1024 bytes
     * @return this builder
     */
    public Builder identitySecret(byte[] value) {
      return set("identity_secret", "identitySecret", Objects.requireNonNull(value, "identitySecret").clone());
    }

    /**
     * Sets how many calls may wait or be in flight; more are answered at once by the fail strategy.
     *
     * @param calls 64 to 1048576; the default is 16384
     * @return this builder
     */
    public Builder queueCapacity(long calls) {
      queueCapacity = calls;
      return set("queue_capacity_max", "queueCapacity", calls);
    }

    /**
     * Sets how many asynchronous calls may be under way; more are answered at once by the fail strategy, with
     * {@link Status#QUEUE_FULL}.
     *
     * @param calls 1 to 1048576; the default is that of {@link #queueCapacity}, or what was set there
     * @return this builder
     */
    public Builder asyncCapacity(long calls) {
      asyncCapacity = calls;
      return this;
    }

    /**
     * Sets whether a waiting thread spins for a few microseconds before it sleeps (the default). It saves much latency for a little
     * processor time.
     *
     * @param value whether to
     * @return this builder
     */
    public Builder spin(boolean value) {
      return set("spin", "spin", value ? 0 : 1);
    }

    /**
     * Sets whether a thread that waits alone does the library's work for its own call (the default), for latency.
     *
     * @param value whether to
     * @return this builder
     */
    public Builder drive(boolean value) {
      return set("drive", "drive", value ? 0 : 1);
    }

    /**
     * Sets how many decisions travel in one command; 1 is for a proxy that shards keys over single servers.
     *
     * @param most 1 to 64; the default is 64
     * @return this builder
     */
    public Builder requestsPerCommandMax(int most) {
      return set("requests_per_command_max", "requestsPerCommandMax", most);
    }

    /**
     * Sets whom to trust.
     *
     * @param value a file of certificates, with revocation lists if there are any, or a directory of them by hash (openssl rehash); the
     *     default is the system's
     * @return this builder
     */
    public Builder sslCaCerts(Path value) {
      return set("ssl_ca_certs", "sslCaCerts", value);
    }

    /**
     * Sets the client's certificate.
     *
     * @param value a file with it and its chain; the default is none
     * @return this builder
     */
    public Builder sslCertfile(Path value) {
      return set("ssl_certfile", "sslCertfile", value);
    }

    /**
     * Sets the key of the client's certificate.
     *
     * @param value a file with it, not encrypted; the default is that of {@link #sslCertfile}
     * @return this builder
     */
    public Builder sslKeyfile(Path value) {
      return set("ssl_keyfile", "sslKeyfile", value);
    }

    /**
     * Sets whether the server's certificate is verified.
     *
     * @param value the default is {@link SslCertReqs#REQUIRED}
     * @return this builder
     */
    public Builder sslCertReqs(SslCertReqs value) {
      return set("ssl_cert_reqs", "sslCertReqs", Objects.requireNonNull(value, "sslCertReqs").ordinal());
    }

    /**
     * Sets whether the certificate must be one of that server's name or address (the default); else that is logged.
     *
     * @param value whether it must
     * @return this builder
     */
    public Builder sslCheckHostname(boolean value) {
      return set("ssl_check_hostname", "sslCheckHostname", value ? 0 : 1);
    }

    /**
     * Sets the user name at the sentinels; the other is the master's.
     *
     * @param value the name
     * @return this builder
     */
    public Builder sentinelUsername(String value) {
      return set("sentinel_username", "sentinelUsername", value);
    }

    /**
     * Sets the password at the sentinels; the other is the master's.
     *
     * @param value the password
     * @return this builder
     */
    public Builder sentinelPassword(String value) {
      return set("sentinel_password", "sentinelPassword", value);
    }

    /**
     * Sets whether connections to the sentinels are encrypted; by default they are as the URL's scheme says of the master.
     *
     * @param value whether
     * @return this builder
     */
    public Builder sentinelSsl(boolean value) {
      return set("sentinel_ssl", "sentinelSsl", value ? 1 : 2);
    }

    /**
     * Sets {@link #sslCaCerts} for the sentinels, where it differs.
     *
     * @param value a file or a directory
     * @return this builder
     */
    public Builder sentinelSslCaCerts(Path value) {
      return set("sentinel_ssl_ca_certs", "sentinelSslCaCerts", value);
    }

    /**
     * Sets {@link #sslCertfile} for the sentinels, where it differs.
     *
     * @param value a file
     * @return this builder
     */
    public Builder sentinelSslCertfile(Path value) {
      return set("sentinel_ssl_certfile", "sentinelSslCertfile", value);
    }

    /**
     * Sets {@link #sslKeyfile} for the sentinels, where it differs.
     *
     * @param value a file
     * @return this builder
     */
    public Builder sentinelSslKeyfile(Path value) {
      return set("sentinel_ssl_keyfile", "sentinelSslKeyfile", value);
    }

    /**
     * Opens the client. It does not wait for Redis.
     *
     * @return the client, to be closed
     * @throws DrlArgumentException if an option is wrong
     */
    public Client open() {
      if (asyncCapacity < 0 || asyncCapacity > 1 << 20) {
        throw new DrlArgumentException(Status.CAPACITY, "asyncCapacity is " + asyncCapacity + ", must be 1..1048576 calls");
      }
      byte[] packed = options.pack();
      long mailbox = credentials == null ? 0 : CredentialsThread.start(credentials);
      long[] opened = new long[1];
      Flat.clientOpen(packed, mailbox, opened);
      long futures = asyncCapacity != 0 ? asyncCapacity : queueCapacity != 0 ? queueCapacity : QUEUE_CAPACITY;
      return new Client(new ClientCore(opened[0], futures, mailbox));
    }
  }
}
