// The pieces of a URL as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "redis/endpoint.h"

namespace drl::redis {

// Any part of a malformed URL may be a piece of a password: messages repeat none of it.
inline base::Status Malformed(const std::string& why) { return {DRL_ERR_URL, "redis_url: " + why}; }

// Decimal, not negative.
[[nodiscard]] std::optional<int64_t> ParseInteger(std::string_view text);
[[nodiscard]] std::optional<std::string> PercentDecode(std::string_view text);

// A URL may name its database in two places, and must not do both.
inline constexpr int64_t kNoDatabase = -1;
[[nodiscard]] base::Status SetDatabase(std::string_view text, const char* what, Endpoint& endpoint);

// What stands behind the question mark.
[[nodiscard]] base::Status ParseParameters(std::string_view query, Endpoint& endpoint);

}  // namespace drl::redis
