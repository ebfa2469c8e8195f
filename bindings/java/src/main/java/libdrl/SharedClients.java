package libdrl;

import java.util.HashMap;
import java.util.Map;

/** The clients of limiters that were opened with a URL: one for each URL, closed with the last of its limiters. */
final class SharedClients {
  private static final Map<String, Shared> BY_URL = new HashMap<>();

  private static final class Shared {
    final Client client;
    int limiters;

    Shared(Client client) {
      this.client = client;
    }
  }

  private SharedClients() {}

  /** Follow it with {@link #release}. */
  static Client acquire(String url) {
    synchronized (BY_URL) {
      Shared shared = BY_URL.get(url);
      if (shared == null) {
        shared = new Shared(Client.open(url));
        BY_URL.put(url, shared);
      }
      shared.limiters++;
      return shared.client;
    }
  }

  static void release(String url) {
    Client last;
    synchronized (BY_URL) {
      Shared shared = BY_URL.get(url);
      if (--shared.limiters > 0) return;
      last = shared.client;
      BY_URL.remove(url);
    }
    last.close();
  }

  /** For tests. */
  static int count() {
    synchronized (BY_URL) {
      return BY_URL.size();
    }
  }
}
