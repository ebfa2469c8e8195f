package libdrl;

/** What {@link Decision#allowed()} says when Redis does not decide. */
public enum FailStrategy {
  /** Serve (the default). */
  OPEN,
  /** Do not serve. */
  CLOSED,
  /** The call throws a {@link DrlException}. */
  ERROR;

  /** The library's number; its 0 is the default. */
  int code() {
    return ordinal() + 1;
  }
}
