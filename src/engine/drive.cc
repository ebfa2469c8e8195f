// What a blocking caller does with the loop while it holds the baton (baton.h). Only its own requests are in the loop then,
// and it sleeps on none of them: nobody needs to be woken here, and no code of the application runs.
#include <algorithm>
#include <new>

#include "engine/loop.h"

namespace drl::engine {

using base::Micros;

bool Loop::Drive(Slot* newest, Micros spin) noexcept {
  driven_ = true;
  nodes::RequestList fresh;
  nodes::Submissions::Unlink(newest, fresh);
  TakeUp(fresh);
  try {
    while (DriveOnce(spin)) continue;
  } catch (const std::bad_alloc&) {
    Abort();
  }
  driven_ = false;
  return idle();
}

// False when there is nothing more to do here.
bool Loop::DriveOnce(Micros spin) {
  const Micros now = clock_.now();
  bool ready = true;
  for (const auto& node : topology_.nodes()) {
    node->Dispatch(now);
    node->Expire(now);
    ready = ready && node->ready() && !node->watch_due();
  }
  if (!ready || NextDeadline() == INT64_MAX || shared_.has_news() || shared_.baton.awaited()) return false;
  if (!SpinForReply(now, spin)) SleepForReply();
  return true;
}

Micros Loop::NextDeadline() const {
  Micros next = INT64_MAX;
  for (const auto& node : topology_.nodes()) next = std::min(next, node->NextDeadline());
  return next;
}

bool Loop::SpinForReply(Micros now, Micros budget) {
  if (budget == 0) return false;
  const Micros until = now + budget;
  do {
    if (Receive(1) || shared_.has_news()) return true;
    base::YieldCpu();
  } while (clock_.now() < until);
  return false;
}

// The descriptor that wakes the I/O thread wakes the caller too: it stays readable until the I/O thread has the baton.
void Loop::SleepForReply() {
  Polled polled = Sockets(POLLIN);
  Sleep(polled, NextDeadline() - clock_.now());
  shared_.wakeup.Awake();
  ReceiveFrom(polled);
}

}  // namespace drl::engine
