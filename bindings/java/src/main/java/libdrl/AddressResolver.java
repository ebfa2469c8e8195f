package libdrl;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * Finds the client of an HTTP request from its socket and the header that proxies leave. Nobody is trusted unless you say so, and
 * what an untrusted hand wrote into the header changes nothing.
 *
 * <p>All methods may be called from any thread.
 */
public final class AddressResolver implements AutoCloseable {
  /** Whose word about the client is taken. */
  public enum Trust {
    /** Nobody's: the client is the peer of the socket (the default). */
    NONE,
    /** That of proxies within the networks given. */
    NETWORKS,
    /** That of every private address, and of the networks given. Not where users of the server have private addresses themselves. */
    PRIVATE,
    /** That of the last few proxies, whatever their addresses. Only where nobody reaches the server with fewer in between. */
    HOPS
  }

  /** Where proxies leave their word. A proxy that does not write this header must remove it. */
  public enum ForwardHeader {
    /** The customary one (the default). */
    X_FORWARDED_FOR,
    /** That of RFC 7239. */
    FORWARDED
  }

  private final Handle handle;
  private final String header;
  private final Cleaner.Cleanable cleanable;

  private AddressResolver(long pointer) {
    Handle owned = new Handle(pointer, "resolver", Flat::resolverClose);
    this.handle = owned;
    this.header = new String(Flat.resolverHeader(pointer), StandardCharsets.US_ASCII);
    this.cleanable = Cleanup.register(this, owned::close);
  }

  /**
   * Begins a resolver.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The header whose lines {@link #resolve} wants.
   *
   * @return its name in lower case; "" where nobody is trusted
   */
  public String header() {
    return header;
  }

  /**
   * Finds the identity of a client. There always is an answer: the most distant address that somebody trusted vouches for, such as
   * "203.0.113.7" or "2001:db8:0:1::/64".
   *
   * @param peer the address of the socket, with or without port; null or empty where there is none
   * @param lines every line of the header, in the order received
   * @return the identity
   */
  public String resolve(String peer, List<String> lines) {
    byte[] joined = String.join("\n", Objects.requireNonNull(lines, "lines")).getBytes(StandardCharsets.ISO_8859_1);
    byte[] peerBytes = peer == null ? new byte[0] : peer.getBytes(StandardCharsets.UTF_8);
    long pointer = handle.acquire();
    try {
      return new String(Flat.resolve(pointer, peerBytes, joined), StandardCharsets.US_ASCII);
    } finally {
      handle.release();
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public void close() {
    cleanable.clean();
  }

  @Override
  public String toString() {
    return "AddressResolver[" + (header.isEmpty() ? "nobody trusted" : header.toLowerCase(Locale.ROOT)) + "]";
  }

  /** The options of a resolver; what is not set has its default. */
  public static final class Builder {
    private Trust trust = Trust.NONE;
    private ForwardHeader header = ForwardHeader.X_FORWARDED_FOR;
    private int hops;
    private List<String> networks = List.of();
    private int ipv4PrefixLength;
    private int ipv6PrefixLength;

    private Builder() {}

    /**
     * Trusts proxies within these networks.
     *
     * @param cidrs such as "10.0.0.0/8", "2001:db8::/32", "192.0.2.1"; "unix:" is the peer on a local socket
     * @return this builder
     */
    public Builder trustNetworks(String... cidrs) {
      return trust(Trust.NETWORKS).networks(List.of(cidrs));
    }

    /**
     * Trusts the last few proxies.
     *
     * @param proxies how many stand before this server, 1 to 64
     * @return this builder
     */
    public Builder trustHops(int proxies) {
      return trust(Trust.HOPS).hops(proxies);
    }

    /**
     * Sets whose word is taken.
     *
     * @param value the default is nobody's
     * @return this builder
     */
    public Builder trust(Trust value) {
      trust = Objects.requireNonNull(value, "trust");
      return this;
    }

    /**
     * Sets the networks, for {@link Trust#NETWORKS} and {@link Trust#PRIVATE}.
     *
     * @param cidrs at most 4096
     * @return this builder
     */
    public Builder networks(Collection<String> cidrs) {
      networks = List.copyOf(Objects.requireNonNull(cidrs, "networks"));
      return this;
    }

    /**
     * Sets the number of proxies, for {@link Trust#HOPS}.
     *
     * @param proxies 1 to 64
     * @return this builder
     */
    public Builder hops(int proxies) {
      hops = proxies;
      return this;
    }

    /**
     * Sets the header.
     *
     * @param value the default is X-Forwarded-For
     * @return this builder
     */
    public Builder header(ForwardHeader value) {
      header = Objects.requireNonNull(value, "header");
      return this;
    }

    /**
     * Sets how many leading bits IPv4 clients share who are one.
     *
     * @param bits 1 to 32; the default is 32
     * @return this builder
     */
    public Builder ipv4PrefixLength(int bits) {
      ipv4PrefixLength = bits;
      return this;
    }

    /**
     * Sets how many leading bits IPv6 clients share who are one.
     *
     * @param bits 1 to 128; the default is 64, what one household or machine is given
     * @return this builder
     */
    public Builder ipv6PrefixLength(int bits) {
      ipv6PrefixLength = bits;
      return this;
    }

    /**
     * Opens the resolver.
     *
     * @return the resolver, to be closed
     * @throws DrlArgumentException if an option is wrong
     */
    public AddressResolver open() {
      long[] opened = new long[1];
      byte[] joined = networks.isEmpty() ? null : Errors.utf8(String.join(",", networks), "networks");
      Flat.resolverOpen(trust.ordinal(), header.ordinal(), hops, joined, ipv4PrefixLength, ipv6PrefixLength, opened);
      return new AddressResolver(opened[0]);
    }
  }
}
