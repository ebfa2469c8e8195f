#include "core/reply.h"

#include <algorithm>

#include "core/call.h"

namespace drl::core {
namespace {

bool FitsNever(const Limit& limit, int64_t cost) { return cost > limit.burst(); }

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

Tightness Measure(const Limit& limit, Time debt, int64_t cost, bool allowed) {
  Tightness measure{};
  if (!allowed) measure.retry_after_us = FitsNever(limit, cost) ? -1 : limit.RetryAfterUs(debt, cost);
  measure.remaining = limit.Remaining(debt);
  measure.reset_after_us = debt.us + (debt.rem > 0 ? 1 : 0);
  return measure;
}

}  // namespace

size_t VerdictLength(const Limits& limits) {
  size_t length = limits.size();
  for (const Limit& limit : limits) length += limit.den() > 1 ? 1 : 0;
  return length;
}

bool ReadVerdict(std::span<const int64_t> integers, const Limits& limits, Verdict& verdict) {
  size_t at = 0;
  verdict.foreign = integers[0] == kForeign;
  verdict.allowed = integers[0] >= 0;
  for (size_t i = 0; i < limits.size(); ++i) {
    const int64_t us = integers[at++];
    const int64_t rem = limits[i].den() > 1 ? integers[at++] : 0;
    if (verdict.foreign) {
      if (us != kForeign) return false;
      continue;
    }
    if ((us >= 0) != verdict.allowed || rem < 0 || rem >= limits[i].den()) return false;
    const Time debt{us >= 0 ? us : -1 - us, rem};
    const Time most = limits[i].burst_time();
    if (debt.us > most.us || (debt.us == most.us && debt.rem > most.rem)) return false;
    verdict.debts[i] = debt;
  }
  return true;
}

void FillDecision(const Verdict& verdict, const Limits& limits, int64_t cost, int64_t now_us, drl_decision& decision) {
  size_t binding = 0;
  Tightness tightest = Measure(limits[0], verdict.debts[0], cost, verdict.allowed);
  for (size_t i = 1; i < limits.size(); ++i) {
    const Tightness candidate = Measure(limits[i], verdict.debts[i], cost, verdict.allowed);
    if (candidate.Over(tightest)) {
      tightest = candidate;
      binding = i;
    }
  }
  decision = {};
  decision.allowed = verdict.allowed ? 1 : 0;
  decision.outcome = verdict.allowed                ? DRL_OUTCOME_ALLOWED
                     : tightest.retry_after_us < 0 ? DRL_OUTCOME_NEVER
                                                   : DRL_OUTCOME_DENIED;
  decision.charged = verdict.allowed && cost > 0 ? DRL_CHARGED_YES : DRL_CHARGED_NO;
  decision.binding = static_cast<int32_t>(binding);
  decision.limit = limits[binding].burst();
  decision.remaining = tightest.remaining;
  decision.cost = cost;
  decision.retry_after_us = tightest.retry_after_us;
  decision.reset_after_us = tightest.reset_after_us;
  decision.decided_at_us = now_us + kEpochUs;
}

void FillDegraded(const Limits& limits, int64_t cost, bool open, drl_status cause, int32_t charged,
                  drl_decision& decision) {
  const auto never = std::find_if(limits.begin(), limits.end(),
                                  [cost](const Limit& limit) { return FitsNever(limit, cost); });
  decision = {};
  decision.cause = cause;
  decision.charged = charged;
  decision.degraded = 1;
  decision.cost = cost;
  decision.limit = limits[0].burst();
  decision.outcome = DRL_OUTCOME_UNDECIDED;
  decision.allowed = open ? 1 : 0;
  if (never == limits.end()) return;
  decision.outcome = DRL_OUTCOME_NEVER;
  decision.allowed = 0;
  decision.charged = DRL_CHARGED_NO;
  decision.binding = static_cast<int32_t>(never - limits.begin());
  decision.limit = never->burst();
  decision.retry_after_us = -1;
}

}  // namespace drl::core
