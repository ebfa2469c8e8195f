#include "engine/counters.h"

#include <algorithm>
#include <bit>

namespace drl::engine {
namespace {

// The i of the smallest 2^i that is at least n (n >= 1).
int CeilLog2(int64_t n) { return static_cast<int>(std::bit_width(static_cast<uint64_t>(n - 1))); }

}  // namespace

void Outcomes::CountCause(drl_status cause) {
  switch (cause) {
    case DRL_ERR_TIMEOUT:
      return timeout.Add();
    case DRL_ERR_CONNECT:
    case DRL_ERR_RESOLVE:
    case DRL_ERR_CONNECTION_LOST:
      return connection.Add();
    case DRL_ERR_AUTH:
    case DRL_ERR_PERMISSION:
      return auth.Add();
    case DRL_ERR_CIRCUIT_OPEN:
      return circuit_open.Add();
    case DRL_ERR_QUEUE_FULL:
      return queue_full.Add();
    case DRL_ERR_SHED:
      return shed.Add();
    case DRL_ERR_CANCELLED:
      return cancelled.Add();
    case DRL_ERR_CLOSED:
      return closed.Add();
    default:
      return redis.Add();
  }
}

void Counters::CountLatency(base::Micros latency_us) {
  const int bucket = latency_us <= 8 ? 0 : std::min(CeilLog2(latency_us) - 3, DRL_LATENCY_BUCKETS - 1);
  latency[static_cast<size_t>(bucket)].AddAlone();
  latency_sum_us.AddAlone(latency_us);
}

void Counters::CountBatch(int decisions) {
  batches.AddAlone();
  batched_decisions.AddAlone(decisions);
  batch_size[static_cast<size_t>(CeilLog2(decisions))].AddAlone();
}

void Counters::Read(drl_stats& stats) const {
  stats.allowed = outcomes.allowed.get();
  stats.denied = outcomes.denied.get();
  stats.never = outcomes.never.get();
  stats.degraded_timeout = outcomes.timeout.get();
  stats.degraded_connection = outcomes.connection.get();
  stats.degraded_auth = outcomes.auth.get();
  stats.degraded_redis = outcomes.redis.get();
  stats.degraded_circuit_open = outcomes.circuit_open.get();
  stats.degraded_queue_full = outcomes.queue_full.get();
  stats.degraded_shed = outcomes.shed.get();
  stats.cancelled = outcomes.cancelled.get();
  stats.closed = outcomes.closed.get();
  stats.undecided = stats.degraded_timeout + stats.degraded_connection + stats.degraded_auth + stats.degraded_redis +
                    stats.degraded_circuit_open + stats.degraded_queue_full + stats.degraded_shed + stats.cancelled +
                    stats.closed;
  stats.peeks = outcomes.peeks.get();
  stats.resets = outcomes.resets.get();
  stats.late_replies = late_replies.get();
  stats.expired_in_redis = expired_in_redis.get();
  stats.batches = batches.get();
  stats.batched_decisions = batched_decisions.get();
  stats.connects = connects.get();
  stats.connect_failures = connect_failures.get();
  stats.latency_sum_us = latency_sum_us.get();
  std::transform(latency.begin(), latency.end(), stats.latency, [](const Counter& c) { return c.get(); });
  std::transform(batch_size.begin(), batch_size.end(), stats.batch_size, [](const Counter& c) { return c.get(); });
  stats.connected = connected.load(std::memory_order_relaxed) ? 1 : 0;
}

}  // namespace drl::engine
