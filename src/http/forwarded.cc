#include "http/forwarded.h"

#include "http/list.h"

namespace drl::http {
namespace {

constexpr bool IsTokenChar(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

constexpr bool IsQuotedChar(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f'); }

// Whether the quotation mark at `at` is escaped, that is, follows an odd number of backslashes.
bool IsEscaped(std::string_view text, size_t at) {
  size_t slashes = 0;
  while (slashes < at && text[at - 1 - slashes] == '\\') ++slashes;
  return slashes % 2 == 1;
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c) != lower[i]) return false;
  }
  return true;
}

std::string_view TakeToken(std::string_view& text) {
  size_t length = 0;
  while (length < text.size() && IsTokenChar(text[length])) ++length;
  const std::string_view token = text.substr(0, length);
  text.remove_prefix(length);
  return token;
}

// Takes a quoted-string from the front of `text` into `buffer`. What the buffer cannot hold makes the value empty, and so
// no address.
std::optional<std::string_view> TakeQuoted(std::string_view& text, std::span<char> buffer) {
  size_t length = 0;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return std::string_view(buffer.data(), length <= buffer.size() ? length : 0);
    }
    if (text[i] == '\\' && ++i == text.size()) break;
    if (!IsQuotedChar(text[i])) break;
    if (length < buffer.size()) buffer[length] = text[i];
    ++length;
  }
  return std::nullopt;
}

std::optional<std::string_view> TakeValue(std::string_view& text, std::span<char> buffer) {
  if (text.starts_with('"')) return TakeQuoted(text, buffer);
  const std::string_view token = TakeToken(text);
  if (token.empty()) return std::nullopt;
  return token;
}

}  // namespace

size_t LastForwarded(std::string_view list) {
  bool quoted = false;
  for (size_t at = list.size(); at-- > 0;) {
    if (list[at] == '"' && !IsEscaped(list, at)) quoted = !quoted;
    if (list[at] == ',' && !quoted) return at + 1;
  }
  return 0;
}

std::optional<std::string_view> ForwardedFor(std::string_view element,
                                             std::span<char, kForwardedNodeMax> buffer) {
  std::optional<std::string_view> node;
  std::string_view text = TrimSpace(element);
  char ignored[1];
  while (!text.empty()) {
    if (!text.starts_with(';')) {
      const std::string_view name = TakeToken(text);
      if (name.empty() || !text.starts_with('=')) return std::nullopt;
      const bool is_for = EqualsIgnoringCase(name, "for");
      text.remove_prefix(1);
      const std::optional<std::string_view> value =
          TakeValue(text, is_for ? std::span<char>(buffer) : std::span<char>(ignored));
      if (!value || (is_for && node)) return std::nullopt;
      if (is_for) node = value;
      text = TrimSpace(text);
      if (text.empty()) break;
      if (!text.starts_with(';')) return std::nullopt;
    }
    text = TrimSpace(text.substr(1));
  }
  return node;
}

}  // namespace drl::http
