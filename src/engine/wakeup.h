// Sleep and wake: how whoever runs the loop, or would pick up the baton, sleeps without missing what other threads have for it.
//
//   the matter itself   a submission, a request to be asked, a breaker opened or demanded by a caller, the end: each has its home
//                       elsewhere; any thread writes it
//   news                there may be a matter not yet looked at. Any thread sets it, after the matter; the I/O thread alone
//                       clears it, before it looks at all matters
//   asleep              a thread sleeps on the bell, or is about to. Set by the sleeper; cleared by the sleeper when it is awake,
//                       or by the one thread that therefore rings the bell
//   bell                an eventfd, readable from a ring until the I/O thread silences it
//
// The sleeper announces itself, then looks for news, then sleeps. Whoever brings news sets it, then looks whether anybody sleeps.
// Both are in one total order (seq_cst), so at least one of the two sees the other. What always holds:
//
//   1. A matter written and told, and not looked at yet, has `news` set: so it suffices to look at that one flag before sleep.
//   2. Nobody stays on the bell while news is set: either the sleeper saw it, or the teller saw the sleeper and rings.
//   3. A ring too many costs a turn of the loop, nothing else.
//
// A caller that runs the loop while the I/O thread sleeps (baton.h) answers for the news meanwhile: it says Awake in the sleeper's
// name, looks at news while it runs, announces the sleeper again when it ends, and then tells what it has left.
#pragma once

#include <atomic>

#include "base/fd.h"

namespace drl::engine {

// The parameters are the test's, which walks all interleavings.
template <typename Flag, typename Bell>
class WakeupBy {
 public:
  // Any thread: it has written a matter for the loop.
  void Tell() {
    if (!news_.load(std::memory_order_seq_cst)) news_.store(true, std::memory_order_seq_cst);
    if (asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false, std::memory_order_seq_cst)) bell_.Signal();
  }

  // Whoever runs the loop.
  [[nodiscard]] bool has_news() const { return news_.load(std::memory_order_seq_cst); }
  // The I/O thread, before it looks at all matters.
  void Take() {
    if (has_news()) news_.store(false, std::memory_order_seq_cst);
  }

  // The sleeper. True when it may sleep on the bell now.
  [[nodiscard]] bool Announce() {
    asleep_.store(true, std::memory_order_seq_cst);
    return !has_news();
  }
  void Awake() { asleep_.store(false, std::memory_order_relaxed); }
  // The I/O thread, before Take.
  void Silence() { bell_.Clear(); }
  [[nodiscard]] const Bell& bell() const { return bell_; }

 private:
  alignas(64) Flag asleep_{false};
  Flag news_{false};
  Bell bell_;
};

using Wakeup = WakeupBy<std::atomic<bool>, base::EventFd>;

}  // namespace drl::engine
