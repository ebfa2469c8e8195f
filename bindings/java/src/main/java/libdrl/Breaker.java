package libdrl;

/** State of a client's circuit breaker. */
public enum Breaker {
  /** Calls go to Redis. */
  CLOSED,
  /** Calls are answered at once by the fail strategy. */
  OPEN,
  /** The same, while a probe is under way. */
  HALF_OPEN
}
