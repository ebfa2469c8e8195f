package libdrl;

/** How a request was decided. */
public enum Outcome {
  /** Redis charged the cost, or, for a cost of 0, looked. */
  ALLOWED,
  /** Too few tokens now; {@link Decision#retryAfter()} says when there will be enough. */
  DENIED,
  /** The cost is above the burst: no wait will help. */
  NEVER,
  /** Redis did not decide; the fail strategy set {@link Decision#allowed()}, {@link Decision#cause()} says why. */
  UNDECIDED
}
