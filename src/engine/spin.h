// How long to spin before sleeping. A sleep and a wake-up cost more than many answers take, so a wait that has lately been
// short is spun through; one that has not is slept through at once.
#pragma once

#include <algorithm>
#include <atomic>

#include "base/clock.h"

namespace drl::engine {

// Requests under way beside which spinning still pays.
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

// Whether spinning pays at all. On an idle machine it halves the latency of a lone caller; on a busy one the spinners keep Redis
// from the processor and multiply it. So there is a reigning way, and now and then a short trial of the other one, which takes
// its place when it is the faster. A trial ends as soon as it is lost; the longer a way has reigned, the rarer they become; and
// there is one at once when the reigning way has become twice as slow as it was.
class SpinTrial {
 public:
  SpinTrial(bool enabled, bool on) : enabled_(enabled), on_(enabled && on) {}

  // Any thread.
  [[nodiscard]] bool on() const { return on_.load(std::memory_order_relaxed); }

  // Any thread: how long a request took. Beside another thread that says so the sample is lost, which does no harm.
  void Observe(base::Micros latency) {
    if (!enabled_ || busy_.exchange(true, std::memory_order_acquire)) return;
    Add(std::min(latency, kLatencyMax));
    busy_.store(false, std::memory_order_release);
  }

 private:
  static constexpr int32_t kWindow = 128;  // samples
  static constexpr base::Micros kLatencyMax = 2'000;
  static constexpr int32_t kReignFirst = 32;  // windows
  static constexpr int32_t kReignMost = 1024;

  void Add(base::Micros sample) {
    ++samples_;
    sum_ += sample;
    if (trying_) {
      if (sum_ > reigning_sum_ || samples_ == kWindow) EndTrial(sum_ <= reigning_sum_);
    } else if (samples_ == kWindow) {
      EndWindow();
    }
  }

  void EndWindow() {
    ++windows_;
    if (settled_sum_ == 0) settled_sum_ = sum_;
    if (windows_ >= reign_ || sum_ > 2 * settled_sum_) {
      reigning_sum_ = sum_;
      trying_ = true;
      Turn();
    }
    Restart();
  }

  void EndTrial(bool won) {
    reign_ = won ? kReignFirst : std::clamp(2 * reign_, kReignFirst, kReignMost);
    settled_sum_ = won ? sum_ : reigning_sum_;
    if (!won) Turn();
    trying_ = false;
    windows_ = 0;
    Restart();
  }

  void Turn() { on_.store(!on(), std::memory_order_relaxed); }
  void Restart() {
    samples_ = 0;
    sum_ = 0;
  }

  const bool enabled_;
  std::atomic<bool> on_;
  std::atomic<bool> busy_{false};  // guards what follows
  bool trying_ = false;
  int32_t samples_ = 0;
  base::Micros sum_ = 0;           // of the samples
  int32_t windows_ = 0;            // of this reign so far
  int32_t reign_ = 2;              // windows until the next trial: at first soon, but not in the cold
  base::Micros reigning_sum_ = 0;  // of the window before the trial
  base::Micros settled_sum_ = 0;   // of a window when the last trial ended
};

}  // namespace drl::engine
