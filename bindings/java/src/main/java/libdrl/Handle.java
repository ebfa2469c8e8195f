package libdrl;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/**
 * A native pointer that is freed when it is closed and no call uses it any more, by whoever comes last. Closing never waits; a call
 * that comes too late gets an exception. Costs two atomic additions a call.
 */
final class Handle {
  private static final long CLOSED = 1L << 62;
  private static final long FREED = CLOSED | 1L << 61;

  private final long pointer;
  private final String what;
  private final LongConsumer free;
  /** How many calls use the pointer, plus CLOSED, plus FREED: a latecomer may count up and down again on either. */
  private final AtomicLong uses = new AtomicLong();

  Handle(long pointer, String what, LongConsumer free) {
    this.pointer = pointer;
    this.what = what;
    this.free = free;
  }

  /** Follow it with {@link #release}, in a finally block. */
  long acquire() {
    if (uses.getAndIncrement() < CLOSED) return pointer;
    release();
    throw new DrlException(Status.CLOSED, "the " + what + " is closed");
  }

  void release() {
    if (uses.decrementAndGet() == CLOSED) freeOnce();
  }

  boolean isClosed() {
    return uses.get() >= CLOSED;
  }

  /** The second time it does nothing. */
  void close() {
    long before = uses.getAndUpdate(n -> n < CLOSED ? n + CLOSED : n);
    if (before == 0) freeOnce();
  }

  private void freeOnce() {
    if (uses.compareAndSet(CLOSED, FREED)) free.accept(pointer);
  }
}
