// A request of a completion queue, from its submission until it is drained: in memory of the queue's own, so that what nobody
// drains holds no slot of the client.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "base/list.h"
#include "engine/slot.h"

namespace drl::engine {

// Whose the slot of a ticket is, between a producer that ends the request and a canceller that would. A slot that has ended is free
// at once, since its answer is in the ticket: so a canceller must not look at one that somebody else has meanwhile.
//
//   kOut    -> kEnded   the request ended: the producer has copied the answer, and lets go of the slot
//   kOut    -> kHeld    a canceller looks at the slot, and gives the request up
//   kHeld   -> kEnded   it was the first to end it; or the producer was, which then leaves the slot to the canceller to let go of
//   kHeld   -> kOut     the request has ended, but the producer has not come so far
//
// One canceller at a time. The parameter is the test's, which walks all interleavings.
template <typename Word>
class HoldBy {
 public:
  // The canceller. False when the request has ended.
  bool Hold() {
    uint32_t from = kOut;
    return word_.compare_exchange_strong(from, kHeld, std::memory_order_acq_rel);
  }
  // The canceller that holds it: it gave the request up.
  void EndHeld() { word_.store(kEnded, std::memory_order_relaxed); }
  // The canceller that holds it: it could not. False when the slot is left to it.
  bool LetGo() {
    uint32_t from = kHeld;
    return word_.compare_exchange_strong(from, kOut, std::memory_order_acq_rel);
  }
  // The producer, once the answer is in the ticket. False when the slot is left to the canceller.
  bool End() { return word_.exchange(kEnded, std::memory_order_acq_rel) == kOut; }
  // Before it is used again.
  void Restart() { word_.store(kOut, std::memory_order_relaxed); }

 private:
  enum State : uint32_t { kOut, kHeld, kEnded };

  Word word_{kOut};
};

struct Ticket {
  int64_t id = 0;
  Slot* slot = nullptr;
  nodes::Asked asked;  // with a reference of its own to the limiter
  int32_t fail_strategy = 0;
  Answer answer;  // once ended
  HoldBy<std::atomic<uint32_t>> hold;
  Ticket* same_bucket = nullptr;  // of the ids
  Ticket* next = nullptr;         // among the ended, or the free
};

using EndedTickets = base::StackBy<Ticket, &Ticket::next>;
using TicketList = base::ListBy<Ticket, &Ticket::next>;

// All tickets of one queue: a fixed number, built on first use in memory that the system gives as it is touched. One thread at a
// time.
class TicketPool {
 public:
  explicit TicketPool(size_t capacity) : capacity_(capacity), memory_(new std::byte[capacity * sizeof(Ticket)]) {}

  [[nodiscard]] bool exhausted() const { return free_.empty() && built_ == capacity_; }
  // Not when exhausted.
  Ticket* Acquire() {
    return free_.empty() ? new (memory_.get() + sizeof(Ticket) * built_++) Ticket : free_.PopFront();
  }
  // The last released is the next in use: little memory is touched.
  void Release(Ticket& ticket) { free_.InsertAfter(nullptr, &ticket); }

 private:
  const size_t capacity_;
  const std::unique_ptr<std::byte[]> memory_;
  size_t built_ = 0;
  TicketList free_;
};

}  // namespace drl::engine
