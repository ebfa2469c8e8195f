// The characters of namespaces and names.
#pragma once

#include <string_view>

namespace drl::core {

inline constexpr size_t kLabelLenMax = 64;

// 1 to 64 printable ASCII characters.
[[nodiscard]] constexpr bool IsPrintable(std::string_view text) {
  if (text.empty() || text.size() > kLabelLenMax) return false;
  for (const char c : text) {
    if (c < ' ' || c > '~') return false;
  }
  return true;
}

// The same without space and braces: a brace would move the hash tag of a Redis Cluster key.
[[nodiscard]] constexpr bool IsLabel(std::string_view text) {
  return IsPrintable(text) && text.find_first_of(" {}") == std::string_view::npos;
}

}  // namespace drl::core
