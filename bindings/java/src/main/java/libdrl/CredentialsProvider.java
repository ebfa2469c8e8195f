package libdrl;

/**
 * Gives user name and password, such as a cloud's token of 15 minutes. It is asked whenever a connection to Redis is made, and in time
 * before what it gave expires: the connection is then authenticated again.
 *
 * <p>It is asked on a daemon thread of its own, one call at a time, and may block: no call of a limiter waits longer than its timeout for
 * it. Whatever it throws, null, what cannot be credentials, and an answer that takes longer than the connect timeout, is a login that
 * fails: decisions are degraded with {@link Status#AUTH}, the log and errors say what it said, which must hold no secret, and it is asked
 * again at the next attempt. What it refers to lives as long as the client.
 */
@FunctionalInterface
public interface CredentialsProvider {
  /**
   * Asks.
   *
   * @return user name and password
   * @throws Exception if they cannot be had
   */
  Credentials get() throws Exception;
}
