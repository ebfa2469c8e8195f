// The circuit breaker: while a server does not answer, requests are answered at once.
//
// It opens when a connection cannot be made, or when kTimeoutsToOpen requests in a row were given up that had not seen Redis answer
// anybody in all their life: one that waited too long in a crowd says nothing about Redis, and neither does one that was never
// sent, unless Redis owed an answer all the while. It closes on the first good answer. Probing is the I/O thread's business
// (node.h, proof.h). No lock: a refused request waits for nobody.
//
// Where the connection is what lacks, a caller may wait for it all the same, within its own deadline: an attempt is under way, or
// is begun at once because it asks, and most end soon. Once somebody has waited for that in vain, until the breaker closes only one
// caller of those between two failures waits.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/sentence.h"
#include "drl/stats.h"
#include "nodes/reason.h"

namespace drl::nodes {

class Breaker {
 public:
  static constexpr int32_t kTimeoutsToOpen = 5;

  // Any thread. Whether requests must not wait for Redis now.
  [[nodiscard]] bool refuses() const { return state_.load(std::memory_order_seq_cst) != DRL_BREAKER_CLOSED; }
  [[nodiscard]] int32_t state() const { return state_.load(std::memory_order_relaxed); }
  [[nodiscard]] int32_t times_opened() const { return times_opened_.load(std::memory_order_relaxed); }
  // Any thread. Why it is open. Notes that somebody asked; `first` when nobody had since the last failure, so that the I/O thread
  // may be told.
  [[nodiscard]] base::Cause Refuse(bool& first);
  // Any thread, while it refuses. Whether this caller, at this time, may wait for a connection; notes that somebody asked, `first`
  // as above.
  [[nodiscard]] bool LetsWait(base::Micros now, bool& first);
  // Any thread. A request that was submitted at that time was given up. True when that opened the breaker.
  bool CountTimeout(base::Micros submitted_at, bool sent);

  // Any thread.
  void Open(drl_status code, std::string_view why);

  // Whoever runs the loop: there is no connection. From `demand_from` on an attempt is begun at once when somebody asks.
  void Disconnected(drl_status code, std::string_view why, base::Micros demand_from);
  // Whoever runs the loop.
  void Probing() {
    int32_t open = DRL_BREAKER_OPEN;
    state_.compare_exchange_strong(open, DRL_BREAKER_HALF_OPEN, std::memory_order_relaxed);
  }
  void Close();
  // A reply came, whatever it said: Redis is alive.
  void Heard(base::Micros now) {
    heard_at_.store(now, std::memory_order_relaxed);
    timeouts_.store(0, std::memory_order_relaxed);
  }
  // When the oldest command that Redis has not answered was sent; INT64_MAX for none.
  void Owes(base::Micros since) { owes_since_.store(since, std::memory_order_relaxed); }
  // Whether anybody has asked since the last attempt to connect failed.
  [[nodiscard]] bool demanded() const { return demand_.load(std::memory_order_seq_cst); }

 private:
  std::atomic<int32_t> state_{DRL_BREAKER_CLOSED};
  std::atomic<int32_t> timeouts_{0};
  std::atomic<base::Micros> heard_at_{0};
  std::atomic<int32_t> times_opened_{0};
  std::atomic<bool> demand_{false};
  std::atomic<base::Micros> owes_since_{INT64_MAX};
  std::atomic<base::Micros> lets_wait_from_{INT64_MAX};
  std::atomic<bool> waited_in_vain_{false};
  Reason why_;
};

}  // namespace drl::nodes
