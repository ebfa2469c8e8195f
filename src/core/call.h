// ARGV of the script, as integers. lua/README.md is the contract.
#pragma once

#include <cstdint>

#include "core/limit.h"

namespace drl::core {

// The script's own epoch, 2025-01-01T00:00:00Z, in microseconds of Unix time.
inline constexpr int64_t kEpochUs = int64_t{1735689600} * 1'000'000;

// In place of a debt: the key holds what the script did not write.
inline constexpr int64_t kForeign = -9007199254740992;

inline constexpr int kDecisionsPerCallMax = 64;

// Integers that one group adds to ARGV.
[[nodiscard]] constexpr size_t GroupLength(size_t limits) { return 2 + 5 * limits; }

// Appends a group of `count` decisions that ask `cost` of `limits`. Sink has Integer(int64_t).
template <typename Sink>
void EncodeGroup(int count, const Limits& limits, int64_t cost, Sink& sink) {
  sink.Integer(count);
  sink.Integer(static_cast<int64_t>(limits.size()));
  for (const Limit& limit : limits) {
    const Time price = limit.CostTime(cost);
    sink.Integer(limit.den());
    sink.Integer(price.us);
    sink.Integer(price.rem);
    sink.Integer(limit.burst_time().us);
    sink.Integer(limit.burst_time().rem);
  }
}

// Appends a group of keys to forget.
template <typename Sink>
void EncodeResetGroup(int count, Sink& sink) {
  sink.Integer(count);
  sink.Integer(0);
}

}  // namespace drl::core
