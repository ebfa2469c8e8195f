// What the script keeps under a key, as lua/README.md describes it.
#pragma once

#include <bit>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/limit.h"

namespace drl::test {

// An integer, or a byte 1 and pairs of big-endian doubles. Empty when it is neither.
inline std::vector<core::Time> ReadState(std::string_view value) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc() && end == value.data() + value.size()) return {{number, 0}};
  if (value.size() % 16 != 1 || value[0] != '\1') return {};
  std::vector<int64_t> doubles;
  for (size_t at = 1; at < value.size(); at += 8) {
    uint64_t bits = 0;
    for (size_t i = 0; i < 8; ++i) bits = bits << 8 | static_cast<uint8_t>(value[at + i]);
    doubles.push_back(static_cast<int64_t>(std::bit_cast<double>(bits)));
  }
  std::vector<core::Time> state;
  for (size_t i = 0; i < doubles.size(); i += 2) state.push_back({doubles[i], doubles[i + 1]});
  return state;
}

// Whether these limits are kept as an integer.
inline bool IsKeptAsInteger(const core::Limits& limits) { return limits.size() == 1 && limits[0].den() == 1; }

}  // namespace drl::test
