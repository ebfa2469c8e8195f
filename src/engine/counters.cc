#include "engine/counters.h"

#include <algorithm>

namespace drl::engine {

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
  const int bucket = latency_us <= 8 ? 0 : std::min(base::CeilLog2(latency_us) - 3, DRL_LATENCY_BUCKETS - 1);
  latency[static_cast<size_t>(bucket)].AddAlone();
  latency_sum_us.AddAlone(latency_us);
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
  stats.late_replies = late_answers.get();
  stats.latency_sum_us = latency_sum_us.get();
  std::transform(latency.begin(), latency.end(), stats.latency, [](const Counter& c) { return c.get(); });
}

void AddNode(const nodes::NodeCounters& node, drl_stats& stats) {
  stats.late_replies += node.late_replies.get();
  stats.expired_in_redis += node.expired_in_redis.get();
  stats.batches += node.batches.get();
  stats.batched_decisions += node.batched_decisions.get();
  stats.connects += node.connects.get();
  stats.connect_failures += node.connect_failures.get();
  for (size_t i = 0; i < node.batch_size.size(); ++i) stats.batch_size[i] += node.batch_size[i].get();
  if (node.connected.load(std::memory_order_relaxed)) stats.connected = 1;
}

}  // namespace drl::engine
