// The counters behind drl_stats: relaxed atomics, always on.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "drl/stats.h"
#include "drl/status.h"

namespace drl::engine {

class Counter {
 public:
  // Any thread.
  void Add(int64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  // The only writer of this counter at a time: no locked instruction.
  void AddAlone(int64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  [[nodiscard]] int64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// How requests ended.
struct Outcomes {
  // Written by whoever runs the loop, one thread at a time.
  Counter allowed, denied, never, peeks, resets;
  // Written by any thread.
  Counter timeout, connection, auth, redis, circuit_open, queue_full, shed, cancelled, closed;

  // Any thread: a request ended without Redis's decision.
  void CountCause(drl_status cause);
};

struct Counters {
  alignas(64) Outcomes outcomes;
  // Written by whoever runs the loop, one thread at a time.
  Counter late_replies, expired_in_redis, batches, batched_decisions, connects, connect_failures;
  Counter latency_sum_us;
  std::array<Counter, DRL_LATENCY_BUCKETS> latency;
  std::array<Counter, DRL_BATCH_BUCKETS> batch_size;
  std::atomic<bool> connected{false};

  // Whoever runs the loop.
  void CountLatency(base::Micros latency_us);
  void CountBatch(int decisions);
  void Read(drl_stats& stats) const;
};

}  // namespace drl::engine
