// The script's reply: a flat list of integers, cut into the parts of single requests.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/limit.h"
#include "drl/decision.h"

namespace drl::core {

class Plan;

enum class Ruling : uint8_t { kAllowed, kDenied, kForeign, kExpired, kNotWritten };

// What the script said about one request; small enough to travel in its slot.
struct Verdict {
  Ruling ruling = Ruling::kDenied;
  std::array<Time, DRL_LIMITS_MAX> debts{};  // after the decision, of as many limits as the limiter has

  [[nodiscard]] bool allowed() const { return ruling == Ruling::kAllowed; }
};

// What was asked, as far as the answer depends on it.
struct Question {
  int64_t cost = 0;
  int64_t headroom = 0;
};

// In place of an integer: an error stood there, Redis refused to write.
inline constexpr int64_t kErrorMark = INT64_MIN;

// Integers that a request takes in the reply.
[[nodiscard]] size_t VerdictLength(const Limits& limits);

// Reads VerdictLength(limits) integers. False when they break the contract: the connection is then out of step.
[[nodiscard]] bool ReadVerdict(std::span<const int64_t> integers, const Limits& limits, Verdict& verdict);

// Reads the integer of a forgotten key.
[[nodiscard]] bool ReadForgotten(int64_t integer, Verdict& verdict);

// The decision that a verdict, allowed or denied, means. `now_us` is the script's, since its epoch.
void FillDecision(const Verdict& verdict, const Plan& plan, const Question& question, int64_t now_us,
                  drl_decision& decision);

// The decision when Redis did not speak: the fail strategy sets `allowed`. A cost above burst stays NEVER.
void FillDegraded(const Plan& plan, const Question& question, bool open, drl_status cause, int32_t charged,
                  drl_decision& decision);

}  // namespace drl::core
