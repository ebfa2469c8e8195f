#include "nodes/readiness.h"

#include "base/futex.h"

namespace drl::nodes {

void Readiness::Move(State to) {
  {
    const std::lock_guard lock(mutex_);
    const uint32_t from = state_.load(std::memory_order_relaxed);
    if (from == to || from == kClosed || (from == kReady && to != kClosed)) return;
    state_.store(to, std::memory_order_release);
  }
  base::FutexWakeAll(state_);
}

void Readiness::Ready() {
  if (!ready()) Move(kReady);
}

void Readiness::Note(const base::Status& why, bool failed) {
  if (ready()) return;
  const std::lock_guard lock(mutex_);
  why_ = why;
  failed_ = failed;
}

void Readiness::Connected(const base::Status& why) {
  if (ready()) return;
  const std::lock_guard lock(mutex_);
  if (!failed_) why_ = why;
}

void Readiness::Excuse() { Move(kExcused); }

bool Readiness::LimiterOpened() {
  const std::lock_guard lock(mutex_);
  if (state_.load(std::memory_order_relaxed) != kExcused) return false;
  why_ = {DRL_ERR_TIMEOUT, "Redis has not run the script yet"};
  state_.store(kWaiting, std::memory_order_release);
  Ask();
  return true;
}

base::Status Readiness::Wait(const base::Clock& clock, base::Micros deadline) {
  while (true) {
    const uint32_t state = state_.load(std::memory_order_acquire);
    if (state == kReady || state == kExcused) return {};
    if (state == kClosed) return {DRL_ERR_CLOSED, base::StatusMessage(DRL_ERR_CLOSED)};
    if (clock.now() >= deadline) {
      const std::lock_guard lock(mutex_);
      return why_;
    }
    base::FutexWait(state_, state, deadline);
  }
}

}  // namespace drl::nodes
