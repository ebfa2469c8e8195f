// How long to spin before sleeping. A sleep and a wake-up cost more than many answers take, so a wait that has lately been short is
// spun through; one that has not is slept through at once.
#pragma once

#include <algorithm>
#include <atomic>

#include "base/clock.h"

namespace drl::engine {

// Calls under way beside which spinning still pays.
inline constexpr int64_t kSpinnersMax = 2;

class Spin {
 public:
  static constexpr base::Micros kLongest = 100;

  explicit Spin(bool enabled) : mean_ns_(enabled ? 0 : kNever) {}

  // Microseconds that a wait may spin now; 0: sleep at once.
  [[nodiscard]] base::Micros budget() const {
    const int64_t mean = mean_ns_.load(std::memory_order_relaxed) / 1000;
    return mean > kLongest ? 0 : std::min(kLongest, 2 * mean + 20);
  }

  // How long a wait took, spun or slept.
  void Observe(base::Micros waited) {
    const int64_t mean = mean_ns_.load(std::memory_order_relaxed);
    if (mean == kNever) return;
    const int64_t sample = std::clamp<base::Micros>(waited, 0, 2 * kLongest) * 1000;
    mean_ns_.store(mean + (sample - mean) / 8, std::memory_order_relaxed);
  }

 private:
  static constexpr int64_t kNever = INT64_MAX;

  std::atomic<int64_t> mean_ns_;  // several callers may observe at once: a lost sample does no harm
};

}  // namespace drl::engine
