// The few pieces of Structured Fields (RFC 9651) that rate limit headers are made of.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "http/text_writer.h"

namespace drl::http {

inline constexpr int64_t kSfIntegerMax = 999'999'999'999'999;

// Whether a String can hold it: printable ASCII, and nothing else, so neither CR nor LF can break out of a header.
[[nodiscard]] constexpr bool IsSfText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// A String; `text` must be IsSfText.
inline void PutSfString(std::string_view text, TextWriter& out) {
  out.Put('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.Put('\\');
    out.Put(c);
  }
  out.Put('"');
}

// A number that an Integer can hold and that no header means below zero.
[[nodiscard]] constexpr int64_t ClampSfInteger(int64_t number) {
  return std::clamp<int64_t>(number, 0, kSfIntegerMax);
}

}  // namespace drl::http
