package libdrl;

/** What a {@link Client} owns, apart from it, so that it can be closed when the Client is garbage. */
final class ClientCore {
  private final Handle handle;
  private final long asyncCapacity;
  private volatile Pump pump;

  ClientCore(long pointer, long asyncCapacity) {
    this.handle = new Handle(pointer, "client", this::free);
    this.asyncCapacity = asyncCapacity;
  }

  Handle handle() {
    return handle;
  }

  void close() {
    handle.close();
  }

  /** Started by the first asynchronous call. */
  Pump pump() {
    Pump started = pump;
    return started != null ? started : start();
  }

  private synchronized Pump start() {
    if (pump != null) return pump;
    long client = handle.acquire();
    try {
      pump = Pump.start(client, asyncCapacity);
    } finally {
      handle.release();
    }
    return pump;
  }

  private void free(long client) {
    Pump started;
    synchronized (this) { // one that is being started
      started = pump;
    }
    if (started != null) started.clientCloses();
    Flat.clientClose(client);
    if (started != null) started.clientClosed();
  }
}
