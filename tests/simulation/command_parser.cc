#include "command_parser.h"

#include <charconv>

namespace drl::simulation {
namespace {

enum class Line { kWhole, kTorn, kBroken };

// "<type><count>\r\n" at `at`, which moves behind it.
Line ReadCount(std::string_view bytes, char type, size_t& at, size_t& count) {
  if (at >= bytes.size()) return Line::kTorn;
  if (bytes[at] != type) return Line::kBroken;
  const size_t end = bytes.find('\n', at);
  if (end == std::string_view::npos) return bytes.size() - at > 24 ? Line::kBroken : Line::kTorn;
  const char* last = bytes.data() + end - 1;
  const auto [stop, error] = std::from_chars(bytes.data() + at + 1, last, count);
  if (error != std::errc() || stop != last || *last != '\r') return Line::kBroken;
  at = end + 1;
  return Line::kWhole;
}

Parsed NotWhole(Line line, std::string_view bytes) { return {0, bytes.size() + 1, line == Line::kBroken}; }

}  // namespace

Parsed ParseCommand(std::string_view bytes, std::vector<std::string_view>& arguments) {
  arguments.clear();
  size_t at = 0;
  size_t count = 0;
  if (const Line line = ReadCount(bytes, '*', at, count); line != Line::kWhole) return NotWhole(line, bytes);
  for (size_t i = 0; i < count; ++i) {
    size_t length = 0;
    if (const Line line = ReadCount(bytes, '$', at, length); line != Line::kWhole) return NotWhole(line, bytes);
    if (bytes.size() < at + length + 2) return {0, at + length + 2, false};
    if (bytes.substr(at + length, 2) != "\r\n") return {0, 0, true};
    arguments.push_back(bytes.substr(at, length));
    at += length + 2;
  }
  return {at, 0, count == 0};
}

}  // namespace drl::simulation
