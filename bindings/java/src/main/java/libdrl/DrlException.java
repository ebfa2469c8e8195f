package libdrl;

import java.util.Objects;

/**
 * Redis did not decide and the fail strategy is {@link FailStrategy#ERROR}, or what was used is closed, or the system lacks a
 * resource. {@link #status()} tells which. A denied request is no exception but a {@link Decision}; a wrong argument is a
 * {@link DrlArgumentException}.
 */
public final class DrlException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** The status. */
  private final Status status;

  /**
   * Makes one, for tests and wrappers.
   *
   * @param status what went wrong
   * @param message a sentence for a person
   */
  public DrlException(Status status, String message) {
    super(message);
    this.status = Objects.requireNonNull(status, "status");
  }

  /**
   * What went wrong.
   *
   * @return the status
   */
  public Status status() {
    return status;
  }
}
