// A plan: the limits of a limiter and whatever else changes the state of its buckets or their bound, under a fingerprint.
//
// The fingerprint stands in every key, so that a state is only ever met by the plan that wrote it: two plans on one key would
// forgive each other's debts. It is the first 36 bits, as 6 characters of base64url, of SHA-256 over
//     u8 version (1)  u8 kind (0: token bucket)  u8 flags (1: reservations are taken, 2: overrides are taken)
//     u64be longest wait in microseconds  u8 number of limits
//     and for each limit, in order: u64be per_us and u64be rate, both divided by their greatest common divisor,
//     u64be burst  u64be overdraft in tokens
// What no limiter has yet (flags, wait, overdraft) is 0.
#pragma once

#include <array>
#include <string_view>

#include "core/limit.h"

namespace drl::core {

inline constexpr size_t kFingerprintLen = 6;

class Plan {
 public:
  explicit Plan(Limits limits);

  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] std::string_view fingerprint() const { return {fingerprint_.data(), fingerprint_.size()}; }
  // Whether the limits are the same as users gave them, in rate, period and burst: else a decision would show another's.
  [[nodiscard]] bool IsSame(const Plan& other) const;
  // Integers of one request in the script's reply.
  [[nodiscard]] size_t reply_length() const { return reply_length_; }
  // Whether no wait would ever make `cost` fit beside `headroom`.
  [[nodiscard]] bool Never(int64_t cost, int64_t headroom) const;

 private:
  Limits limits_;
  size_t reply_length_;
  std::array<char, kFingerprintLen> fingerprint_;
};

}  // namespace drl::core
