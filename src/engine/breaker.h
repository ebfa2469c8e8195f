// The circuit breaker: while Redis does not answer, calls are answered at once.
//
// It opens when a connection cannot be made, or when kTimeoutsToOpen calls in a row were given up that had not seen Redis answer
// anybody in all their life: a call that waited too long in a crowd says nothing about Redis. It closes on the first good
// answer. Probing is the I/O thread's business (link.h, loop.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "base/clock.h"
#include "base/status.h"
#include "drl/stats.h"

namespace drl::engine {

class Breaker {
 public:
  static constexpr int32_t kTimeoutsToOpen = 5;

  // Any thread. Whether calls must not wait for Redis now.
  [[nodiscard]] bool refuses() const { return state_.load(std::memory_order_seq_cst) != DRL_BREAKER_CLOSED; }
  [[nodiscard]] int32_t state() const { return state_.load(std::memory_order_relaxed); }
  [[nodiscard]] int32_t times_opened() const { return times_opened_.load(std::memory_order_relaxed); }
  // Any thread. Why it is open. Notes that somebody asked; `first` when nobody had since the last probe, so that the I/O thread
  // may be told.
  [[nodiscard]] base::Status Refuse(bool& first);
  // Any thread. A call that was submitted at that time was given up. True when that opened the breaker.
  bool CountTimeout(base::Micros submitted_at);

  // Any thread.
  void Open(const base::Status& why);

  // Whoever runs the loop.
  void Probing() {
    demand_.store(false, std::memory_order_relaxed);
    int32_t open = DRL_BREAKER_OPEN;
    state_.compare_exchange_strong(open, DRL_BREAKER_HALF_OPEN, std::memory_order_relaxed);
  }
  void Close();
  // A reply came, whatever it said: Redis is alive.
  void Heard(base::Micros now) {
    heard_at_.store(now, std::memory_order_relaxed);
    timeouts_.store(0, std::memory_order_relaxed);
  }
  // Whether anybody was refused since the last probe began.
  [[nodiscard]] bool demanded() const { return demand_.load(std::memory_order_seq_cst); }

 private:
  std::atomic<int32_t> state_{DRL_BREAKER_CLOSED};
  std::atomic<int32_t> timeouts_{0};
  std::atomic<base::Micros> heard_at_{0};
  std::atomic<int32_t> times_opened_{0};
  std::atomic<bool> demand_{false};
  std::mutex mutex_;
  base::Status why_;  // guarded by mutex_
};

}  // namespace drl::engine
