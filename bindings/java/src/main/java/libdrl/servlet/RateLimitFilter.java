package libdrl.servlet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import libdrl.AddressResolver;
import libdrl.Charged;
import libdrl.Decision;
import libdrl.DrlException;
import libdrl.HeaderFormat;
import libdrl.LimitState;
import libdrl.Outcome;
import libdrl.Problem;
import libdrl.RateLimiter;
import libdrl.Status;

/**
 * Limits the requests of a web application. An allowed request goes on, its response with RateLimit headers; any other is answered
 * here: 429 where there are too few tokens, 503 where Redis is away and the limiter fails closed (or with an error), both with a
 * problem body (RFC 9457) and Retry-After.
 *
 * <pre>{@code
 * RateLimiter limiter = RateLimiter.open("redis://localhost:6379/0", Limit.perMinute(100));
 * Filter filter = RateLimitFilter.builder(limiter)
 *     .identity(request -> request.getHeader("X-Api-Key"))
 *     .cost(request -> request.getRequestURI().startsWith("/reports") ? 20 : 1)
 *     .skip(request -> request.getRequestURI().equals("/health"))
 *     .build();
 * }</pre>
 *
 * <p>A request is charged once, when it arrives: not when it is forwarded, included or dispatched again. The limiters stay yours to
 * close, after the filter's last request.
 */
public final class RateLimitFilter implements Filter {
  private final Function<? super HttpServletRequest, RateLimiter> limiter;
  private final Function<? super HttpServletRequest, String> identity;
  private final ToLongFunction<? super HttpServletRequest> cost;
  private final Predicate<? super HttpServletRequest> skip;
  private final HeaderFormat headers;
  private final AddressResolver resolver;

  private RateLimitFilter(Builder from) {
    limiter = from.limiter;
    identity = from.identity;
    cost = from.cost;
    skip = from.skip;
    headers = from.headers;
    resolver = from.resolver != null ? from.resolver : AddressResolver.builder().open();
  }

  /**
   * Begins a filter with one policy for all requests.
   *
   * @param limiter the policy
   * @return the builder
   */
  public static Builder builder(RateLimiter limiter) {
    Objects.requireNonNull(limiter, "limiter");
    return new Builder(request -> limiter);
  }

  /**
   * Begins a filter that chooses the policy by the request.
   *
   * @param limiter gives the policy of a request; null: the request is not limited
   * @return the builder
   */
  public static Builder builder(Function<? super HttpServletRequest, RateLimiter> limiter) {
    return new Builder(Objects.requireNonNull(limiter, "limiter"));
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain) throws IOException, ServletException {
    if (request instanceof HttpServletRequest http && response instanceof HttpServletResponse answer
        && request.getDispatcherType() == DispatcherType.REQUEST && !skip.test(http)) {
      RateLimiter policy = limiter.apply(http);
      if (policy != null && !serve(http, answer, policy)) return;
    }
    chain.doFilter(request, response);
  }

  /** Writes the headers, and for a refused request the rest of the response too. True: the request may go on. */
  private boolean serve(HttpServletRequest request, HttpServletResponse response, RateLimiter policy) throws IOException {
    Decision decision = decide(policy, identityOf(request), cost.applyAsLong(request));
    policy.headers(decision, headers).forEach(response::setHeader);
    if (decision.allowed()) return true;
    refuse(response, policy.problem(decision));
    return false;
  }

  /** What a filter before this one has only buffered is replaced; what it has begun to send is left alone, for nothing fits behind it. */
  private static void refuse(HttpServletResponse response, Problem problem) throws IOException {
    if (response.isCommitted()) return;
    byte[] body = problem.body().getBytes(StandardCharsets.US_ASCII);
    response.resetBuffer();
    response.setStatus(problem.httpStatus());
    response.setContentType(Problem.CONTENT_TYPE);
    response.setContentLength(body.length);
    try {
      response.getOutputStream().write(body);
    } catch (IllegalStateException writerIsInUse) {
      response.getWriter().print(problem.body());
    }
  }

  /** With the fail strategy "error" too, a request is refused, not broken, because Redis is away. */
  private static Decision decide(RateLimiter policy, String identity, long cost) {
    try {
      return policy.allow(identity, cost);
    } catch (DrlException failure) {
      if (failure.status().code() < Status.TIMEOUT.code() || failure.status().code() >= Status.CLOSED.code()) throw failure;
      return new Decision(false, Outcome.UNDECIDED, failure.status(), Charged.UNKNOWN, 0, true, 0, 0, cost, Duration.ZERO,
          Duration.ZERO, Instant.EPOCH, policy.limits().stream().map(LimitState::unknown).toList());
    }
  }

  private String identityOf(HttpServletRequest request) {
    String given = identity.apply(request);
    return given != null && !given.isEmpty() ? given : addressOf(request);
  }

  private String addressOf(HttpServletRequest request) {
    List<String> lines = List.of();
    if (!resolver.header().isEmpty()) {
      var values = request.getHeaders(resolver.header());
      if (values != null) lines = Collections.list(values);
    }
    return resolver.resolve(request.getRemoteAddr(), lines);
  }

  /** The options of a filter; what is not set has its default. */
  public static final class Builder {
    private final Function<? super HttpServletRequest, RateLimiter> limiter;
    private Function<? super HttpServletRequest, String> identity = request -> null;
    private ToLongFunction<? super HttpServletRequest> cost = request -> 1;
    private Predicate<? super HttpServletRequest> skip = request -> false;
    private HeaderFormat headers = HeaderFormat.DEFAULT;
    private AddressResolver resolver;

    private Builder(Function<? super HttpServletRequest, RateLimiter> limiter) {
      this.limiter = limiter;
    }

    /**
     * Sets who is limited. Where it gives null or "", as everywhere by default, it is the client's address.
     *
     * @param function gives the identity of a request, such as its API key or user; one that a stranger may choose freely, such as
     *     an unchecked header, limits nobody
     * @return this builder
     */
    public Builder identity(Function<? super HttpServletRequest, String> function) {
      identity = Objects.requireNonNull(function, "identity");
      return this;
    }

    /**
     * Sets what a request costs; 1 by default.
     *
     * @param function gives the cost of a request
     * @return this builder
     */
    public Builder cost(ToLongFunction<? super HttpServletRequest> function) {
      cost = Objects.requireNonNull(function, "cost");
      return this;
    }

    /**
     * Sets which requests are not limited; none by default.
     *
     * @param predicate true for those
     * @return this builder
     */
    public Builder skip(Predicate<? super HttpServletRequest> predicate) {
      skip = Objects.requireNonNull(predicate, "skip");
      return this;
    }

    /**
     * Sets which headers responses have.
     *
     * @param format the default is {@link HeaderFormat#DEFAULT}
     * @return this builder
     */
    public Builder headers(HeaderFormat format) {
      headers = Objects.requireNonNull(format, "headers");
      return this;
    }

    /**
     * Sets how client addresses are found. By default no proxy is trusted: the client is the peer of the socket. Leave the container's
     * own rewriting (RemoteIpValve, ForwardedHeaderFilter) off, or this on its default.
     *
     * @param addresses yours to close
     * @return this builder
     */
    public Builder addresses(AddressResolver addresses) {
      resolver = Objects.requireNonNull(addresses, "addresses");
      return this;
    }

    /**
     * Builds the filter.
     *
     * @return the filter
     */
    public RateLimitFilter build() {
      return new RateLimitFilter(this);
    }
  }
}
