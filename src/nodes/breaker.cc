#include "nodes/breaker.h"

namespace drl::nodes {

base::Cause Breaker::Refuse(bool& first) {
  // The exchange alone would have all refused callers fight for one cache line.
  first = !demanded() && !demand_.exchange(true, std::memory_order_seq_cst);
  return why_.Read();
}

bool Breaker::LetsWait(base::Micros now, bool& first) {
  if (now < lets_wait_from_.load(std::memory_order_relaxed)) return false;
  first = !demanded() && !demand_.exchange(true, std::memory_order_seq_cst);
  return first || !waited_in_vain_.load(std::memory_order_relaxed);
}

bool Breaker::CountTimeout(base::Micros submitted_at, bool sent) {
  if (heard_at_.load(std::memory_order_relaxed) >= submitted_at) return false;
  if (refuses()) waited_in_vain_.store(true, std::memory_order_relaxed);
  if (!sent && owes_since_.load(std::memory_order_relaxed) > submitted_at) return false;
  if (timeouts_.fetch_add(1, std::memory_order_relaxed) + 1 < kTimeoutsToOpen || refuses()) return false;
  Open(DRL_ERR_CIRCUIT_OPEN, "Redis does not answer");
  return true;
}

void Breaker::Open(drl_status code, std::string_view why) {
  why_.Write(code, "circuit open: ", why);
  if (state_.exchange(DRL_BREAKER_OPEN, std::memory_order_seq_cst) == DRL_BREAKER_CLOSED) {
    times_opened_.fetch_add(1, std::memory_order_relaxed);
  }
}

void Breaker::Disconnected(drl_status code, std::string_view why, base::Micros demand_from) {
  Open(code, why);
  demand_.store(false, std::memory_order_seq_cst);
  lets_wait_from_.store(demand_from, std::memory_order_relaxed);
}

void Breaker::Close() {
  lets_wait_from_.store(INT64_MAX, std::memory_order_relaxed);
  waited_in_vain_.store(false, std::memory_order_relaxed);
  timeouts_.store(0, std::memory_order_relaxed);
  demand_.store(false, std::memory_order_relaxed);
  state_.store(DRL_BREAKER_CLOSED, std::memory_order_relaxed);
}

}  // namespace drl::nodes
