// A slot: the room of one request on its way through the engine.
//
// Two parties hold it: the owner, who waits for the answer (a blocked caller, a completion queue, a callback), and the
// loop (baton.h says whose thread that is). nodes/fate.h says who ends it; each gives its reference back, and the last one
// frees the slot. So a caller that gives up leaves nothing behind that a later caller could meet, and the loop never
// touches freed memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "drl/queue.h"
#include "engine/limiter.h"
#include "nodes/request.h"

namespace drl::engine {

struct Slot;
struct Ticket;

// Where an asynchronous request ends. Deliver is called once, by whoever ended the request, and takes the owner's
// reference.
class CompletionSink {
 public:
  virtual void Deliver(Slot& slot) = 0;
  // Whether Deliver runs code of the application.
  [[nodiscard]] bool calls_back() const { return calls_back_; }

 protected:
  explicit CompletionSink(bool calls_back) : calls_back_(calls_back) {}
  ~CompletionSink() = default;

 private:
  const bool calls_back_;
};

// How it ended.
struct Answer {
  drl_status cause = DRL_OK;  // why Redis did not decide
  int32_t charged = 0;
  int64_t now_us = 0;  // Redis time since the script's epoch
  core::Verdict verdict;
  char detail[DRL_COMPLETION_MESSAGE_SIZE] = {};  // the sentence for a person, when cause is not DRL_OK

  void SetDetail(std::string_view text) {
    detail[text.copy(detail, sizeof detail - 1)] = '\0';
  }
};

// Answer: written by the loop before it ends the request.
struct Slot : nodes::Request, Answer {
  // Set by the owner before submission, then constant.
  int32_t fail_strategy = 0;
  bool never = false;  // cost and headroom are above the burst of a limit
  CompletionSink* sink = nullptr;  // null: a caller sleeps on its fate
  Ticket* ticket = nullptr;        // of a completion queue
  drl_decision_callback callback = nullptr;
  void* user = nullptr;  // of the callback

  std::atomic<uint32_t> sleeper{0};  // 1 once the caller may be asleep
  std::atomic<int32_t> references{0};

  // Written by an owner that gives up a request whose answer somebody will read (cancel), before it moves the fate.
  drl_status given_up_cause = DRL_OK;
  int32_t given_up_charged = 0;

  std::atomic<uint32_t> free_next{0};  // of the pool

  // Of which it holds a reference.
  [[nodiscard]] Limiter& limiter() const { return LimiterOf(*this); }
};

// A request of the engine is always in a slot.
inline Slot& SlotOf(nodes::Request& request) { return static_cast<Slot&>(request); }

}  // namespace drl::engine
