// Who ends a request. Two parties hold it: its owner, who waits for the answer, and whoever runs the loop. Either may end it, and
// the first to move `word` has:
//
//   kQueued -> kSent     the loop writes it into a command
//   kSent   -> kQueued   the loop takes it back, since it surely did not run
//   kQueued -> kDone     the loop has written its answer: failed before it was sent
//   kSent   -> kDone     the loop has written its answer
//   kQueued, kSent -> kGivenUp   the owner will not wait any longer: its time is over, it was cancelled
//
// So the owner of a time-out is whoever makes that move: a caller that sleeps looks at its own deadline, and the loop at all of
// them, in any order; the one that moved the word tells the breaker and the counters, the other finds it moved and lets go.
// What was sent may have been charged, what was queued was not: the state from which the owner moved says which.
#pragma once

#include <atomic>
#include <cstdint>

namespace drl::nodes {

class Fate {
 public:
  enum State : uint32_t { kQueued, kSent, kDone, kGivenUp };

  [[nodiscard]] uint32_t state() const { return word_.load(std::memory_order_acquire); }
  [[nodiscard]] bool done() const { return state() == kDone; }
  [[nodiscard]] bool given_up() const { return state() == kGivenUp; }
  // Before it is submitted.
  void Restart() { word_.store(kQueued, std::memory_order_relaxed); }

  // The loop. False when it was given up.
  bool Send() { return Move(kQueued, kSent); }
  bool TakeBack() { return Move(kSent, kQueued); }
  // The loop, once the answer is written. False when it was given up. In one total order with the flag by which an owner says that it
  // sleeps (Slot::sleeper): it sees the end, or is seen to sleep.
  bool End() {
    uint32_t from = state();
    return from != kGivenUp && word_.compare_exchange_strong(from, kDone, std::memory_order_seq_cst);
  }
  // The loop, of a request whose answer stood in it from the beginning and whose owner cannot give it up.
  void EndAnswered() { word_.store(kDone, std::memory_order_release); }

  // The owner. False when it has ended already. `before` is called, maybe more than once, before the word moves, with whether the
  // request was sent and so may have been charged; it writes what others will read.
  template <typename Before>
  bool GiveUp(Before before) {
    uint32_t from = state();
    do {
      if (from == kDone || from == kGivenUp) return false;
      before(from == kSent);
    } while (!word_.compare_exchange_weak(from, kGivenUp, std::memory_order_acq_rel));
    return true;
  }

  // What the owner may sleep on.
  [[nodiscard]] std::atomic<uint32_t>& word() { return word_; }

 private:
  bool Move(uint32_t from, uint32_t to) { return word_.compare_exchange_strong(from, to, std::memory_order_acq_rel); }

  std::atomic<uint32_t> word_{kQueued};
};

}  // namespace drl::nodes
