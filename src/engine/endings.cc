// How a request ends for its owner: decided, failed, or given up before.
#include "engine/loop.h"

namespace drl::engine {

void Loop::Decided(nodes::Request& request, const core::Verdict& verdict, int64_t redis_us, base::Micros now) {
  Slot& slot = SlotOf(request);
  Counter Outcomes::*const outcome = slot.kind == nodes::RequestKind::kReset ? &Outcomes::resets
                                     : slot.question.cost == 0               ? &Outcomes::peeks
                                     : verdict.allowed()                     ? &Outcomes::allowed
                                     : slot.never                            ? &Outcomes::never
                                                                             : &Outcomes::denied;
  Outcomes& series = slot.limiter().series();  // of the client: it outlives the limiter
  const base::Micros latency = now - slot.submitted_at;
  // Counted before the caller can know, so that one who then reads the counters finds itself there; taken back from one who had
  // given up in that very moment.
  (shared_.counters.outcomes.*outcome).AddAlone();
  (series.*outcome).AddAlone();
  if (!slot.fate.given_up()) {
    slot.verdict = verdict;
    slot.now_us = redis_us;
    slot.cause = DRL_OK;
    slot.charged = DRL_CHARGED_NO;
  }
  if (slot.fate.End()) {
    shared_.counters.CountLatency(latency);
    Tell(slot);
  } else {
    (shared_.counters.outcomes.*outcome).AddAlone(-1);
    (series.*outcome).AddAlone(-1);
    shared_.counters.late_answers.AddAlone();
  }
  shared_.pool.Release(slot);
}

bool Loop::Failed(nodes::Request& request, drl_status cause, int32_t charged, std::string_view why) {
  Slot& slot = SlotOf(request);
  if (!slot.fate.given_up()) {
    slot.cause = cause;
    slot.charged = charged;
    slot.SetDetail(why);
  }
  const bool ended = slot.fate.End();
  if (ended) {
    CountCause(shared_.counters, slot.limiter(), cause);
    Tell(slot);
  }
  shared_.pool.Release(slot);
  return ended;
}

// Its owner.
void Loop::Tell(Slot& slot) {
  if (slot.sink != nullptr) {
    if (slot.sink->calls_back()) sleepers_.WakeAll();  // nobody waits for code of the application
    slot.sink->Deliver(slot);
  } else if (slot.sleeper.load(std::memory_order_seq_cst) != 0) {
    sleepers_.Add(slot.fate.word());
  }
}

// By the I/O thread: what a caller did with the loop is its own affair.
void Loop::CommandAnswered(base::Micros waited) {
  if (!driven_ && shared_.load() > kSpinnersMax) shared_.crowd_trial.Observe(waited);
}

// Their callbacks may ask again, and are then answered in the next cycle: the connections are never forgotten over them.
void Loop::EndAnswered(nodes::RequestList& answered) {
  sleepers_.WakeAll();
  while (!answered.empty()) {
    Slot& slot = SlotOf(*answered.PopFront());
    slot.fate.EndAnswered();
    slot.sink->Deliver(slot);
    shared_.pool.Release(slot);
  }
}

}  // namespace drl::engine
