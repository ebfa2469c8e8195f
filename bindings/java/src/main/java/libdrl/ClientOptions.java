package libdrl;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** The options of a client, by their names in C; they are checked when they are packed. */
final class ClientOptions {
  private record Option(String argument, Object value) {}

  private final Map<String, Option> options = new LinkedHashMap<>();

  /** {@code value} is a String, a Path, a Duration that must not be zero, a byte[], or a number; null is refused. */
  void set(String name, String argument, Object value) {
    options.put(name, new Option(argument, Objects.requireNonNull(value, argument)));
  }

  /** Names and values, each behind its length. */
  byte[] pack() {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    options.forEach((name, option) -> {
      append(packed, name.getBytes(StandardCharsets.US_ASCII));
      append(packed, bytes(option));
    });
    return packed.toByteArray();
  }

  private static byte[] bytes(Option option) {
    Object value = option.value();
    if (value instanceof byte[] raw) return raw;
    if (value instanceof Duration duration) return bytes(Errors.given(duration, option.argument()));
    if (value instanceof Number number) return bytes(number.longValue());
    return Errors.utf8(value instanceof Path path ? path.toString() : (String) value, option.argument());
  }

  private static byte[] bytes(long number) {
    return Long.toString(number).getBytes(StandardCharsets.US_ASCII);
  }

  private static void append(ByteArrayOutputStream packed, byte[] text) {
    packed.writeBytes(ByteBuffer.allocate(4).putInt(text.length).array());
    packed.writeBytes(text);
  }
}
