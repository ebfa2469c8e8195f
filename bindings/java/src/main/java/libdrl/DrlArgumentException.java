package libdrl;

import java.util.Objects;

/** An argument or option that no call can succeed with. The message names it; no fail strategy turns it into an answer. */
public final class DrlArgumentException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  /** The status. */
  private final Status status;

  /**
   * Makes one, for tests and wrappers.
   *
   * @param status what is wrong
   * @param message a sentence for a person, which names the argument
   */
  public DrlArgumentException(Status status, String message) {
    super(message);
    this.status = Objects.requireNonNull(status, "status");
  }

  /**
   * What is wrong.
   *
   * @return the status
   */
  public Status status() {
    return status;
  }
}
