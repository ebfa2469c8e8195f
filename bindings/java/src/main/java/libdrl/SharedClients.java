package libdrl;

import java.util.HashMap;
import java.util.Map;

/** The clients of limiters that were opened with a URL: one for each URL and provider, closed with the last of its limiters. */
final class SharedClients {
  private static final Map<Key, Shared> BY_KEY = new HashMap<>();

  /** What must be the same to share a client: of the provider, the object itself, whatever it says equals it. */
  static final class Key {
    private final String url;
    private final CredentialsProvider credentials;

    Key(String url, CredentialsProvider credentials) {
      this.url = url;
      this.credentials = credentials;
    }

    private Client open() {
      Client.Builder builder = Client.builder(url);
      return (credentials == null ? builder : builder.credentials(credentials)).open();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Key key && key.url.equals(url) && key.credentials == credentials;
    }

    @Override
    public int hashCode() {
      return 31 * url.hashCode() + System.identityHashCode(credentials);
    }
  }

  private static final class Shared {
    final Client client;
    int limiters;

    Shared(Client client) {
      this.client = client;
    }
  }

  private SharedClients() {}

  /** Follow it with {@link #release}. */
  static Client acquire(Key key) {
    synchronized (BY_KEY) {
      Shared shared = BY_KEY.get(key);
      if (shared == null) {
        shared = new Shared(key.open());
        BY_KEY.put(key, shared);
      }
      shared.limiters++;
      return shared.client;
    }
  }

  static void release(Key key) {
    Client last;
    synchronized (BY_KEY) {
      Shared shared = BY_KEY.get(key);
      if (--shared.limiters > 0) return;
      last = shared.client;
      BY_KEY.remove(key);
    }
    last.close();
  }

  /** For tests. */
  static int count() {
    synchronized (BY_KEY) {
      return BY_KEY.size();
    }
  }
}
