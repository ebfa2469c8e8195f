package libdrl;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A client's completion queue and the one thread that empties it, whatever the number of calls. The thread is a daemon, refers to no
 * Client, and ends when the client is closed.
 *
 * <p>The native wait has no end of its own. So the client is closed in three steps: {@link #clientCloses} submits one last look at
 * nothing, whose completion ends the wait; then the client is closed, which ends all calls; then {@link #clientClosed} lets the
 * thread take what is left.
 */
final class Pump implements Runnable {
  private static final int COMPLETION_LENGTH = 2 + Decision.LENGTH;
  private static final int BATCH = 64;
  private static final int WITHOUT_END = -1;
  private static final long WAKE_UP = 0;
  /** Its own, for its limits are: else the client would warn of an application's limiter. */
  private static final byte[] WAKE_UP_NAME = "libdrl-wake-up".getBytes(StandardCharsets.US_ASCII);

  private final Handle queue;
  private final long wakeUpLimiter;
  private final Map<Long, PendingCall<?>> pending = new ConcurrentHashMap<>();
  private final AtomicLong ids = new AtomicLong(WAKE_UP + 1);
  private final CountDownLatch clientClosed = new CountDownLatch(1);
  private volatile boolean closing;

  private Pump(long queue, long wakeUpLimiter) {
    this.queue = new Handle(queue, "client", this::free);
    this.wakeUpLimiter = wakeUpLimiter;
  }

  static Pump start(long client, long capacity) {
    long[] opened = new long[1];
    Flat.limiterOpen(client, null, WAKE_UP_NAME, FailStrategy.OPEN.code(), new long[] {1, 1_000_000, 1}, null, opened);
    long limiter = opened[0];
    try {
      Flat.queueOpen(client, capacity, opened);
    } catch (RuntimeException failure) {
      Flat.limiterClose(limiter);
      throw failure;
    }
    Pump pump = new Pump(opened[0], limiter);
    Thread thread = new Thread(null, pump, "libdrl-completions", 0, false);
    thread.setDaemon(true);
    thread.setContextClassLoader(null);
    thread.start();
    return pump;
  }

  /** Submits a call, which is then sure to be settled. A wrong argument is thrown, any other failure is the call's. */
  <T> PendingCall<T> submit(PendingCall<T> call, Handle limiter, byte[] identity, long cost, boolean reset) {
    long id = ids.getAndIncrement();
    call.assign(this, id);
    try {
      long queuePointer = queue.acquire();
      try {
        long limiterPointer = limiter.acquire();
        try {
          pending.put(id, call);
          Flat.queueSubmit(queuePointer, limiterPointer, identity, cost, reset ? 1 : 0, id);
        } finally {
          limiter.release();
        }
      } finally {
        queue.release();
      }
    } catch (DrlException failure) {
      pending.remove(id);
      if (failure.status() == Status.COMPLETIONS_FULL) {
        call.refuse(cost, reset);
      } else {
        call.settle(failure);
      }
    } catch (Throwable failure) {
      pending.remove(id);
      throw failure;
    }
    return call;
  }

  /** Ends one call natively, if it has not ended yet. Its completion still comes. */
  void cancel(long id) {
    if (!pending.containsKey(id)) return;
    try {
      long pointer = queue.acquire();
      try {
        Flat.queueCancel(pointer, id);
      } finally {
        queue.release();
      }
    } catch (DrlException | DrlArgumentException tooLate) {
      return; // it is over, or about to be
    }
  }

  /** For tests. */
  int pendingCount() {
    return pending.size();
  }

  void clientCloses() {
    closing = true;
    try {
      long pointer = queue.acquire();
      try {
        Flat.queueSubmit(pointer, wakeUpLimiter, new byte[] {'.'}, 0, 0, WAKE_UP);
      } finally {
        queue.release();
      }
    } catch (DrlException full) {
      return; // then there are completions that will wake the thread
    }
  }

  void clientClosed() {
    clientClosed.countDown();
  }

  @Override
  public void run() {
    long[] numbers = new long[1 + BATCH * COMPLETION_LENGTH];
    long pointer = queue.acquire();
    try {
      while (!closing) takeSome(pointer, WITHOUT_END, numbers);
    } finally {
      awaitClosedClient();
      Flat.limiterClose(wakeUpLimiter);
      queue.close();
      queue.release();
    }
  }

  private int takeSome(long pointer, long timeoutMicros, long[] numbers) {
    try {
      Flat.queueWait(pointer, timeoutMicros, numbers);
    } catch (DrlException | OutOfMemoryError lackOfResources) {
      Thread.yield();
      return 0;
    }
    int count = (int) numbers[0];
    for (int i = 0; i < count; i++) settle(numbers, 1 + i * COMPLETION_LENGTH);
    return count;
  }

  private void settle(long[] numbers, int at) {
    PendingCall<?> call = pending.remove(numbers[at]);
    if (call == null) return;
    try {
      call.settle(Status.of((int) numbers[at + 1]), numbers, at + 2);
    } catch (RuntimeException | Error failure) {
      call.settle(failure); // the call ends, whatever else may be wrong; and so does no other
    }
  }

  private void awaitClosedClient() {
    while (true) {
      try {
        clientClosed.await();
        return;
      } catch (InterruptedException notOurs) {
        Thread.yield();
      }
    }
  }

  /** Nobody submits or cancels any more. */
  private void free(long pointer) {
    long[] numbers = new long[1 + BATCH * COMPLETION_LENGTH];
    while (takeSome(pointer, 0, numbers) > 0) continue;
    Flat.queueClose(pointer);
    for (Long id : pending.keySet()) {
      PendingCall<?> left = pending.remove(id);
      if (left != null) left.settle(new DrlException(Status.CLOSED, Status.CLOSED.message()));
    }
  }
}
