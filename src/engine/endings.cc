// How a request ends in the loop: decided, failed, expired, closed.
#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/limiter.h"
#include "engine/loop.h"

namespace drl::engine {

// Writes the answer and ends the request, unless its owner gave it up before; then drops the loop's reference.
bool Loop::End(Slot& slot, drl_status cause, int32_t charged, std::string_view detail) {
  uint32_t state = slot.state.load(std::memory_order_acquire);
  bool ended = false;
  if (state != kGivenUp) {
    slot.cause = cause;
    slot.charged = charged;
    slot.SetDetail(detail);
    ended = slot.state.compare_exchange_strong(state, kDone, std::memory_order_seq_cst);
  }
  if (!ended) {
    if (cause == DRL_OK) shared_.counters.late_replies.AddAlone();
  } else {
    if (cause != DRL_OK) CountCause(shared_.counters, *slot.limiter, cause);
    if (slot.sink != nullptr) {
      if (slot.sink->calls_back()) sleepers_.WakeAll();  // nobody waits for code of the application
      slot.sink->Deliver(slot);
    } else if (slot.sleeper.load(std::memory_order_seq_cst) != 0) {
      sleepers_.Add(slot.state);
    }
  }
  shared_.pool.Release(slot);
  return ended;
}

void Loop::EndCall(Call& call, drl_status cause, int32_t charged, std::string_view detail) {
  for (int i = 0; i < call.count; ++i) {
    Slot* slot = std::exchange(call.slots[static_cast<size_t>(i)], nullptr);
    if (slot != nullptr) End(*slot, cause, charged, detail);
  }
}

void Loop::EndPending(drl_status cause, std::string_view detail) {
  while (!pending_.empty()) End(*pending_.PopFront(), cause, DRL_CHARGED_NO, detail);
}

// Their callbacks may ask again, and are then answered in the next cycle: the connection is never forgotten over them.
void Loop::EndAnswered(SlotList& answered) {
  sleepers_.WakeAll();
  while (!answered.empty()) {
    Slot& slot = *answered.PopFront();
    slot.state.store(kDone, std::memory_order_release);
    slot.sink->Deliver(slot);
    shared_.pool.Release(slot);
  }
}

void Loop::Requeue(Call& call, drl_status cause, std::string_view detail, base::Micros now) {
  Requeue(std::span(call.slots).first(static_cast<size_t>(call.count)), cause, detail, now);
  call.count = 0;
}

// Puts decisions that surely did not run back in line, at the places they had: those that still have time. Nothing is sent until
// all that is under way has been answered: what of it did not run either goes again behind them, and what ran may have overtaken
// some (EndOvertaken).
void Loop::Requeue(std::span<Slot*> slots, drl_status cause, std::string_view detail, base::Micros now) {
  const auto none = std::remove(slots.begin(), slots.end(), nullptr);
  std::sort(slots.begin(), none, [](const Slot* a, const Slot* b) { return a->sequence < b->sequence; });
  Slot* before = nullptr;
  for (Slot* slot : std::span(slots.begin(), none)) {
    if (slot->deadline <= now) {
      End(*slot, cause, DRL_CHARGED_NO, detail);
      continue;
    }
    uint32_t sent = kSent;
    if (!slot->state.compare_exchange_strong(sent, kQueued, std::memory_order_acq_rel)) {
      shared_.pool.Release(*slot);
      continue;
    }
    slot->cause = cause;  // should it be overtaken
    slot->SetDetail(detail);
    Slot* after = before == nullptr ? pending_.front() : before->next;
    for (; after != nullptr && after->sequence < slot->sequence; after = before->next) before = after;
    pending_.InsertAfter(before, slot);
    pending_deadline_ = std::min(pending_deadline_, slot->deadline);
    before = slot;
    draining_ = !in_flight_.empty();
  }
}

void Loop::TimeOut(Slot& slot, int32_t charged) {
  const base::Micros submitted_at = slot.submitted_at;  // End may be the last to hold the slot
  const bool sent = charged == DRL_CHARGED_UNKNOWN;
  if (End(slot, DRL_ERR_TIMEOUT, charged,
          sent ? "Redis did not answer before the deadline" : "Redis did not answer before the deadline; not sent")) {
    shared_.breaker.CountTimeout(submitted_at, sent);
  }
}

void Loop::ExpireDeadlines(base::Micros now) {
  if (pending_deadline_ <= now && !pending_.empty()) {
    SlotList waiting = std::exchange(pending_, {});
    pending_deadline_ = INT64_MAX;
    while (!waiting.empty()) {
      Slot* slot = waiting.PopFront();
      if (slot->deadline <= now) {
        TimeOut(*slot, DRL_CHARGED_NO);
      } else {
        pending_deadline_ = std::min(pending_deadline_, slot->deadline);
        pending_.PushBack(slot);
      }
    }
  }
  for (size_t at = 0; at < in_flight_.size(); ++at) {
    Call& call = in_flight_.at(at);
    if (call.deadline > now) continue;
    base::Micros next = INT64_MAX;
    for (int i = 0; i < call.count; ++i) {
      Slot*& slot = call.slots[static_cast<size_t>(i)];
      if (slot == nullptr) continue;
      if (slot->deadline > now) {
        next = std::min(next, slot->deadline);
        continue;
      }
      TimeOut(*slot, DRL_CHARGED_UNKNOWN);
      slot = nullptr;
    }
    call.deadline = next;
  }
}

// Memory ran out somewhere in the midst. What was being taken or was under way ends, and whatever is half done goes with the
// connection; the next attempt comes later.
void Loop::LoseMemory() noexcept {
  constexpr const char* kNoMemory = "the connection was given up: out of memory";
  const base::Micros now = base::MonotonicMicros();
  EndCall(taken_, DRL_ERR_CONNECTION_LOST, DRL_CHARGED_UNKNOWN, kNoMemory);
  taken_.count = 0;
  for (size_t at = 0; at < in_flight_.size(); ++at) {
    EndCall(in_flight_.at(at), DRL_ERR_CONNECTION_LOST, DRL_CHARGED_UNKNOWN, kNoMemory);
  }
  in_flight_.Clear();
  writer_.Clear();
  shared_.counters.connected.store(false, std::memory_order_relaxed);
  link_.GiveUp(now);
  shared_.breaker.Disconnected(DRL_ERR_CONNECTION_LOST, kNoMemory, link_.demand_from());
  EndPending(DRL_ERR_CONNECTION_LOST, kNoMemory);
  sleepers_.WakeAll();
}

// What was sent is lost and stays lost; of what a byte has left nobody knows. The rest waits for the next connection.
void Loop::EndInFlight(const base::Status& status, base::Micros now) {
  const uint64_t left = link_.connection().out().left();
  for (size_t at = 0; at < in_flight_.size(); ++at) {
    Call& call = in_flight_.at(at);
    if (call.begins_at < left) {
      EndCall(call, DRL_ERR_CONNECTION_LOST, DRL_CHARGED_UNKNOWN, status.message());
      continue;
    }
    Requeue(call, DRL_ERR_CONNECTION_LOST, status.message(), now);
  }
  in_flight_.Clear();
}

void Loop::LoseConnection(const base::Status& status, base::Micros now) {
  const bool idle = in_flight_.empty() && status.code() == DRL_ERR_CONNECTION_LOST;
  EndInFlight(status, now);
  shared_.breaker.Owes(now);  // a connection
  shared_.counters.connected.store(false, std::memory_order_relaxed);
  notes_.push_back({idle ? DRL_LOG_INFO : DRL_LOG_WARNING, "connection lost: " + status.message()});
  failures_.Forget();
  if (!script_ran_) shared_.readiness.Fail(status);
  if (link_.Lose(status, idle, now)) return;
  shared_.breaker.Disconnected(status.code(), status.message(), link_.demand_from());
  EndPending(status.code(), status.message());
}

}  // namespace drl::engine
