#include "core/reply.h"

#include <algorithm>

#include "core/command.h"
#include "core/plan.h"

namespace drl::core {
namespace {

bool FitsNever(const Limit& limit, const Question& question) {
  return question.cost + question.headroom > limit.burst();
}

// Whether limit `a` binds more than `b`: it denies for longer, or has fewer tokens left, or fills later.
struct Tightness {
  int64_t retry_after_us;  // -1: never
  int64_t remaining;
  int64_t reset_after_us;

  [[nodiscard]] bool Over(const Tightness& other) const {
    const auto wait = [](int64_t us) { return us < 0 ? INT64_MAX : us; };
    if (wait(retry_after_us) != wait(other.retry_after_us)) return wait(retry_after_us) > wait(other.retry_after_us);
    if (remaining != other.remaining) return remaining < other.remaining;
    return reset_after_us > other.reset_after_us;
  }
};

Tightness Measure(const Limit& limit, Time debt, const Question& question, bool allowed) {
  Tightness measure{};
  if (!allowed) {
    measure.retry_after_us =
        FitsNever(limit, question) ? -1 : limit.RetryAfterUs(debt, question.cost, question.headroom);
  }
  measure.remaining = limit.Remaining(debt);
  measure.reset_after_us = debt.us + (debt.rem > 0 ? 1 : 0);
  return measure;
}

Ruling RulingOf(int64_t first) {
  if (first == kErrorMark) return Ruling::kNotWritten;
  if (first == kForeignMark) return Ruling::kForeign;
  if (first == kExpiredMark) return Ruling::kExpired;
  return first >= 0 ? Ruling::kAllowed : Ruling::kDenied;
}

drl_limit_state InForce(const Limit& limit) { return {limit.rate(), limit.per_us(), limit.burst(), 0, 0}; }

}  // namespace

size_t VerdictLength(const Limits& limits) {
  size_t length = limits.size();
  for (const Limit& limit : limits) length += limit.den() > 1 ? 1 : 0;
  return length;
}

bool ReadVerdict(std::span<const int64_t> integers, const Limits& limits, Verdict& verdict) {
  verdict.ruling = RulingOf(integers[0]);
  if (verdict.ruling != Ruling::kAllowed && verdict.ruling != Ruling::kDenied) {
    return std::all_of(integers.begin(), integers.end(), [&](int64_t integer) { return integer == integers[0]; });
  }
  size_t at = 0;
  for (size_t i = 0; i < limits.size(); ++i) {
    const int64_t us = integers[at++];
    const int64_t rem = limits[i].den() > 1 ? integers[at++] : 0;
    if ((us >= 0) != verdict.allowed() || rem < 0 || rem >= limits[i].den()) return false;
    const Time debt{us >= 0 ? us : -1 - us, rem};
    const Time most = limits[i].cap_time();
    if (debt.us > most.us || (debt.us == most.us && debt.rem > most.rem)) return false;
    verdict.debts[i] = debt;
  }
  return true;
}

bool ReadForgotten(int64_t integer, Verdict& verdict) {
  verdict.ruling = RulingOf(integer);
  return integer == 0 || integer == 1 || verdict.ruling == Ruling::kExpired || verdict.ruling == Ruling::kNotWritten;
}

void FillDecision(const Verdict& verdict, const Plan& plan, const Question& question, int64_t now_us,
                  drl_decision& decision) {
  const Limits& limits = plan.limits();
  // A look takes nothing, so the script finds it fits a full bucket, whatever its headroom.
  const bool allowed = verdict.allowed() && !plan.Never(question.cost, question.headroom);
  decision = {};
  size_t binding = 0;
  Tightness tightest{};
  for (size_t i = 0; i < limits.size(); ++i) {
    const Tightness measure = Measure(limits[i], verdict.debts[i], question, allowed);
    if (i == 0 || measure.Over(tightest)) {
      tightest = measure;
      binding = i;
    }
    decision.limits[i] = InForce(limits[i]);
    decision.limits[i].remaining = measure.remaining;
    decision.limits[i].reset_after_us = measure.reset_after_us;
  }
  decision.allowed = allowed ? 1 : 0;
  decision.outcome = allowed                       ? DRL_OUTCOME_ALLOWED
                     : tightest.retry_after_us < 0 ? DRL_OUTCOME_NEVER
                                                   : DRL_OUTCOME_DENIED;
  decision.charged = allowed && question.cost > 0 ? DRL_CHARGED_YES : DRL_CHARGED_NO;
  decision.binding = static_cast<int32_t>(binding);
  decision.limits_count = static_cast<int32_t>(limits.size());
  decision.limit = limits[binding].burst();
  decision.remaining = tightest.remaining;
  decision.cost = question.cost;
  decision.retry_after_us = tightest.retry_after_us;
  decision.reset_after_us = tightest.reset_after_us;
  decision.decided_at_us = now_us + kEpochUs;
}

void FillDegraded(const Plan& plan, const Question& question, bool open, drl_status cause, int32_t charged,
                  drl_decision& decision) {
  const Limits& limits = plan.limits();
  decision = {};
  decision.flags = DRL_DECISION_DEGRADED;
  decision.cause = cause;
  decision.charged = charged;
  decision.cost = question.cost;
  decision.limits_count = static_cast<int32_t>(limits.size());
  std::transform(limits.begin(), limits.end(), decision.limits, InForce);
  decision.limit = limits[0].burst();
  decision.outcome = DRL_OUTCOME_UNDECIDED;
  decision.allowed = open ? 1 : 0;
  const auto never =
      std::find_if(limits.begin(), limits.end(), [&](const Limit& limit) { return FitsNever(limit, question); });
  if (never == limits.end()) return;
  decision.outcome = DRL_OUTCOME_NEVER;
  decision.allowed = 0;
  decision.charged = DRL_CHARGED_NO;
  decision.binding = static_cast<int32_t>(never - limits.begin());
  decision.limit = never->burst();
  decision.retry_after_us = -1;
}

}  // namespace drl::core
