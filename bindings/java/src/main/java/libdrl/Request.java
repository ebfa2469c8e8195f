package libdrl;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * One item of {@link RateLimiter#allowMany}.
 *
 * @param identity 1 to 65536 bytes; not copied: leave it unchanged until the call has returned
 * @param cost tokens, 0 to 10^12
 */
public record Request(byte[] identity, long cost) {
  /**
   * Makes a request.
   *
   * @param identity whose
   * @param cost how many tokens
   */
  public Request {
    Objects.requireNonNull(identity, "identity");
  }

  /**
   * A request of one token.
   *
   * @param identity stands for its UTF-8
   * @return the request
   */
  public static Request of(String identity) {
    return of(identity, 1);
  }

  /**
   * A request.
   *
   * @param identity stands for its UTF-8
   * @param cost tokens
   * @return the request
   */
  public static Request of(String identity, long cost) {
    return new Request(Objects.requireNonNull(identity, "identity").getBytes(StandardCharsets.UTF_8), cost);
  }

  /** Each identity behind its length. */
  static byte[] pack(Request[] requests, long[] costs) {
    long size = 0;
    for (Request request : requests) size += 4L + Objects.requireNonNull(request, "requests has a null").identity().length;
    if (size > Integer.MAX_VALUE - 16) throw new DrlArgumentException(Status.IDENTITY, "identities are too long together");
    ByteBuffer packed = ByteBuffer.allocate((int) size);
    for (int i = 0; i < requests.length; i++) {
      packed.putInt(requests[i].identity().length).put(requests[i].identity());
      costs[i] = requests[i].cost();
    }
    return packed.array();
  }
}
