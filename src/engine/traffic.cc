// Calls out, replies in.
#include <algorithm>

#include "engine/limiter.h"
#include "engine/loop.h"
#include "redis/error_map.h"

namespace drl::engine {

using base::Micros;

// One call is sent at once. While one is under way, what comes gathers into the next; a further call goes out beside them only
// when it is full. So a lone request never waits for company, and a crowd travels together.
bool Loop::MayDispatch() const {
  if (pending_.empty() || in_flight_.size() >= kCallsInFlightMax) return false;
  return in_flight_.size() < 2 || pending_.size() >= core::kDecisionsPerCallMax;
}

void Loop::Dispatch(Micros now) {
  if (!link_.ready()) return;
  if (script_missing_ && !in_flight_.full()) {
    script_missing_ = false;
    WriteScriptLoad(in_flight_.PushBack(), now, link_.connection().out());
  }
  while (MayDispatch()) WriteCall(now);
  base::Status status = link_.connection().Flush();
  if (!status.ok()) LoseConnection(status, now);
}

void Loop::WriteCall(Micros now) {
  while (!pending_.empty() && !writer_.full()) {
    Slot* slot = pending_.PopFront();
    uint32_t queued = kQueued;
    if (slot->deadline <= now) {
      TimeOut(*slot, DRL_CHARGED_NO);
    } else if (slot->state.compare_exchange_strong(queued, kSent, std::memory_order_acq_rel)) {
      ++slot->attempts;
      writer_.Add(*slot);
    } else {
      shared_.pool.Release(*slot);
    }
  }
  if (writer_.count() == 0) return;
  Call& call = in_flight_.PushBack();
  writer_.Write(call, ++tag_, now, clock_, link_.connection().out());
  shared_.counters.CountBatch(call.count);
}

// Reads once and takes all whole replies. True when something came.
bool Loop::Receive() {
  base::Result<bool> received = link_.connection().Receive();
  const Micros now = base::MonotonicMicros();
  bool any = received.ok() && *received;
  while (true) {
    base::Result<const redis::Reply*> reply = link_.connection().Next();
    if (!reply.ok()) {
      LoseConnection(reply.status(), now);
      return true;
    }
    if (*reply == nullptr) break;
    if (in_flight_.empty()) {
      LoseConnection({DRL_ERR_PROTOCOL, "Redis sent a reply that nobody asked for"}, now);
      return true;
    }
    TakeReply(**reply, now);
    if (!link_.ready()) return true;
  }
  if (!received.ok()) {
    LoseConnection(received.status(), now);
    any = true;
  }
  return any;
}

void Loop::TakeReply(const redis::Reply& reply, Micros now) {
  Call call = in_flight_.front();  // a copy: what follows may lose the connection and with it the ring
  in_flight_.PopFront();
  shared_.breaker.Heard(now);
  if (call.kind == CallKind::kScriptLoad) {
    if (reply.type == redis::Reply::Type::kError) {
      NoteError(call, redis::MapError(reply.text), reply.text, now);
    } else {
      probe_at_ = now;
    }
    last_reply_at_ = now;
    return;
  }
  if (reply.type == redis::Reply::Type::kError) return TakeError(call, reply, now);
  const auto& integers = reply.integers;
  if (reply.type != redis::Reply::Type::kArray || integers.size() < 2 || integers[0] != call.tag) {
    EndCall(call, DRL_ERR_PROTOCOL, DRL_CHARGED_UNKNOWN, "the reply does not belong to the call");
    return LoseConnection({DRL_ERR_PROTOCOL, "a reply does not belong to its call"}, now);
  }
  const bool expired = integers[1] < 0;
  clock_.Learn(expired ? -integers[1] : integers[1], call.sent_at, now);
  if (shared_.breaker.refuses()) shared_.breaker.Close();
  link_.Proven();
  Proved();
  if (call.kind == CallKind::kProbe) return;  // waiting behind one says nothing about what Redis can take
  if (expired) {
    TakeExpired(call, now);
  } else {
    TakeVerdicts(call, reply, now);
  }
  last_reply_at_ = now;
}

void Loop::TakeVerdicts(Call& call, const redis::Reply& reply, Micros now) {
  const std::span<const int64_t> integers(reply.integers);
  size_t expected = 2;
  for (int i = 0; i < call.count; ++i) expected += call.reply_lengths[static_cast<size_t>(i)];
  bool sound = integers.size() == expected;
  Micros waited = 0;
  size_t at = 2;
  for (int i = 0; sound && i < call.count; ++i) {
    Slot*& slot = call.slots[static_cast<size_t>(i)];
    const std::span<const int64_t> own = integers.subspan(at, call.reply_lengths[static_cast<size_t>(i)]);
    at += own.size();
    if (slot == nullptr) {
      shared_.counters.late_replies.AddAlone();
      continue;
    }
    core::Verdict verdict;
    if (slot->kind == SlotKind::kAllow) sound = core::ReadVerdict(own, slot->limiter->limits(), verdict);
    if (!sound) break;
    if (slot->state.load(std::memory_order_relaxed) != kGivenUp) {
      slot->verdict = verdict;
      slot->now_us = integers[1];
    }
    Slot& ending = *std::exchange(slot, nullptr);
    if (ending.kind == SlotKind::kReset && own[0] == redis::Reply::kRefused) {
      const redis::MappedError error = redis::MapError(reply.text);
      NoteError(call, error, reply.text, now);
      End(ending, error.code, DRL_CHARGED_NO, reply.text);
    } else if (verdict.foreign) {
      End(ending, DRL_ERR_KEY_TYPE, DRL_CHARGED_NO, base::StatusMessage(DRL_ERR_KEY_TYPE));
    } else {
      waited += now - ending.submitted_at;
      EndDecided(ending, now);
    }
  }
  if (!sound) {
    EndCall(call, DRL_ERR_PROTOCOL, DRL_CHARGED_UNKNOWN, "the reply does not fit the call");
    return LoseConnection({DRL_ERR_PROTOCOL, "a reply does not fit its call"}, now);
  }
  LearnServiceTime(call, now);
  if (call.count > 0 && !driven_ && shared_.load() > kSpinnersMax) shared_.crowd_trial.Observe(waited / call.count);
}

void Loop::EndDecided(Slot& slot, Micros now) {
  Counter Outcomes::*const outcome = slot.kind == SlotKind::kReset ? &Outcomes::resets
                                     : slot.cost == 0              ? &Outcomes::peeks
                                     : slot.verdict.allowed        ? &Outcomes::allowed
                                     : slot.never                  ? &Outcomes::never
                                                                   : &Outcomes::denied;
  Outcomes& series = slot.limiter->series();  // of the client: it outlives the limiter
  const Micros latency = now - slot.submitted_at;
  // Counted before the caller can know, so that one who then reads the counters finds itself there; taken back from one who had
  // given up in that very moment.
  (shared_.counters.outcomes.*outcome).AddAlone();
  (series.*outcome).AddAlone();
  if (End(slot, DRL_OK, DRL_CHARGED_NO, {})) {
    shared_.counters.CountLatency(latency);
  } else {
    (shared_.counters.outcomes.*outcome).AddAlone(-1);
    (series.*outcome).AddAlone(-1);
  }
}

// Redis found the call past its deadline and charged nothing: decisions that joined it later may still have time.
void Loop::TakeExpired(Call& call, Micros now) {
  shared_.counters.expired_in_redis.AddAlone(call.count);
  Requeue(call, DRL_ERR_TIMEOUT, "Redis reached the call after its deadline and charged nothing", now);
}

void Loop::TakeError(Call& call, const redis::Reply& reply, Micros now) {
  const redis::MappedError error = redis::MapError(reply.text);
  const bool unknown = error.kind == redis::ErrorKind::kUnknown;
  NoteError(call, error, reply.text, now);
  if (error.kind == redis::ErrorKind::kNoScript) {
    script_missing_ = true;
    Requeue(call, error.code, reply.text, now);
  } else {
    EndCall(call, error.code, unknown ? DRL_CHARGED_UNKNOWN : DRL_CHARGED_NO, reply.text);
  }
  last_reply_at_ = now;
  if (error.kind == redis::ErrorKind::kUnhealthy) LoseConnection({error.code, base::StatusMessage(error.code)}, now);
}

// Replies that come together are one after the other in Redis, so times and decisions are summed up before they are divided; and
// a full call weighs more than a lone one.
void Loop::LearnServiceTime(const Call& call, Micros now) {
  // A small call that waited behind no other says how long the way is, not what Redis can take.
  if (call.count == 0 || (call.sent_at >= last_reply_at_ && call.count < core::kDecisionsPerCallMax / 2)) return;
  constexpr double kDecisionMaxUs = 1'000;
  constexpr double kMemory = 31.0 / 32;
  const auto busy = static_cast<double>(now - std::max(call.sent_at, last_reply_at_));
  busy_us_ = busy_us_ * kMemory + std::min(busy, kDecisionMaxUs * call.count);
  decided_ = decided_ * kMemory + call.count;
  shared_.service_ns.store(static_cast<int64_t>(busy_us_ * 1'000 / decided_), std::memory_order_relaxed);
}

}  // namespace drl::engine
