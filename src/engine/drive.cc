// What a blocking caller does with the loop while it holds the baton (baton.h).
#include "engine/loop.h"

namespace drl::engine {

using base::Micros;

bool Loop::Drive(Slot* newest, Micros spin) {
  Submissions::Unlink(newest, pending_);
  while (true) {
    const Micros now = base::MonotonicMicros();
    Dispatch(now);
    ExpireDeadlines(now);
    sleepers_.WakeAll();
    if (!link_.ready() || shared_.has_news() || shared_.baton.awaited()) return false;
    if (NextDeadline() == INT64_MAX) return idle();
    if (!SpinForReply(now, spin)) SleepForReply(now);
  }
}

bool Loop::SpinForReply(Micros now, Micros budget) {
  if (budget == 0) return false;
  const Micros until = now + budget;
  do {
    if (Receive() || shared_.has_news()) return true;
    base::YieldCpu();
  } while (base::MonotonicMicros() < until);
  return false;
}

// The descriptor that wakes the I/O thread wakes the caller too: it stays readable until the I/O thread has the baton.
void Loop::SleepForReply(Micros now) {
  pollfd socket = Socket(POLLIN);
  Sleep(socket, NextDeadline() - now);
  shared_.asleep.store(false, std::memory_order_relaxed);
  if (socket.revents != 0) Receive();
}

}  // namespace drl::engine
