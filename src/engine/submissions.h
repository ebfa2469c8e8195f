// Lock-free stacks that one thread at a time empties at once: the way from callers to the I/O thread, and from whoever ends
// requests to a completion queue.
#pragma once

#include <atomic>

#include "engine/slot.h"

namespace drl::engine {

template <Slot* Slot::*kNext>
class SlotStackBy {
 public:
  // Adds a chain of slots linked by kNext from the newest (`first`) to the oldest (`last`). False once closed.
  bool Push(Slot* first, Slot* last) {
    Slot* head = head_.load(std::memory_order_relaxed);
    do {
      if (head == Closed()) return false;
      last->*kNext = head;
    } while (!head_.compare_exchange_weak(head, first, std::memory_order_seq_cst, std::memory_order_relaxed));
    return true;
  }

  [[nodiscard]] bool empty() const { return head_.load(std::memory_order_seq_cst) == nullptr; }

  // Moves everything to `list`, oldest first.
  void TakeAll(SlotListBy<kNext>& list) { Unlink(head_.exchange(nullptr, std::memory_order_seq_cst), list); }
  // The same, and no Push will succeed again.
  void Close(SlotListBy<kNext>& list) { Unlink(head_.exchange(Closed(), std::memory_order_acquire), list); }

  // Appends a chain, linked as for Push, to `list`, oldest first.
  static void Unlink(Slot* newest, SlotListBy<kNext>& list) {
    Slot* oldest = nullptr;
    while (newest != nullptr) {
      Slot* next = newest->*kNext;
      newest->*kNext = oldest;
      oldest = newest;
      newest = next;
    }
    while (oldest != nullptr) {
      Slot* next = oldest->*kNext;
      list.PushBack(oldest);
      oldest = next;
    }
  }

 private:
  static Slot* Closed() {
    alignas(Slot) static char mark;
    return reinterpret_cast<Slot*>(&mark);
  }

  alignas(64) std::atomic<Slot*> head_{nullptr};
};

using Submissions = SlotStackBy<&Slot::next>;
using EndedSlots = SlotStackBy<&Slot::next_ended>;

}  // namespace drl::engine
