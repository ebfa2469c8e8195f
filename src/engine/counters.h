// The counters behind drl_stats: relaxed atomics, always on.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "base/counter.h"
#include "drl/stats.h"
#include "drl/status.h"
#include "nodes/node.h"

namespace drl::engine {

using base::Counter;

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
  Counter late_answers;  // decided after the owner had given up
  Counter latency_sum_us;
  std::array<Counter, DRL_LATENCY_BUCKETS> latency;

  // Whoever runs the loop.
  void CountLatency(base::Micros latency_us);
  void Read(drl_stats& stats) const;
};

// Adds those of a node.
void AddNode(const nodes::NodeCounters& node, drl_stats& stats);

}  // namespace drl::engine
