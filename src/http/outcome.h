// What a decision means for a response.
#pragma once

#include "base/status.h"
#include "drl/decision.h"
#include "http/policy.h"

namespace drl::http {

// Ok when a limiter with these policies can have made this decision: a stale or zeroed struct must not become a header.
[[nodiscard]] inline base::Status CheckDecision(const PolicySet& policies, const drl_decision& decision) {
  if (decision.outcome < DRL_OUTCOME_ALLOWED || decision.outcome > DRL_OUTCOME_UNDECIDED) {
    return {DRL_ERR_OPTION, "decision.outcome is none of DRL_OUTCOME_*: the decision was never made"};
  }
  if (decision.limits_count < 1 || static_cast<size_t>(decision.limits_count) != policies.size()) {
    return {DRL_ERR_OPTION, "decision.limits_count is not that of this limiter: the decision is another limiter's"};
  }
  if (decision.binding < 0 || decision.binding >= decision.limits_count) {
    return {DRL_ERR_OPTION, "decision.binding is none of decision.limits"};
  }
  return {};
}

[[nodiscard]] inline bool IsRefused(const drl_decision& decision) {
  if (decision.outcome == DRL_OUTCOME_UNDECIDED) return decision.allowed == 0;
  return decision.outcome != DRL_OUTCOME_ALLOWED;
}

// Whether the bucket was looked at; else `remaining` and the times mean nothing.
[[nodiscard]] inline bool IsStateKnown(const drl_decision& decision) {
  return decision.outcome != DRL_OUTCOME_UNDECIDED && (decision.flags & DRL_DECISION_DEGRADED) == 0;
}

}  // namespace drl::http
