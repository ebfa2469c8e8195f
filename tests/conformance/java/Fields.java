import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** An object of a case, of which every field must be known. */
record Fields(Map<String, Object> values) {
  /** A failed case; the message says why. */
  static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;

    Failure(String why) {
      super(why);
    }
  }

  @SuppressWarnings("unchecked")
  static Fields of(Object json, String... known) {
    Map<String, Object> values = (Map<String, Object>) json;
    Set<String> unknown = new LinkedHashSet<>(values.keySet());
    unknown.removeAll(Set.of(known));
    if (!unknown.isEmpty()) throw new Failure("the runner does not know the field " + unknown.iterator().next());
    return new Fields(values);
  }

  boolean has(String name) {
    return values.containsKey(name);
  }

  Object get(String name) {
    return values.get(name);
  }

  String text(String name) {
    return (String) values.get(name);
  }

  String text(String name, String standard) {
    return has(name) ? text(name) : standard;
  }

  long number(String name, long standard) {
    return has(name) ? (Long) values.get(name) : standard;
  }

  @SuppressWarnings("unchecked")
  List<Object> list(String name) {
    return has(name) ? (List<Object>) values.get(name) : List.of();
  }

  List<String> texts(String name) {
    return list(name).stream().map(String.class::cast).toList();
  }

  /** Text as its UTF-8, or bytes in hexadecimal, perhaps repeated. */
  static byte[] bytes(Object json) {
    if (json instanceof String text) return text.getBytes(StandardCharsets.UTF_8);
    Fields fields = of(json, "text", "hex", "repeat");
    byte[] once = fields.has("hex") ? HexFormat.of().parseHex(fields.text("hex"))
        : fields.text("text").getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (long i = 0; i < fields.number("repeat", 1); i++) all.writeBytes(once);
    return all.toByteArray();
  }

  /** A String identity where the case gives text, so that both forms are used. */
  byte[] identity() {
    return has("identity") ? bytes(get("identity")) : "user_123".getBytes(StandardCharsets.UTF_8);
  }
}
