package libdrl;

import java.nio.charset.StandardCharsets;

/** What a call came to. The numbers are the same in every language of the library. */
public enum Status {
  /** Nothing is wrong. */
  OK(0),
  /** A required argument is missing. */
  NULL(1),
  /** Of the C interface alone: a struct of an unknown version. */
  STRUCT_SIZE(2),
  /** Of the C interface alone: not an open handle. In Java that is {@link #CLOSED}. */
  HANDLE(3),
  /** An identity must be 1 to 65536 bytes. */
  IDENTITY(4),
  /** The cost is out of range. */
  COST(5),
  /** The rate is out of range. */
  RATE(6),
  /** The {@code per} of a limit is out of range. */
  PER(7),
  /** The burst is out of range. */
  BURST(8),
  /** A limiter has 1 to 8 limits. */
  LIMITS(9),
  /** The namespace has a wrong length or character. */
  NAMESPACE(10),
  /** The name has a wrong length or character. */
  NAME(11),
  /** Unknown fail strategy. */
  FAIL_STRATEGY(12),
  /** The URL of Redis is malformed. */
  URL(13),
  /** The URL of Redis has an unknown scheme. */
  URL_SCHEME(14),
  /** The URL of Redis has an unknown parameter or a bad value. */
  URL_PARAMETER(15),
  /** The URL of Redis has a bad port. */
  URL_PORT(16),
  /** The URL of Redis has a bad database number. */
  URL_DATABASE(17),
  /** An option is out of range. */
  OPTION(18),
  /** Not supported by this version of the library. */
  UNSUPPORTED(19),
  /** Of the C interface alone: the buffer is too small. */
  BUFFER(20),
  /** A count or capacity is out of range. */
  CAPACITY(21),
  /** Of the C interface alone: the id is in use by another call. */
  DUPLICATE_ID(22),
  /** Of the C interface alone: no request with this id is waiting. */
  UNKNOWN_ID(23),
  /** Not an IP address or network. */
  ADDRESS(24),
  /** Of the C interface alone: a blocking call was made from a callback. */
  REENTRANT(25),
  /** Redis did not answer before the deadline. */
  TIMEOUT(100),
  /** Cannot connect to Redis. */
  CONNECT(101),
  /** Cannot resolve the host name of Redis. */
  RESOLVE(102),
  /** Redis refused the credentials. */
  AUTH(103),
  /** The Redis user lacks a permission. */
  PERMISSION(104),
  /** The connection to Redis was lost. */
  CONNECTION_LOST(105),
  /** Redis sent a reply that this library does not understand. */
  PROTOCOL(106),
  /** Redis answered with an error. */
  REDIS(107),
  /** Redis is loading its data set. */
  LOADING(108),
  /** Redis is a read-only replica. */
  READONLY(109),
  /** Redis is out of memory. */
  OOM(110),
  /** Redis is busy with a slow script. */
  BUSY(111),
  /** The key in Redis holds something that this library did not write. */
  KEY_TYPE(112),
  /** Redis stopped answering and was not asked. */
  CIRCUIT_OPEN(113),
  /** Too many requests are waiting. */
  QUEUE_FULL(114),
  /** The call could not have met its deadline and was not sent. */
  SHED(115),
  /** The clock of Redis stands before 2025 or after 2167. */
  CLOCK(116),
  /** The client is closed. */
  CLOSED(200),
  /** The call was cancelled. */
  CANCELLED(201),
  /** The completion queue is full. */
  COMPLETIONS_FULL(202),
  /** Out of memory. */
  MEMORY(203),
  /** The system refused a thread, a descriptor or a random number. */
  SYSTEM(204),
  /** Internal error of the library. */
  INTERNAL(205),
  /** A status that this version does not know. */
  UNKNOWN(-1);

  private static final Status[] BY_CODE = new Status[256];

  static {
    for (Status status : values()) {
      if (status != UNKNOWN) BY_CODE[status.code] = status;
    }
  }

  private final int code;

  Status(int code) {
    this.code = code;
  }

  /**
   * The number: 1 to 99 for a wrong call, 100 to 199 where Redis did not decide, 200 and above where something was ended or is
   * lacking.
   *
   * @return the number, 0 for {@link #OK}
   */
  public int code() {
    return code;
  }

  /**
   * The general message of this status; that of an exception says more.
   *
   * @return a sentence for a person
   */
  public String message() {
    return new String(Flat.statusMessage(code), StandardCharsets.UTF_8);
  }

  static Status of(int code) {
    return code >= 0 && code < BY_CODE.length && BY_CODE[code] != null ? BY_CODE[code] : UNKNOWN;
  }
}
