#include "http/json_escape.h"

#include <cstdint>

#include "base/utf8.h"

namespace drl::http {
namespace {

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
    const base::Character character = base::DecodeUtf8(text);
    const uint32_t code = character.code;
    if (character.length == 0) {
      out.Put(std::string_view("\xEF\xBF\xBD"));
    } else if (code == '"' || code == '\\') {
      out.Put('\\');
      out.Put(text[0]);
    } else if (base::IsControl(code)) {
      PutEscape(code, out);
    } else {
      out.Put(text.substr(0, character.length));
    }
    text.remove_prefix(character.length == 0 ? 1 : character.length);
  }
  out.Put('"');
}

}  // namespace drl::http
