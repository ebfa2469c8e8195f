package libdrl;

import java.util.concurrent.CompletableFuture;

/**
 * The future of one asynchronous call. Whoever ends it from outside (cancel, orTimeout, complete) cancels the call as well. It holds
 * on to its limiter, and so to the client, for as long as it is under way.
 */
final class PendingCall<T> extends CompletableFuture<T> {
  /** Makes the value from the shim's numbers of a decision, beginning at {@code at}; they are gone afterwards. */
  interface Result<T> {
    T of(long[] numbers, int at);
  }

  private final RateLimiter limiter;
  private final Result<T> result;
  private volatile Pump pump;
  private volatile long id;

  PendingCall(RateLimiter limiter, Result<T> result) {
    this.limiter = limiter;
    this.result = result;
  }

  RateLimiter limiter() {
    return limiter;
  }

  /** Before it is submitted. */
  void assign(Pump to, long number) {
    id = number;
    pump = to;
  }

  /** The native call has ended so, with a decision in {@code numbers}. */
  void settle(Status status, long[] numbers, int at) {
    if (status == Status.OK) {
      super.complete(result.of(numbers, at));
    } else if (status == Status.CANCELLED) {
      super.cancel(false);
    } else {
      super.completeExceptionally(Errors.of(status, status.message()));
    }
  }

  /** It ends without the native call. */
  void settle(Throwable failure) {
    super.completeExceptionally(failure);
  }

  /** There is no room for it, and it was not submitted. The fail strategy answers; a reset fails. */
  void refuse(long cost, boolean reset) {
    DrlException full = new DrlException(Status.QUEUE_FULL, "asyncCapacity calls are under way");
    if (reset) {
      super.completeExceptionally(full);
      return;
    }
    Decision decision = Decision.undecided(limiter.limits(), limiter.failStrategy(), cost, full.status());
    if (decision.outcome() == Outcome.UNDECIDED && limiter.failStrategy() == FailStrategy.ERROR) {
      super.completeExceptionally(full);
    } else {
      super.complete(result.of(decision.numbers(), 0));
    }
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    return cancelNative(super.cancel(mayInterruptIfRunning));
  }

  @Override
  public boolean complete(T value) {
    return cancelNative(super.complete(value));
  }

  @Override
  public boolean completeExceptionally(Throwable failure) {
    return cancelNative(super.completeExceptionally(failure));
  }

  private boolean cancelNative(boolean endedHere) {
    Pump submittedTo = pump;
    if (endedHere && submittedTo != null) submittedTo.cancel(id);
    return endedHere;
  }
}
