// What a blocking caller does with the loop while it holds the baton (baton.h). Only its own requests are in the loop then,
// and it sleeps on none of them: nobody needs to be woken here, and no code of the application runs.
#include <new>

#include "engine/loop.h"

namespace drl::engine {

using base::Micros;

bool Loop::Drive(Slot* newest, Micros spin) noexcept {
  driven_ = true;
  SlotList fresh;
  Submissions::Unlink(newest, fresh);
  TakeUp(fresh);
  try {
    while (DriveOnce(spin)) continue;
  } catch (const std::bad_alloc&) {
    LoseMemory();
  }
  driven_ = false;
  return idle();
}

// False when there is nothing more to do here.
bool Loop::DriveOnce(Micros spin) {
  const Micros now = base::MonotonicMicros();
  Dispatch(now);
  ExpireDeadlines(now);
  const bool over = NextDeadline() == INT64_MAX;
  if (over || !link_.ready() || shared_.has_news() || shared_.baton.awaited()) return false;
  if (!SpinForReply(now, spin)) SleepForReply();
  return true;
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
void Loop::SleepForReply() {
  pollfd socket = Socket(POLLIN);
  Sleep(socket, NextDeadline() - base::MonotonicMicros());
  shared_.wakeup.Awake();
  if (socket.revents != 0) Receive();
}

}  // namespace drl::engine
