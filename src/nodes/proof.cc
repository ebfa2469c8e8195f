#include "nodes/proof.h"

#include <new>

#include "redis/permission.h"

namespace drl::nodes {

using base::Micros;

void Proof::Begin() {
  ran_ = false;
  pending_ = true;
  refusal_ = {};
  probe_at_ = 0;
  readiness_.Connected({DRL_ERR_TIMEOUT, "connected to " + server_ + ", which has not run the script yet"});
}

void Proof::Lost(const base::Status& why) {
  if (!ran_) readiness_.Fail(why);
}

std::string Proof::Ask(bool urgent, Micros now) {
  probe_at_ = now + (urgent ? kProbeEvery : kProbeSeldom);
  named_ = first_namespace_.known();
  return first_namespace_.get();
}

void Proof::TakeAsked() {
  if (!readiness_.TakeAsked()) return;
  Hurry();
  if (!readiness_.ready()) ran_ = false;
}

void Proof::Succeed() {
  pending_ = false;
  refusal_ = {};
  if (ran_) return;
  complaints_.Forget();
  ran_ = true;
  readiness_.Ready();
}

void Proof::Fail(CommandKind kind, const redis::MappedError& error, std::string_view text, Micros now) noexcept {
  try {
    Say(kind, error, text, now);
  } catch (const std::bad_alloc&) {
    return;
  }
}

void Proof::Say(CommandKind kind, const redis::MappedError& error, std::string_view text, Micros now) {
  if (error.kind == redis::ErrorKind::kNoScript) return;  // it is loaded, and asked again
  if (kind != CommandKind::kDecide) pending_ = false;
  base::Status why(error.code, redis::ErrorSentence(text, "EVALSHA"));
  if (error.code == DRL_ERR_PERMISSION) {
    const redis::Refusal refusal =
        redis::ExplainRefusal(text, kind == CommandKind::kScriptLoad ? "SCRIPT LOAD" : "EVALSHA");
    if (kind == CommandKind::kProbe && refusal.key && !named_) return Excuse();
    why = {error.code, refusal.sentence};
    if (kind != CommandKind::kDecide && !refusal.key) Refuse(why, now);
    notes_.Complain(complaints_, refusal.sentence, now);
  } else if (error.code == DRL_ERR_CLOCK) {
    notes_.Complain(complaints_, why.message(), now);
  } else if (kind == CommandKind::kScriptLoad) {
    notes_.Complain(complaints_, "SCRIPT LOAD: " + why.message(), now);
  }
  if (!ran_) readiness_.Fail(why);
}

// From here on requests end with this, until a probe finds that the user may do it again.
void Proof::Refuse(const base::Status& why, Micros now) {
  refusal_ = why;
  ran_ = false;
  probe_at_ = now + kProbeSeldom;
}

// First said, then looked: a limiter that opens at this moment looks in the other order, so one of the two sees the other.
void Proof::Excuse() {
  ran_ = true;
  readiness_.Excuse();
  if (first_namespace_.known()) readiness_.LimiterOpened();
}

}  // namespace drl::nodes
