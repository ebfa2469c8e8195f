/* The answer to one request. */
#ifndef DRL_CPP_DECISION_HPP
#define DRL_CPP_DECISION_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "../decision.h"

namespace drl {

/** How a request was decided. */
enum class Outcome : int32_t {
  kNone = 0,  ///< no decision was made: the call failed
  kAllowed = DRL_OUTCOME_ALLOWED,
  kDenied = DRL_OUTCOME_DENIED,
  kNever = DRL_OUTCOME_NEVER,  ///< cost and headroom are above the burst: waiting will not help
  kUndecided = DRL_OUTCOME_UNDECIDED  ///< degraded: the fail strategy set `allowed`
};

/** Whether the cost was taken from the bucket. */
enum class Charged : int32_t { kNo = DRL_CHARGED_NO, kYes = DRL_CHARGED_YES, kUnknown = DRL_CHARGED_UNKNOWN };

/** Redis's clock: time since 1970-01-01 UTC, in microseconds. */
using RedisTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

/** A limit in force, and its bucket after the decision. */
struct LimitState {
  int64_t rate = 0;  ///< tokens in `per`
  std::chrono::microseconds per{0};
  int64_t burst = 0;                         ///< tokens that the bucket holds at most
  int64_t remaining = 0;                     ///< whole tokens left
  std::chrono::microseconds reset_after{0};  ///< until the bucket is full again
};

/** The limits in force, in the order of the limiter. */
class LimitStates {
 public:
  const LimitState* begin() const noexcept { return states_; }
  const LimitState* end() const noexcept { return states_ + size_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  const LimitState& operator[](std::size_t i) const noexcept { return states_[i]; }

  /** One more; at most DRL_LIMITS_MAX. */
  void push_back(const LimitState& state) noexcept { states_[size_++] = state; }

 private:
  LimitState states_[DRL_LIMITS_MAX];
  std::size_t size_ = 0;
};

/** One decision; true when the request is to be served. With several limits, `limit`, `remaining` and `reset_after` are
 *  those of the binding one; `limits` has them all. When it is degraded, every `remaining` and the times mean nothing.
 */
struct Decision {
  bool allowed = false;
  Outcome outcome = Outcome::kNone;
  Charged charged = Charged::kNo;
  int32_t flags = 0;          ///< DRL_DECISION_*, combined with |
  drl_status cause = DRL_OK;  ///< why Redis did not decide; DRL_OK when it did
  int32_t binding = 0;        ///< index of the binding limit, from 0
  int64_t limit = 0;          ///< tokens that the bucket holds at most
  int64_t remaining = 0;      ///< whole tokens left
  int64_t cost = 0;           ///< tokens asked for
  std::optional<std::chrono::microseconds> retry_after;  ///< until the same request would be allowed; nothing: never
  std::chrono::microseconds reset_after{0};              ///< until the bucket is full again
  RedisTime decided_at{};                                ///< by the clock of Redis
  LimitStates limits;
  char message[sizeof(drl_error::message)] = "";  ///< why Redis did not decide; "" when it did

  explicit operator bool() const noexcept { return allowed; }

  /** Whether Redis was not heard. */
  bool degraded() const noexcept { return (flags & DRL_DECISION_DEGRADED) != 0; }
};

namespace detail {

// `message`: the sentence that came with the decision; null for the general one of its cause.
inline Decision FromC(const drl_decision& from, const char* message = nullptr) noexcept {
  Decision decision;
  if (message == nullptr) message = drl_status_message(from.cause);
  if (from.cause != DRL_OK) {
    std::memcpy(decision.message, message, std::min(std::strlen(message), sizeof decision.message - 1));
  }
  decision.allowed = from.allowed != 0;
  decision.outcome = static_cast<Outcome>(from.outcome);
  decision.charged = static_cast<Charged>(from.charged);
  decision.flags = from.flags;
  decision.cause = from.cause;
  decision.binding = from.binding;
  decision.limit = from.limit;
  decision.remaining = from.remaining;
  decision.cost = from.cost;
  if (from.retry_after_us >= 0) decision.retry_after = std::chrono::microseconds(from.retry_after_us);
  decision.reset_after = std::chrono::microseconds(from.reset_after_us);
  decision.decided_at = RedisTime(std::chrono::microseconds(from.decided_at_us));
  for (int32_t i = 0; i < from.limits_count; ++i) {
    const drl_limit_state& one = from.limits[i];
    decision.limits.push_back({one.rate, std::chrono::microseconds(one.per_us), one.burst, one.remaining,
                               std::chrono::microseconds(one.reset_after_us)});
  }
  return decision;
}

inline drl_decision ToC(const Decision& from) noexcept {
  drl_decision decision{};
  decision.allowed = from.allowed ? 1 : 0;
  decision.outcome = static_cast<int32_t>(from.outcome);
  decision.charged = static_cast<int32_t>(from.charged);
  decision.flags = from.flags;
  decision.cause = from.cause;
  decision.binding = from.binding;
  decision.limit = from.limit;
  decision.remaining = from.remaining;
  decision.cost = from.cost;
  decision.retry_after_us = from.retry_after ? from.retry_after->count() : -1;
  decision.reset_after_us = from.reset_after.count();
  decision.decided_at_us = from.decided_at.time_since_epoch().count();
  for (const LimitState& one : from.limits) {
    decision.limits[decision.limits_count++] = {one.rate, one.per.count(), one.burst, one.remaining,
                                                one.reset_after.count()};
  }
  return decision;
}

}  // namespace detail
}  // namespace drl

#endif  // DRL_CPP_DECISION_HPP
