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

// Whether spinning pays at all. On an idle machine it halves the latency of a lone caller; on a busy one the spinners keep Redis from the
// processor and multiply it. So both ways are tried in turn, callers and I/O thread together, and the better one is used for long.
class SpinTrial {
 public:
  explicit SpinTrial(bool enabled) : enabled_(enabled), on_(enabled) {}

  // Any thread.
  [[nodiscard]] bool on() const { return on_.load(std::memory_order_relaxed); }

  // Any thread: how long a lone blocking call took. Several at once may lose a sample, which does no harm.
  void Observe(base::Micros latency) {
    if (!enabled_) return;
    const bool on = on_.load(std::memory_order_relaxed);
    const int32_t calls = calls_.fetch_add(1, std::memory_order_relaxed) + 1;
    std::atomic<int64_t>& mean = on ? mean_on_ns_ : mean_off_ns_;
    const int64_t before = mean.load(std::memory_order_relaxed);
    const int64_t sample = std::min<base::Micros>(latency, kLatencyMax) * 1000;
    mean.store(before == 0 ? sample : before + (sample - before) / 8, std::memory_order_relaxed);
    if (calls >= (reigning_.load(std::memory_order_relaxed) ? kReign : kTrial)) NextPhase(on);
  }

 private:
  static constexpr base::Micros kLatencyMax = 1000;
  static constexpr int32_t kTrial = 32;
  static constexpr int32_t kReign = 4096;

  // One way, then the other, then the better of the two for long.
  void NextPhase(bool on) {
    calls_.store(0, std::memory_order_relaxed);
    if (reigning_.exchange(false, std::memory_order_relaxed) || !challenged_.exchange(true, std::memory_order_relaxed)) {
      challenged_.store(true, std::memory_order_relaxed);
      (on ? mean_off_ns_ : mean_on_ns_).store(0, std::memory_order_relaxed);
      on_.store(!on, std::memory_order_relaxed);
      return;
    }
    on_.store(mean_on_ns_.load(std::memory_order_relaxed) < mean_off_ns_.load(std::memory_order_relaxed),
              std::memory_order_relaxed);
    reigning_.store(true, std::memory_order_relaxed);
  }

  const bool enabled_;
  std::atomic<bool> on_;
  std::atomic<bool> reigning_{false};
  std::atomic<bool> challenged_{false};
  std::atomic<int32_t> calls_{0};
  std::atomic<int64_t> mean_on_ns_{0};
  std::atomic<int64_t> mean_off_ns_{0};
};

}  // namespace drl::engine
