#include "http/json_escape.h"

#include <cstdint>

namespace drl::http {
namespace {

// One character of UTF-8: its length in bytes and its code point; length 0 where there is none.
struct Character {
  size_t length = 0;
  uint32_t code = 0;
};

// Refuses what a lax decoder lets through and a strict one does not: overlong forms, surrogates, beyond U+10FFFF.
Character Decode(std::string_view text) {
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

void PutEscape(uint32_t code, TextWriter& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.Put(std::string_view("\\u00"));
  out.Put(kHex[code >> 4 & 15]);
  out.Put(kHex[code & 15]);
}

}  // namespace

void PutJsonString(std::string_view text, TextWriter& out) {
  out.Put('"');
  while (!text.empty()) {
    const Character character = Decode(text);
    const uint32_t code = character.code;
    if (character.length == 0) {
      out.Put(std::string_view("\xEF\xBF\xBD"));
    } else if (code == '"' || code == '\\') {
      out.Put('\\');
      out.Put(text[0]);
    } else if (code < 0x20 || (code >= 0x7F && code < 0xA0)) {
      PutEscape(code, out);
    } else {
      out.Put(text.substr(0, character.length));
    }
    text.remove_prefix(character.length == 0 ? 1 : character.length);
  }
  out.Put('"');
}

}  // namespace drl::http
