// Who runs the loop: one thread at a time, the one that holds the baton.
//
// That is the I/O thread, except while it has nothing to do. Then it puts the baton down, and a blocking caller may take it and
// run the loop for its own request: write, wait for the reply, read. This spares a lone caller two wake-ups of threads, which
// cost more than the rest of the library's work. A thread of low priority does not: everybody would wait for it when the system
// leaves it standing (priority.h). Whatever else comes up (other requests, a lost connection, the end) is the I/O
// thread's business: the caller hands the baton over to it at once.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/futex.h"

namespace drl::engine {

// What it is, and how to sleep on that.
struct FutexWord : std::atomic<uint32_t> {
  using std::atomic<uint32_t>::atomic;
  void Wait(uint32_t expected) { base::FutexWait(*this, expected, INT64_MAX); }
  void WakeAll() { base::FutexWakeAll(*this); }
};

// The parameter is the test's, which walks interleavings.
template <typename Word>
class BatonBy {
 public:
  // I/O thread.
  void PutDown() { holder_.store(kNobody, std::memory_order_seq_cst); }
  // I/O thread: waits for a caller that has it.
  void PickUp() {
    while (!Change(kNobody, kIoThread) && !Change(kHandedOver, kIoThread)) {
      Change(kCaller, kAwaited);
      holder_.Wait(kAwaited);
    }
  }
  // Whether it lies there for a caller.
  [[nodiscard]] bool lies() const { return holder_.load(std::memory_order_relaxed) == kNobody; }

  // A caller.
  [[nodiscard]] bool Take() { return lies() && Change(kNobody, kCaller); }
  // The caller that took it: whether the I/O thread waits for it.
  [[nodiscard]] bool awaited() const { return holder_.load(std::memory_order_relaxed) == kAwaited; }
  // Puts it down where it lay, or, when there is work left, where only the I/O thread will find it. True when that waits for it.
  bool Return(bool work_left) {
    const uint32_t before = holder_.exchange(work_left ? kHandedOver : kNobody, std::memory_order_seq_cst);
    if (before == kAwaited) holder_.WakeAll();
    return before == kAwaited;
  }

 private:
  enum : uint32_t { kIoThread, kNobody, kCaller, kAwaited, kHandedOver };

  bool Change(uint32_t from, uint32_t to) { return holder_.compare_exchange_strong(from, to, std::memory_order_seq_cst); }

  alignas(64) Word holder_{kIoThread};
};

using Baton = BatonBy<FutexWord>;

}  // namespace drl::engine
