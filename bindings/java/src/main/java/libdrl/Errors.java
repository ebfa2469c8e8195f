package libdrl;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Where statuses of the native library become exceptions, and Java's arguments its numbers and text. */
final class Errors {
  private Errors() {}

  /** Called from native code, with the message as UTF-8. */
  static void raise(int status, byte[] message) {
    throw of(Status.of(status), new String(message, StandardCharsets.UTF_8));
  }

  static RuntimeException of(Status status, String message) {
    return status.code() < Status.TIMEOUT.code() ? new DrlArgumentException(status, message) : new DrlException(status, message);
  }

  /** Text for the native library, which ends it at the first NUL; null stays null. */
  static byte[] utf8(String text, String argument) {
    if (text == null) return null;
    if (text.indexOf('\0') >= 0) throw new DrlArgumentException(Status.OPTION, argument + " must not contain a NUL");
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Null, which means default, is 0. Out of a long's range is out of the library's too, and it says so. */
  static long micros(Duration duration, String argument) {
    if (duration == null) return 0;
    if (duration.getNano() % 1000 != 0) {
      throw new DrlArgumentException(Status.OPTION, argument + " must be a whole number of microseconds, is " + duration);
    }
    long seconds = duration.getSeconds();
    if (seconds > Long.MAX_VALUE / 1_000_000 - 1) return Long.MAX_VALUE;
    if (seconds < Long.MIN_VALUE / 1_000_000 + 1) return Long.MIN_VALUE;
    return seconds * 1_000_000 + duration.getNano() / 1000;
  }

  /** A duration that was given: zero is not "default". */
  static long given(Duration duration, String argument) {
    long micros = micros(duration, argument);
    if (micros == 0) throw new DrlArgumentException(Status.OPTION, argument + " must be positive");
    return micros;
  }
}
