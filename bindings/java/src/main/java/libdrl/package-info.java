/**
 * Distributed rate limiting on Redis. Begin with {@link libdrl.RateLimiter}; {@link libdrl.servlet.RateLimitFilter} is the filter for
 * web applications.
 *
 * <p>Every decision is taken inside Redis, atomically and by Redis's own clock, in one round trip. The buckets are the same as those
 * of the library's other languages.
 */
package libdrl;
