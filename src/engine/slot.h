// A slot: one request on its way through the engine.
//
// Two parties hold it: the owner, who waits for the answer (a blocked caller, a completion queue, a callback), and the
// loop (baton.h says whose thread that is). `state` says who ended it; each gives its reference back, and the last one
// frees the slot. So a caller that gives up leaves nothing behind that a later caller could meet, and the loop never
// touches freed memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/futex.h"
#include "core/key.h"
#include "core/plan.h"
#include "core/reply.h"
#include "drl/queue.h"
#include "engine/list.h"

namespace drl::engine {

class Limiter;
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

enum class SlotKind : uint8_t { kAllow, kReset };

// kQueued -> kSent -> kDone is the usual life. kSent falls back to kQueued only when the call surely did not run.
// kGivenUp ends it from either of the first two: by the owner (time-out, cancel).
enum SlotState : uint32_t { kQueued, kSent, kDone, kGivenUp };

// What was asked, as far as the answer depends on it.
struct Asked {
  SlotKind kind = SlotKind::kAllow;
  int32_t fail_strategy = 0;
  Limiter* limiter = nullptr;        // a reference
  const core::Plan* plan = nullptr;  // of the limiter
  core::Question question;
};

// How it ended.
struct Answer {
  drl_status cause = DRL_OK;
  int32_t charged = 0;
  int64_t now_us = 0;  // Redis time since the script's epoch
  core::Verdict verdict;
  char detail[DRL_COMPLETION_MESSAGE_SIZE] = {};  // the sentence for a person, when cause is not DRL_OK

  void SetDetail(std::string_view text) {
    if (text.data() != detail) detail[text.copy(detail, sizeof detail - 1)] = '\0';  // else it is there already
  }
};

// Asked: set by the owner before submission, then constant. Answer: written by the loop before it moves the state to kDone.
struct Slot : Asked, Answer {
  // Set by the owner before submission, then constant.
  core::Key key;
  bool never = false;  // cost and headroom are above the burst of a limit
  uint8_t timeout_class = 0;  // requests of one class may share a deadline in Redis
  base::Micros submitted_at = 0;
  base::Micros deadline = 0;
  CompletionSink* sink = nullptr;  // null: a caller sleeps on `state`
  Ticket* ticket = nullptr;        // of a completion queue
  drl_decision_callback callback = nullptr;
  void* user = nullptr;  // of the callback

  std::atomic<uint32_t> state{kQueued};
  std::atomic<uint32_t> sleeper{0};  // 1 once the caller may be asleep
  std::atomic<int32_t> references{0};

  // Written by an owner that gives up a request whose answer somebody will read (cancel), before it moves the state.
  drl_status given_up_cause = DRL_OK;
  int32_t given_up_charged = 0;

  // Of the loop.
  bool alone = false;     // to be sent only beside requests of the same limiter
  uint64_t sequence = 0;  // in the order of arrival
  Slot* next = nullptr;   // in the submission stack or the pending list

  std::atomic<uint32_t> free_next{0};  // of the pool
};

using SlotList = ListBy<Slot, &Slot::next>;
using Submissions = StackBy<Slot, &Slot::next>;

}  // namespace drl::engine
