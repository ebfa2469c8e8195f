// Whether the server runs the script. It is asked on each new connection, and again until it has (loop.cc: KeepProbing); the
// verdicts on requests say so too. And what is logged where Redis refuses it.
#include <new>

#include "engine/loop.h"
#include "redis/permission.h"

namespace drl::engine {

using base::Micros;

void Loop::BeginToProve() {
  script_ran_ = false;
  proof_pending_ = true;
  refusal_ = {};
  probe_at_ = 0;
  shared_.readiness.Fail(
      {DRL_ERR_TIMEOUT, "connected to " + options_.endpoint.Name() + ", which has not run the script yet"});
}

void Loop::AskForProof(Micros now) {
  const bool urgent = shared_.breaker.refuses() || shared_.readiness.awaited();
  probe_at_ = now + (urgent ? kProbeEvery : kProbeSeldom);
  if (shared_.breaker.refuses()) shared_.breaker.Probing();
  probe_named_ = shared_.first_namespace.known();
  WriteProbe(in_flight_.PushBack(), ++tag_, now, shared_.first_namespace.get(), link_.connection().out());
}

void Loop::Proved() {
  proof_pending_ = false;
  refusal_ = {};
  if (script_ran_) return;
  refusals_.Forget();
  script_ran_ = true;
  shared_.readiness.Ready();
}

// Before the requests that met it end, and so it must not throw: what there is no memory for is not said.
void Loop::NoteError(CallKind kind, const redis::MappedError& error, std::string_view text, Micros now) noexcept {
  try {
    SayError(kind, error, text, now);
  } catch (const std::bad_alloc&) {
    return;
  }
}

void Loop::SayError(CallKind kind, const redis::MappedError& error, std::string_view text, Micros now) {
  if (error.kind == redis::ErrorKind::kNoScript) return;  // it is loaded, and asked again
  if (kind != CallKind::kDecide) proof_pending_ = false;
  base::Status why(error.code, redis::ErrorSentence(text, "EVALSHA"));
  if (error.code == DRL_ERR_PERMISSION) {
    const redis::Refusal refusal =
        redis::ExplainRefusal(text, kind == CallKind::kScriptLoad ? "SCRIPT LOAD" : "EVALSHA");
    if (kind == CallKind::kProbe && refusal.key && !probe_named_) return ExcuseProbe();
    why = {error.code, refusal.sentence};
    if (kind != CallKind::kDecide && !refusal.key) Refuse(why, now);
    Complain(refusals_, refusal.sentence, now);
  } else if (error.code == DRL_ERR_CLOCK) {
    Complain(refusals_, why.message(), now);
  } else if (kind == CallKind::kScriptLoad) {
    Complain(refusals_, "SCRIPT LOAD: " + why.message(), now);
  }
  if (!script_ran_) shared_.readiness.Fail(why);
}

// From here on requests end with this, until a probe finds that the user may do it again.
void Loop::Refuse(const base::Status& why, Micros now) {
  refusal_ = why;
  script_ran_ = false;
  probe_at_ = now + kProbeSeldom;
}

// First said, then looked: a limiter that opens at this moment looks in the other order, so one of the two sees the other.
void Loop::ExcuseProbe() {
  script_ran_ = true;
  shared_.readiness.Excuse();
  if (shared_.first_namespace.known()) shared_.readiness.LimiterOpened();
}

// Another look at the server, which some thread asked for, unless it has run the script.
void Loop::TakeAsked() {
  if (!shared_.readiness.TakeAsked()) return;
  probe_at_ = 0;
  if (!shared_.readiness.ready()) script_ran_ = false;
}

void Loop::Complain(base::Repeats& repeats, const std::string& complaint, Micros now) {
  if (repeats.Due(complaint, now)) notes_.push_back({DRL_LOG_ERROR, complaint});
}

}  // namespace drl::engine
