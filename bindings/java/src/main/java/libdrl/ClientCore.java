package libdrl;

/** What a {@link Client} owns, apart from it, so that it can be closed when the Client is garbage. */
final class ClientCore {
  private final Handle handle;
  private final long asyncCapacity;
  private final long mailbox; // of the credentials, or 0
  private volatile Pump pump;

  ClientCore(long pointer, long asyncCapacity, long mailbox) {
    this.handle = new Handle(pointer, "client", this::free);
    this.asyncCapacity = asyncCapacity;
    this.mailbox = mailbox;
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
    if (mailbox != 0) Flat.mailboxStop(mailbox); // the client still has it
    Flat.clientClose(client);
    if (started != null) started.clientClosed();
  }
}
