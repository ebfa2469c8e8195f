#include "redis/url_text.h"

#include <charconv>

namespace drl::redis {
namespace {

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

}  // namespace

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || text[0] == '-') return std::nullopt;
  return value;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = HexDigit(text[i + 1]);
    const auto low = HexDigit(text[i + 2]);
    if (!high || !low || (*high == 0 && *low == 0)) return std::nullopt;
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

base::Status SetDatabase(std::string_view text, const char* what, Endpoint& endpoint) {
  const auto database = ParseInteger(text);
  if (!database || *database > 1'000'000) return {DRL_ERR_URL_DATABASE, std::string("redis_url: ") + what};
  if (endpoint.database != kNoDatabase) return {DRL_ERR_URL_DATABASE, "redis_url: the database is given twice"};
  endpoint.database = *database;
  return {};
}

}  // namespace drl::redis
