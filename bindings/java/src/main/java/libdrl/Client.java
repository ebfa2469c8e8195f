package libdrl;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
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
   * @param redisUrl such as {@code redis://user:password@host:6379/0} or {@code unix:///run/redis.sock?db=0}
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
    return new Builder(redisUrl);
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

  /** The options of a client; what is not set has its default. */
  public static final class Builder {
    private final String redisUrl;
    private Duration timeout;
    private Duration connectTimeout;
    private String clientName;
    private String username;
    private String password;
    private byte[] identitySecret;
    private long queueCapacity;
    private long asyncCapacity;
    private boolean spin = true;

    private Builder(String redisUrl) {
      this.redisUrl = Objects.requireNonNull(redisUrl, "redisUrl");
    }

    /**
     * Sets the deadline of a call, from queueing to reply.
     *
     * @param value a millisecond to an hour; the default is 100 ms
     * @return this builder
     */
    public Builder timeout(Duration value) {
      timeout = Objects.requireNonNull(value, "timeout");
      return this;
    }

    /**
     * Sets the deadline of connecting and logging in.
     *
     * @param value a millisecond to an hour; the default is 1 s
     * @return this builder
     */
    public Builder connectTimeout(Duration value) {
      connectTimeout = Objects.requireNonNull(value, "connectTimeout");
      return this;
    }

    /**
     * Sets the name that Redis lists the connection by.
     *
     * @param value printable ASCII without spaces, at most 64 characters
     * @return this builder
     */
    public Builder clientName(String value) {
      clientName = Objects.requireNonNull(value, "clientName");
      return this;
    }

    /**
     * Sets the user name, instead of the URL's.
     *
     * @param value the name
     * @return this builder
     */
    public Builder username(String value) {
      username = Objects.requireNonNull(value, "username");
      return this;
    }

    /**
     * Sets the password, instead of the URL's.
     *
     * @param value the password
     * @return this builder
     */
    public Builder password(String value) {
      password = Objects.requireNonNull(value, "password");
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
      identitySecret = Objects.requireNonNull(value, "identitySecret").clone();
      return this;
    }

    /**
     * Sets how many calls may wait or be in flight; more are answered at once by the fail strategy.
     *
     * @param calls 64 to 1048576; the default is 16384
     * @return this builder
     */
    public Builder queueCapacity(long calls) {
      queueCapacity = calls;
      return this;
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
      spin = value;
      return this;
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
      long[] opened = new long[1];
      Flat.clientOpen(Errors.utf8(redisUrl, "redisUrl"), optional(timeout, "timeout"), optional(connectTimeout, "connectTimeout"),
          Errors.utf8(clientName, "clientName"), Errors.utf8(username, "username"), Errors.utf8(password, "password"),
          identitySecret, queueCapacity, spin ? 0 : 1, opened);
      long futures = asyncCapacity != 0 ? asyncCapacity : queueCapacity != 0 ? queueCapacity : QUEUE_CAPACITY;
      return new Client(new ClientCore(opened[0], futures));
    }

    private static long optional(Duration value, String argument) {
      return value == null ? 0 : Errors.given(value, argument);
    }
  }
}
