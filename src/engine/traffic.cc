// Calls out, replies in.
#include <algorithm>

#include "engine/limiter.h"
#include "engine/loop.h"
#include "redis/permission.h"

namespace drl::engine {

using base::Micros;

namespace {

constexpr const char* kLate = "Redis reached the call after its deadline and charged nothing";

// Whether a later request of this call, for the same key as that in place `i`, was decided; its integers begin at `at`.
bool IsDecidedLater(const Call& call, int i, std::span<const int64_t> integers, size_t at) {
  const core::Key& key = call.slots[static_cast<size_t>(i)]->key;
  for (auto j = static_cast<size_t>(i) + 1; j < static_cast<size_t>(call.count); ++j) {
    const Slot* later = call.slots[j];
    if (later != nullptr && integers[at] != core::kExpiredMark && later->key.view() == key.view()) return true;
    at += call.reply_lengths[j];
  }
  return false;
}

}  // namespace

// One call is sent at once. While one is under way, what comes gathers into the next; a further call goes out beside them only
// when it is full. So a lone request never waits for company, and a crowd travels together.
bool Loop::MayDispatch() const {
  if (pending_.empty() || draining_ || script_missing_ || proof_pending_ || !refusal_.ok() || in_flight_.full()) return false;
  const int most = options_.requests_per_command_max;
  if (in_flight_.size() * static_cast<size_t>(most) >= kCallsInFlightMax * core::kDecisionsPerCallMax) return false;
  return in_flight_.size() < 2 || pending_.size() >= most;
}

// Takes what callers handed over, in its order.
void Loop::TakeUp(SlotList& fresh) {
  while (!fresh.empty()) {
    Slot* slot = fresh.PopFront();
    slot->sequence = ++sequence_;
    pending_deadline_ = pending_.empty() ? slot->deadline : std::min(pending_deadline_, slot->deadline);
    pending_.PushBack(slot);
  }
}

void Loop::Dispatch(Micros now) {
  if (!link_.ready()) return;
  if (!refusal_.ok()) EndPending(refusal_.code(), refusal_.message());
  if (in_flight_.empty()) draining_ = false;
  if (script_missing_ && in_flight_.empty()) {
    script_missing_ = false;
    WriteScriptLoad(in_flight_.PushBack(), now, link_.connection().out());
  }
  while (MayDispatch()) WriteCall(now);
  TellOwed();
  base::Status status = link_.connection().Flush();
  if (!status.ok()) LoseConnection(status, now);
}

void Loop::TellOwed() { shared_.breaker.Owes(in_flight_.empty() ? INT64_MAX : in_flight_.front().sent_at); }

void Loop::WriteCall(Micros now) {
  while (!pending_.empty() && !writer_.full() && writer_.Takes(*pending_.front())) {
    Slot* slot = pending_.PopFront();
    uint32_t queued = kQueued;
    if (slot->deadline <= now) {
      TimeOut(*slot, DRL_CHARGED_NO);
    } else if (slot->state.compare_exchange_strong(queued, kSent, std::memory_order_acq_rel)) {
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
    return true;
  }
  TellOwed();
  return any;
}

void Loop::TakeReply(const redis::Reply& reply, Micros now) {
  taken_ = in_flight_.front();  // a copy: what follows may lose the connection and with it the ring
  in_flight_.PopFront();
  TakeReplyOf(taken_, reply, now);
  taken_.count = 0;
}

void Loop::TakeReplyOf(Call& call, const redis::Reply& reply, Micros now) {
  shared_.breaker.Heard(now);
  if (call.kind == CallKind::kScriptLoad) {
    if (reply.type == redis::Reply::Type::kError) {
      NoteError(call.kind, redis::MapError(reply.text), reply.text, now);
    } else {
      probe_at_ = now;
    }
    last_reply_at_ = now;
    return;
  }
  if (reply.type == redis::Reply::Type::kError) return TakeError(call, reply, now);
  const auto& integers = reply.integers;
  const bool ours = reply.type == redis::Reply::Type::kArray && integers.size() >= 2 && integers[0] == call.tag;
  if (!ours || integers[1] < 0 || integers[1] >= core::kEndOfTimeUs) {
    EndCall(call, DRL_ERR_PROTOCOL, DRL_CHARGED_UNKNOWN, "the reply does not belong to the call");
    return LoseConnection({DRL_ERR_PROTOCOL, "a reply does not belong to its call"}, now);
  }
  clock_.Learn(integers[1], call.sent_at, now);
  if (shared_.breaker.refuses()) shared_.breaker.Close();
  link_.Proven();
  Proved();
  if (call.kind == CallKind::kProbe) return;  // waiting behind one says nothing about what Redis can take
  TakeVerdicts(call, reply, now);
  last_reply_at_ = now;
  if (!unhealthy_.ok()) LoseConnection(std::exchange(unhealthy_, {}), now);
}

void Loop::TakeVerdicts(Call& call, const redis::Reply& reply, Micros now) {
  const std::span<const int64_t> integers(reply.integers);
  size_t expected = 2;
  for (int i = 0; i < call.count; ++i) expected += call.reply_lengths[static_cast<size_t>(i)];
  bool sound = integers.size() == expected;
  if (sound && draining_) EndOvertaken(call, integers);
  std::array<Slot*, core::kDecisionsPerCallMax> late;
  size_t late_count = 0;
  Micros waited = 0;
  size_t at = 2;
  for (int i = 0; sound && i < call.count; ++i) {
    Slot*& slot = call.slots[static_cast<size_t>(i)];
    const std::span<const int64_t> own = integers.subspan(at, call.reply_lengths[static_cast<size_t>(i)]);
    at += own.size();
    const bool expired = own[0] == core::kExpiredMark;
    if (expired) shared_.counters.expired_in_redis.AddAlone();
    if (slot == nullptr) {
      if (!expired) shared_.counters.late_replies.AddAlone();
      continue;
    }
    core::Verdict verdict;
    sound = slot->kind == SlotKind::kReset ? core::ReadForgotten(own[0], verdict)
                                           : core::ReadVerdict(own, slot->plan->limits(), verdict);
    if (!sound) break;
    const bool overtaken = expired && IsDecidedLater(call, i, integers, at);
    Slot& ending = *std::exchange(slot, nullptr);
    if (overtaken) {
      End(ending, DRL_ERR_TIMEOUT, DRL_CHARGED_NO, kLate);
    } else if (expired) {
      late[late_count++] = &ending;
    } else {
      if (ending.state.load(std::memory_order_relaxed) != kGivenUp) {
        ending.verdict = verdict;
        ending.now_us = integers[1];
      }
      waited += now - ending.submitted_at;
      EndJudged(ending, verdict, reply, now);
    }
  }
  // Redis found their group past its deadline and charged nothing: those that joined it later may still have time.
  Requeue(std::span(late).first(late_count), DRL_ERR_TIMEOUT, kLate, now);
  if (!sound) {
    EndCall(call, DRL_ERR_PROTOCOL, DRL_CHARGED_UNKNOWN, "the reply does not fit the call");
    return LoseConnection({DRL_ERR_PROTOCOL, "a reply does not fit its call"}, now);
  }
  LearnServiceTime(call, now);
  if (call.count > 0 && !driven_ && shared_.load() > kSpinnersMax) shared_.crowd_trial.Observe(waited / call.count);
}

// A call was decided while earlier requests wait to be sent again, since another client loaded the script meanwhile, say: those that
// ask for one of its keys have been overtaken, and end.
void Loop::EndOvertaken(const Call& call, std::span<const int64_t> integers) {
  std::array<const Slot*, core::kDecisionsPerCallMax> decided;
  size_t count = 0;
  size_t at = 2;
  for (size_t i = 0; i < static_cast<size_t>(call.count); ++i) {
    if (call.slots[i] != nullptr && integers[at] != core::kExpiredMark) decided[count++] = call.slots[i];
    at += call.reply_lengths[i];
  }
  SlotList waiting = std::exchange(pending_, {});
  while (!waiting.empty()) {
    Slot* slot = waiting.PopFront();
    const bool overtaken = std::any_of(decided.begin(), decided.begin() + count, [&](const Slot* other) {
      return other->sequence > slot->sequence && other->key.hash == slot->key.hash && other->key.view() == slot->key.view();
    });
    if (overtaken) {
      End(*slot, slot->cause, DRL_CHARGED_NO, slot->detail);
    } else {
      pending_.PushBack(slot);
    }
  }
}

void Loop::EndJudged(Slot& slot, const core::Verdict& verdict, const redis::Reply& reply, Micros now) {
  switch (verdict.ruling) {
    case core::Ruling::kAllowed:
    case core::Ruling::kDenied:
      if (slot.limiter->apart()) slot.limiter->SetApart(false);
      return EndDecided(slot, now);
    case core::Ruling::kForeign:
      End(slot, DRL_ERR_KEY_TYPE, DRL_CHARGED_NO, base::StatusMessage(DRL_ERR_KEY_TYPE));
      return;
    default: {
      const redis::MappedError error = redis::MapError(reply.text);
      NoteError(CallKind::kDecide, error, reply.text, now);
      if (error.kind == redis::ErrorKind::kUnhealthy) unhealthy_ = {error.code, base::StatusMessage(error.code)};
      End(slot, error.code, DRL_CHARGED_NO, redis::ErrorSentence(reply.text, "EVALSHA"));
      return;
    }
  }
}

void Loop::EndDecided(Slot& slot, Micros now) {
  Counter Outcomes::*const outcome = slot.kind == SlotKind::kReset ? &Outcomes::resets
                                     : slot.question.cost == 0     ? &Outcomes::peeks
                                     : slot.verdict.allowed()      ? &Outcomes::allowed
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

void Loop::TakeError(Call& call, const redis::Reply& reply, Micros now) {
  const redis::MappedError error = redis::MapError(reply.text);
  NoteError(call.kind, error, reply.text, now);
  if (error.kind == redis::ErrorKind::kNoScript) {
    script_missing_ = true;
    Requeue(call, error.code, reply.text, now);
  } else {
    TakeRefusal(call, error, reply.text, now);
  }
  last_reply_at_ = now;
  if (error.kind == redis::ErrorKind::kUnhealthy) LoseConnection({error.code, base::StatusMessage(error.code)}, now);
}

// One namespace that this user may not touch has Redis refuse the whole command, before anything ran: the others go again
// without it, and its limiter goes alone until it is decided again.
void Loop::TakeRefusal(Call& call, const redis::MappedError& error, std::string_view text, Micros now) {
  const auto slots = std::span(call.slots).first(static_cast<size_t>(call.count));
  const bool of_a_key = error.code == DRL_ERR_PERMISSION && redis::ExplainRefusal(text, "EVALSHA").key;
  const std::string sentence = redis::ErrorSentence(text, "EVALSHA");
  for (Slot* slot : slots) {
    if (slot == nullptr || !of_a_key) continue;
    if (call.mixed) {
      slot->alone = true;
    } else {
      slot->limiter->SetApart(true);
    }
  }
  if (of_a_key && call.mixed) return Requeue(slots, error.code, sentence, now);
  EndCall(call, error.code, error.kind == redis::ErrorKind::kUnknown ? DRL_CHARGED_UNKNOWN : DRL_CHARGED_NO, sentence);
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
