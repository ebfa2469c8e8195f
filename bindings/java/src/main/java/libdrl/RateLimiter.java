package libdrl;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * One to eight limits that are charged all together or not at all, for any number of identities.
 *
 * <pre>{@code
 * try (RateLimiter limiter = RateLimiter.open("redis://localhost:6379/0", Limit.perMinute(100))) {
 *   Decision decision = limiter.allow("user_123");
 *   if (decision.allowed()) serve();
 *   else refuse(decision.retryAfter());
 * }
 * }</pre>
 *
 * <p>An identity is 1 to 65536 bytes, or a String, which stands for its UTF-8. It never leaves the process unhashed. A cost is 0 to
 * 10^12 tokens, 1 where none is given.
 *
 * <p>All methods may be called from any thread, and block at most for the client's timeout; the asynchronous ones do not block. To
 * interrupt a thread does not end its blocking call. Null is a {@link NullPointerException} and any other wrong argument a
 * {@link DrlArgumentException}, both naming it; a closed limiter or client is a {@link DrlException} of {@link Status#CLOSED}.
 */
public final class RateLimiter implements AutoCloseable {
  static final int REQUESTS_MAX = 4096;

  private final Client client;
  private final Handle handle;
  private final List<Limit> limits;
  private final FailStrategy failStrategy;
  private final Cleaner.Cleanable cleanable;

  /** {@code whenClosed} runs after the limiter was closed; it must not refer to it. */
  RateLimiter(Client client, long pointer, List<Limit> limits, FailStrategy failStrategy, Runnable whenClosed) {
    this.client = client;
    this.limits = limits;
    this.failStrategy = failStrategy;
    Handle owned = new Handle(pointer, "limiter", Flat::limiterClose);
    this.handle = owned;
    this.cleanable = Cleanup.register(this, () -> {
      owned.close();
      whenClosed.run();
    });
  }

  /**
   * Opens a limiter. Limiters that are opened with the same URL share one client, which is closed with the last of them; for TLS, Sentinel
   * and logins beyond the URL see {@link Client.Builder}.
   *
   * @param redisUrl as for {@link Client#open}
   * @param limits the policy
   * @return the limiter, to be closed
   */
  public static RateLimiter open(String redisUrl, Limit... limits) {
    return builder(redisUrl).limits(List.of(limits)).open();
  }

  /**
   * Begins a limiter with options, on the client that all limiters of this URL and {@link RateLimiterBuilder#credentials provider} share.
   *
   * @param redisUrl as for {@link Client#open}
   * @return the builder
   */
  public static RateLimiterBuilder builder(String redisUrl) {
    return new RateLimiterBuilder(null, Objects.requireNonNull(redisUrl, "redisUrl"));
  }

  /**
   * Begins a limiter with options, on a client of your own.
   *
   * @param client which you close
   * @return the builder
   */
  public static RateLimiterBuilder builder(Client client) {
    return new RateLimiterBuilder(Objects.requireNonNull(client, "client"), null);
  }

  // ---- Blocking calls ----

  /**
   * Takes one token from the buckets of an identity, now or not at all.
   *
   * @param identity whose
   * @return the answer
   */
  public Decision allow(String identity) {
    return allow(bytes(identity), 1);
  }

  /**
   * Takes tokens from the buckets of an identity, now or not at all.
   *
   * @param identity whose
   * @param cost how many; 0 looks and takes nothing
   * @return the answer
   */
  public Decision allow(String identity, long cost) {
    return allow(bytes(identity), cost);
  }

  /**
   * Takes tokens from the buckets of an identity, now or not at all.
   *
   * @param identity whose; read during the call only
   * @param cost how many; 0 looks and takes nothing
   * @return the answer
   */
  public Decision allow(byte[] identity, long cost) {
    Objects.requireNonNull(identity, "identity");
    long[] numbers = new long[Decision.length(limits.size())];
    long pointer = handle.acquire();
    try {
      Flat.allow(pointer, identity, cost, numbers);
    } finally {
      handle.release();
      Reference.reachabilityFence(this);
    }
    return Decision.of(numbers, 0);
  }

  /**
   * Looks at the buckets of an identity and takes nothing.
   *
   * @param identity whose
   * @return the answer that a request of no cost would have
   */
  public Decision peek(String identity) {
    return allow(bytes(identity), 0);
  }

  /**
   * Looks at the buckets of an identity and takes nothing.
   *
   * @param identity whose; read during the call only
   * @return the answer that a request of no cost would have
   */
  public Decision peek(byte[] identity) {
    return allow(identity, 0);
  }

  /**
   * Forgets an identity: its buckets are full again.
   *
   * @param identity whose
   * @throws DrlException if Redis did not do it, whatever the fail strategy
   */
  public void reset(String identity) {
    reset(bytes(identity));
  }

  /**
   * Forgets an identity: its buckets are full again.
   *
   * @param identity whose; read during the call only
   * @throws DrlException if Redis did not do it, whatever the fail strategy
   */
  public void reset(byte[] identity) {
    Objects.requireNonNull(identity, "identity");
    long pointer = handle.acquire();
    try {
      Flat.reset(pointer, identity);
    } finally {
      handle.release();
      Reference.reachabilityFence(this);
    }
  }

  /**
   * Decides many independent requests in one round trip, as {@link #allow} would one after the other. All are checked before any is
   * sent.
   *
   * @param requests 1 to 4096 of them
   * @return the answers, in their order
   */
  public List<Decision> allowMany(Collection<Request> requests) {
    Objects.requireNonNull(requests, "requests");
    Request[] all = requests.toArray(new Request[0]);
    if (all.length < 1 || all.length > REQUESTS_MAX) {
      throw new DrlArgumentException(Status.CAPACITY, "requests are " + all.length + ", must be 1 to " + REQUESTS_MAX);
    }
    long[] costs = new long[all.length];
    byte[] packed = Request.pack(all, costs);
    long[] numbers = new long[all.length * Decision.LENGTH];
    long pointer = handle.acquire();
    try {
      long clientPointer = client.core().handle().acquire();
      try {
        Flat.allowMany(clientPointer, pointer, packed, costs, numbers);
      } finally {
        client.core().handle().release();
      }
    } finally {
      handle.release();
      Reference.reachabilityFence(this);
    }
    List<Decision> decisions = new ArrayList<>(all.length);
    for (int i = 0; i < all.length; i++) decisions.add(Decision.of(numbers, i * Decision.LENGTH));
    return Collections.unmodifiableList(decisions);
  }

  // ---- Asynchronous calls ----

  /**
   * As {@link #allow(String)}, without waiting.
   *
   * @param identity whose
   * @return the answer to come; see {@link #allowAsync(byte[], long)}
   */
  public CompletableFuture<Decision> allowAsync(String identity) {
    return allowAsync(bytes(identity), 1);
  }

  /**
   * As {@link #allow(String, long)}, without waiting.
   *
   * @param identity whose
   * @param cost how many
   * @return the answer to come; see {@link #allowAsync(byte[], long)}
   */
  public CompletableFuture<Decision> allowAsync(String identity, long cost) {
    return allowAsync(bytes(identity), cost);
  }

  /**
   * As {@link #allow(byte[], long)}, without waiting and without a thread of its own: one thread of the client completes all futures.
   * What you attach without an executor runs on that thread, or on yours: it should not block, and must not wait for another of
   * these futures. A wrong argument is thrown at once; every other failure is the future's.
   *
   * <p>Cancelling the future cancels the call, and so does whatever else ends it early, such as {@code orTimeout}: what had not been
   * sent to Redis is never sent; what had been, may have been charged.
   *
   * @param identity whose; copied
   * @param cost how many
   * @return the answer to come, within the client's timeout
   */
  public CompletableFuture<Decision> allowAsync(byte[] identity, long cost) {
    Objects.requireNonNull(identity, "identity");
    return submit(new PendingCall<>(this, Decision::of), identity, cost, false);
  }

  /**
   * As {@link #reset(String)}, without waiting.
   *
   * @param identity whose
   * @return completes when Redis did it
   */
  public CompletableFuture<Void> resetAsync(String identity) {
    return resetAsync(bytes(identity));
  }

  /**
   * As {@link #reset(byte[])}, without waiting.
   *
   * @param identity whose; copied
   * @return completes when Redis did it
   */
  public CompletableFuture<Void> resetAsync(byte[] identity) {
    Objects.requireNonNull(identity, "identity");
    return submit(new PendingCall<>(this, (numbers, at) -> null), identity, 0, true);
  }

  private <T> CompletableFuture<T> submit(PendingCall<T> call, byte[] identity, long cost, boolean reset) {
    Pump pump;
    try {
      pump = client.core().pump();
    } catch (DrlException failure) {
      return CompletableFuture.failedFuture(failure);
    }
    return pump.submit(call, handle, identity, cost, reset);
  }

  // ---- HTTP ----

  /**
   * The HTTP headers of a decision of this limiter, in {@link HeaderFormat#DEFAULT}.
   *
   * @param decision of this limiter
   * @return values by name, in the order in which to send them
   */
  public Map<String, String> headers(Decision decision) {
    return headers(decision, HeaderFormat.DEFAULT);
  }

  /**
   * The HTTP headers of a decision of this limiter.
   *
   * @param decision of this limiter
   * @param format which headers
   * @return values by name, in the order in which to send them
   */
  public Map<String, String> headers(Decision decision, HeaderFormat format) {
    long[] numbers = Objects.requireNonNull(decision, "decision").numbers();
    Objects.requireNonNull(format, "format");
    long pointer = handle.acquire();
    byte[] lines;
    try {
      lines = Flat.headers(pointer, numbers, format.styleBits(), format.resetAsEpoch() ? 1 : 0, format.lowerCase() ? 1 : 0,
          Errors.micros(format.retryJitter(), "retryJitter"));
    } finally {
      handle.release();
      Reference.reachabilityFence(this);
    }
    Map<String, String> headers = new LinkedHashMap<>();
    new String(lines, StandardCharsets.US_ASCII).lines().forEach(line -> {
      int colon = line.indexOf(": ");
      headers.put(line.substring(0, colon), line.substring(colon + 2));
    });
    return Collections.unmodifiableMap(headers);
  }

  /**
   * The status and body of the answer to a request that is not served.
   *
   * @param decision of this limiter
   * @return the answer; for a request that was allowed it is 200 and has no body
   */
  public Problem problem(Decision decision) {
    long[] numbers = Objects.requireNonNull(decision, "decision").numbers();
    int[] status = new int[1];
    long pointer = handle.acquire();
    try {
      byte[] body = Flat.problem(pointer, numbers, status);
      return new Problem(status[0], new String(body, StandardCharsets.UTF_8));
    } finally {
      handle.release();
      Reference.reachabilityFence(this);
    }
  }

  // ---- The rest ----

  /**
   * The client of this limiter, for its {@link Client#stats() stats} and {@link Client#metrics() metrics}.
   *
   * @return the client; of a limiter that was opened with a URL it is shared, and not yours to close
   */
  public Client client() {
    return client;
  }

  /**
   * The limits of this limiter, in the order of {@link Decision#binding}.
   *
   * @return the limits
   */
  public List<Limit> limits() {
    return limits;
  }

  FailStrategy failStrategy() {
    return failStrategy;
  }

  /**
   * The key in Redis of one identity, for those who look into Redis. It holds no identity, only its digest.
   *
   * @param identity whose
   * @return the key; Redis is not asked
   */
  public String key(String identity) {
    return key(bytes(identity));
  }

  /**
   * The key in Redis of one identity, for those who look into Redis. It holds no identity, only its digest.
   *
   * @param identity whose; read during the call only
   * @return the key; Redis is not asked
   */
  public String key(byte[] identity) {
    Objects.requireNonNull(identity, "identity");
    long pointer = handle.acquire();
    try {
      return new String(Flat.key(pointer, identity), StandardCharsets.US_ASCII);
    } finally {
      handle.release();
      Reference.reachabilityFence(this);
    }
  }

  /** Closes the limiter. Calls under way still complete. The second time it does nothing. */
  @Override
  public void close() {
    cleanable.clean();
  }

  private static byte[] bytes(String identity) {
    return Objects.requireNonNull(identity, "identity").getBytes(StandardCharsets.UTF_8);
  }
}
