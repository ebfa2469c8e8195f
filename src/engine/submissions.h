// The way from callers to the I/O thread: a lock-free stack that one thread empties at once.
#pragma once

#include <atomic>

#include "engine/slot.h"

namespace drl::engine {

class Submissions {
 public:
  // Adds a chain of slots linked from the newest (`first`) to the oldest (`last`). False once closed.
  bool Push(Slot* first, Slot* last) {
    Slot* head = head_.load(std::memory_order_relaxed);
    do {
      if (head == Closed()) return false;
      last->next = head;
    } while (!head_.compare_exchange_weak(head, first, std::memory_order_seq_cst, std::memory_order_relaxed));
    return true;
  }

  [[nodiscard]] bool empty() const { return head_.load(std::memory_order_seq_cst) == nullptr; }

  // Moves everything to `list`, oldest first.
  void TakeAll(SlotList& list) { Unlink(head_.exchange(nullptr, std::memory_order_acquire), list); }
  // The same, and no Push will succeed again.
  void Close(SlotList& list) { Unlink(head_.exchange(Closed(), std::memory_order_acquire), list); }

 private:
  static Slot* Closed() {
    alignas(Slot) static char mark;
    return reinterpret_cast<Slot*>(&mark);
  }

  static void Unlink(Slot* newest, SlotList& list) {
    Slot* oldest = nullptr;
    while (newest != nullptr) {
      Slot* next = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = next;
    }
    while (oldest != nullptr) {
      Slot* next = oldest->next;
      list.PushBack(oldest);
      oldest = next;
    }
  }

  alignas(64) std::atomic<Slot*> head_{nullptr};
};

}  // namespace drl::engine
