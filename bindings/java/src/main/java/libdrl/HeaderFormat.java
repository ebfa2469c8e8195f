package libdrl;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/**
 * Which HTTP headers a decision becomes. Retry-After comes with every refusal that waiting can cure.
 *
 * @param styles which headers
 * @param resetAsEpoch whether X-RateLimit-Reset counts from 1970 and not from now
 * @param lowerCase whether names are in lower case, as HTTP/2 has them
 * @param retryJitter Retry-After grows by up to this much, so that the refused do not all return at once; at most a day
 */
public record HeaderFormat(Set<Style> styles, boolean resetAsEpoch, boolean lowerCase, Duration retryJitter) {
  /** A family of headers. */
  public enum Style {
    /** RateLimit-Policy and RateLimit, of draft-ietf-httpapi-ratelimit-headers-11. */
    DRAFT,
    /** RateLimit-Limit, -Remaining and -Reset, of the same draft up to its version 06. */
    LEGACY,
    /** X-RateLimit-Limit, -Remaining and -Reset: customary, never specified. */
    X,
    /** Cache-Control: no-store, on a refusal. */
    CACHE_CONTROL,
    /** Access-Control-Expose-Headers, naming the others, so that scripts may read them. */
    CORS
  }

  /** Draft and legacy headers. */
  public static final HeaderFormat DEFAULT = of(Style.DRAFT, Style.LEGACY);

  /**
   * Copies the set.
   *
   * @param styles which headers
   * @param resetAsEpoch whether X-RateLimit-Reset counts from 1970
   * @param lowerCase whether names are in lower case
   * @param retryJitter at most a day
   */
  public HeaderFormat {
    styles = Set.copyOf(Objects.requireNonNull(styles, "styles"));
    if (styles.isEmpty()) throw new DrlArgumentException(Status.OPTION, "styles must not be empty");
    Objects.requireNonNull(retryJitter, "retryJitter");
  }

  /**
   * These styles, and otherwise the defaults.
   *
   * @param first a style
   * @param others more of them
   * @return the format
   */
  public static HeaderFormat of(Style first, Style... others) {
    return new HeaderFormat(EnumSet.of(first, others), false, false, Duration.ZERO);
  }

  /**
   * This format, with X-RateLimit-Reset counted from 1970.
   *
   * @return the format
   */
  public HeaderFormat withResetAsEpoch() {
    return new HeaderFormat(styles, true, lowerCase, retryJitter);
  }

  /**
   * This format, with names in lower case.
   *
   * @return the format
   */
  public HeaderFormat withLowerCase() {
    return new HeaderFormat(styles, resetAsEpoch, true, retryJitter);
  }

  /**
   * This format, with a jitter.
   *
   * @param jitter at most a day
   * @return the format
   */
  public HeaderFormat withRetryJitter(Duration jitter) {
    return new HeaderFormat(styles, resetAsEpoch, lowerCase, jitter);
  }

  int styleBits() {
    int bits = 0;
    for (Style style : styles) bits |= 1 << style.ordinal();
    return bits;
  }
}
