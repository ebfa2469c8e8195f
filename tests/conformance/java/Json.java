import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON as the cases have it: objects, lists, strings, integers, booleans. Anything else is an error. */
final class Json {
  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  /** Maps, Lists, Strings, Longs, Booleans. */
  static Object parse(String text) {
    Json json = new Json(text);
    Object value = json.value();
    if (json.peek() != '\0') throw json.wrong("the end");
    return value;
  }

  private Object value() {
    char next = peek();
    if (next == '{') return object();
    if (next == '[') return list();
    if (next == '"') return string();
    if (next == '-' || Character.isDigit(next)) return number();
    if (text.startsWith("true", at)) return word("true");
    if (text.startsWith("false", at)) return word("false");
    throw wrong("a value");
  }

  private Map<String, Object> object() {
    Map<String, Object> object = new LinkedHashMap<>();
    take('{');
    while (peek() != '}') {
      if (!object.isEmpty()) take(',');
      if (peek() != '"') throw wrong("a name");
      String name = string();
      take(':');
      object.put(name, value());
    }
    take('}');
    return object;
  }

  private List<Object> list() {
    List<Object> list = new ArrayList<>();
    take('[');
    while (peek() != ']') {
      if (!list.isEmpty()) take(',');
      list.add(value());
    }
    take(']');
    return list;
  }

  private String string() {
    StringBuilder string = new StringBuilder();
    take('"');
    while (text.charAt(at) != '"') {
      char c = text.charAt(at++);
      string.append(c == '\\' ? escape() : c);
    }
    at++;
    return string.toString();
  }

  private char escape() {
    char c = text.charAt(at++);
    switch (c) {
      case 'n': return '\n';
      case 'r': return '\r';
      case 't': return '\t';
      case 'b': return '\b';
      case 'f': return '\f';
      case '"', '\\', '/': return c;
      case 'u':
        at += 4;
        return (char) Integer.parseInt(text.substring(at - 4, at), 16);
      default: throw wrong("an escape");
    }
  }

  private Long number() {
    int from = at++;
    while (at < text.length() && Character.isDigit(text.charAt(at))) at++;
    return Long.parseLong(text.substring(from, at));
  }

  private Boolean word(String word) {
    at += word.length();
    return word.equals("true");
  }

  private char peek() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private void take(char expected) {
    if (peek() != expected) throw wrong("'" + expected + "'");
    at++;
  }

  private IllegalArgumentException wrong(String expected) {
    return new IllegalArgumentException("JSON: expected " + expected + " at " + at);
  }
}
