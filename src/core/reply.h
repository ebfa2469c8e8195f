// The script's reply: a flat list of integers, cut into the parts of single decisions.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/limit.h"
#include "drl/decision.h"

namespace drl::core {

// What the script said about one decision; small enough to travel in the slot of its call.
struct Verdict {
  bool allowed = false;
  bool foreign = false;
  std::array<Time, DRL_LIMITS_MAX> debts{};  // after the decision, of as many limits as the limiter has
};

// Integers that a decision takes in the reply.
[[nodiscard]] size_t VerdictLength(const Limits& limits);

// Reads VerdictLength(limits) integers. False when they break the contract: the connection is then out of step.
[[nodiscard]] bool ReadVerdict(std::span<const int64_t> integers, const Limits& limits, Verdict& verdict);

// The decision that a verdict means. `now_us` is the script's, since its epoch.
void FillDecision(const Verdict& verdict, const Limits& limits, int64_t cost, int64_t now_us, drl_decision& decision);

// The decision when Redis did not speak: the fail strategy sets `allowed`. A cost above burst stays NEVER.
void FillDegraded(const Limits& limits, int64_t cost, bool open, drl_status cause, int32_t charged,
                  drl_decision& decision);

}  // namespace drl::core
