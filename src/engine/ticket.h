// A request of a completion queue, from its submission until it is drained: in memory of the queue's own, so that what nobody drains
// holds no slot of the client.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "base/list.h"
#include "engine/slot.h"

namespace drl::engine {

// Its slot is under way; a canceller looks at its slot; it has ended and the slot is not its own any more.
enum TicketState : uint32_t { kOut, kHeld, kEnded };

struct Ticket {
  int64_t id = 0;
  Slot* slot = nullptr;
  nodes::Asked asked;  // with a reference of its own to the limiter
  int32_t fail_strategy = 0;
  Answer answer;  // once ended
  std::atomic<uint32_t> state{kOut};
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
