// UTF-8, one character at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace drl::base {

// One character: its length in bytes and its code point; length 0 where there is none.
struct Character {
  size_t length = 0;
  uint32_t code = 0;
};

// The first character of a text that is not empty. Refuses what a lax decoder lets through and a strict one does not:
// overlong forms, surrogates, beyond U+10FFFF.
inline Character DecodeUtf8(std::string_view text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80) return {1, lead};
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  uint32_t code = lead & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto next = static_cast<uint8_t>(text[i]);
    if ((next & 0xC0) != 0x80) return {};
    code = code << 6 | (next & 0x3Fu);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {length, code};
}

// Whether it moves a cursor instead of showing something.
[[nodiscard]] constexpr bool IsControl(uint32_t code) { return code < 0x20 || (code >= 0x7F && code < 0xA0); }

// Writes a text for a person into `size` bytes, NUL-terminated and cut between characters. What is not UTF-8 or a control
// character (a server's words, a URL's) becomes a question mark.
inline void CopyShown(std::string_view text, char* out, size_t size) {
  size_t length = 0;
  while (!text.empty()) {
    const Character character = DecodeUtf8(text);
    const bool shown = character.length > 0 && !IsControl(character.code);
    const std::string_view piece = shown ? text.substr(0, character.length) : "?";
    if (length + piece.size() >= size) break;
    piece.copy(out + length, piece.size());
    length += piece.size();
    text.remove_prefix(character.length > 0 ? character.length : 1);
  }
  out[length] = '\0';
}

}  // namespace drl::base
