#include "engine/breaker.h"

namespace drl::engine {

base::Status Breaker::Refuse(bool& first) {
  first = !demand_.exchange(true, std::memory_order_seq_cst);
  const std::lock_guard lock(mutex_);
  return why_;
}

bool Breaker::CountTimeout(base::Micros submitted_at) {
  if (heard_at_.load(std::memory_order_relaxed) >= submitted_at) return false;
  if (timeouts_.fetch_add(1, std::memory_order_relaxed) + 1 < kTimeoutsToOpen || refuses()) return false;
  Open({DRL_ERR_CIRCUIT_OPEN, "circuit open: Redis does not answer"});
  return true;
}

void Breaker::Open(const base::Status& why) {
  const std::lock_guard lock(mutex_);
  why_ = why;
  if (state_.exchange(DRL_BREAKER_OPEN, std::memory_order_seq_cst) == DRL_BREAKER_CLOSED) {
    times_opened_.fetch_add(1, std::memory_order_relaxed);
  }
}

void Breaker::Close() {
  const std::lock_guard lock(mutex_);
  timeouts_.store(0, std::memory_order_relaxed);
  demand_.store(false, std::memory_order_relaxed);
  state_.store(DRL_BREAKER_CLOSED, std::memory_order_relaxed);
}

}  // namespace drl::engine
