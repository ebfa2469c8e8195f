// What a server did, request by request, in its order: what callers are told is compared with it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "core/model.h"

namespace drl::simulation {

// What became of a request in a server. The first three were decided: each ran.
enum class Fate : uint8_t { kAllowed, kDenied, kForgotten, kExpired, kRefused, kLost };

[[nodiscard]] constexpr bool Ran(Fate fate) { return fate <= Fate::kForgotten; }

struct Entry {
  base::Micros at = 0;     // the world's time
  int64_t server_us = 0;   // the server's, since the script's epoch
  int32_t key = -1;        // -1 with kLost: every key
  Fate fate = Fate::kLost; // kLost is no request: the server lost the state
  core::Operation operation = core::Operation::kTake;
  uint16_t position = 0;   // in its command
  uint64_t command = 0;    // counts the commands of the episode
  core::Question question;
  uint64_t mark = 0;       // of the debts that were replied
};

using Journal = std::vector<Entry>;

// A number that stands for what was said of a request, so that much of it can be kept: equal debts have equal marks.
[[nodiscard]] inline uint64_t MarkOf(bool allowed, std::span<const core::Time> debts) {
  uint64_t mark = allowed ? 1 : 2;
  const auto mix = [&mark](int64_t value) {
    mark = (mark ^ static_cast<uint64_t>(value)) * 0x9E3779B97F4A7C15ULL;
    mark ^= mark >> 29;
  };
  for (const core::Time debt : debts) {
    mix(debt.us);
    mix(debt.rem);
  }
  return mark;
}

}  // namespace drl::simulation
