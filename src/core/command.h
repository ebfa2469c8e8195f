// ARGV of the script, as integers. lua/README.md is the contract.
#pragma once

#include <cstdint>

#include "core/limit.h"

namespace drl::core {

// The script's own epoch, 2025-01-01T00:00:00Z, in microseconds of Unix time.
inline constexpr int64_t kEpochUs = int64_t{1735689600} * 1'000'000;
// Where the script's time ends: it refuses a clock that stands there, or before the epoch.
inline constexpr int64_t kEndOfTimeUs = int64_t{1} << 52;

// In place of a debt: the key holds what the script did not write.
inline constexpr int64_t kForeignMark = -9007199254740992;
// In place of a debt: Redis came to the request after its deadline.
inline constexpr int64_t kExpiredMark = kForeignMark + 1;

inline constexpr int kRequestsPerCommandMax = 64;

enum class Operation : uint8_t { kForget = 0, kTake = 1, kTry = 2 };

// Integers that the numbers of a group add to ARGV.
[[nodiscard]] constexpr size_t NumbersLength(const Limits& limits) {
  size_t length = 1;
  for (const Limit& limit : limits) length += limit.den() == 1 ? 4 : 7;
  return length;
}

// Integers at the head of a group, without the list of its keys.
inline constexpr size_t kGroupHeadLength = 4;

// Appends the head of a group of `count` requests. `first`: the index (from 1) of the first of as many keys in a row; or 0, and
// an index for each request follows. Sink has Integer(int64_t).
template <typename Sink>
void EncodeGroupHead(Operation operation, int64_t deadline, int count, int first, Sink& sink) {
  sink.Integer(static_cast<int64_t>(operation));
  sink.Integer(deadline);
  sink.Integer(count);
  sink.Integer(first);
}

// Appends the numbers of a group that takes `cost` of `limits` and leaves `headroom`.
template <typename Sink>
void EncodeNumbers(const Limits& limits, int64_t cost, int64_t headroom, Sink& sink) {
  sink.Integer(static_cast<int64_t>(limits.size()));
  for (const Limit& limit : limits) {
    const bool whole = limit.den() == 1;
    sink.Integer(limit.den());
    for (const Time time : {limit.CostTime(cost), limit.AdmitTime(headroom), limit.cap_time()}) {
      sink.Integer(time.us);
      if (!whole) sink.Integer(time.rem);
    }
  }
}

}  // namespace drl::core
