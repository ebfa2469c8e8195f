package libdrl;

/**
 * The answer to a request that is not served (RFC 9457).
 *
 * @param httpStatus 429 for a denied request, 503 for one refused without Redis, 200 for one that was allowed
 * @param body JSON, to be sent as {@link #CONTENT_TYPE}; empty for a request that was allowed
 */
public record Problem(int httpStatus, String body) {
  /** Media type of the body. */
  public static final String CONTENT_TYPE = "application/problem+json";
}
