// Limits as exact arithmetic on time.
//
// A bucket that refills continuously is a debt that time pays off: a token of `rate` per `per_us` is worth
// per_us / rate microseconds, and tokens taken are time owed. That fraction is kept exact, as whole microseconds and a
// remainder over the reduced denominator, so 300,000 per second or 7 per minute lose nothing however long they run.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "drl/limiter.h"

namespace drl::core {

inline constexpr int64_t kTokensMax = 1'000'000'000'000;  // rate, burst, cost
inline constexpr int64_t kTimeMaxUs = int64_t{1} << 50;   // per_us, and the time in which an empty bucket fills

// us + rem / den microseconds, 0 <= rem < den of the limit it belongs to.
struct Time {
  int64_t us = 0;
  int64_t rem = 0;

  friend bool operator==(const Time&, const Time&) = default;
};

// One validated limit.
class Limit {
 public:
  // Checks the ranges; the message names the argument (prefixed, such as "limits[2].").
  static base::Result<Limit> Make(const drl_limit& options, const std::string& prefix);

  [[nodiscard]] int64_t rate() const { return rate_; }
  [[nodiscard]] int64_t per_us() const { return per_us_; }
  [[nodiscard]] int64_t burst() const { return burst_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  // A token is worth num / den microseconds, in lowest terms.
  [[nodiscard]] int64_t num() const { return num_; }
  [[nodiscard]] int64_t den() const { return den_; }
  [[nodiscard]] Time burst_time() const { return burst_time_; }
  // How far a request that leaves `headroom` tokens to others may push the debt.
  [[nodiscard]] Time AdmitTime(int64_t headroom) const { return Worth(std::max<int64_t>(0, burst_ - headroom)); }
  // The most debt that any request brings about: beyond it only a stepped clock can have brought the state.
  [[nodiscard]] Time cap_time() const { return burst_time_; }

  // What `tokens` are worth. Costs above burst are all alike (they never fit), so they are cut to burst + 1, which keeps
  // every sum below 2^53.
  [[nodiscard]] Time CostTime(int64_t tokens) const;
  // Whole tokens left when this much time is owed.
  [[nodiscard]] int64_t Remaining(Time debt) const;
  // Microseconds, rounded up, until a debt has shrunk enough for `tokens` to fit beside `headroom` (together <= burst); 0 when
  // they fit now.
  [[nodiscard]] int64_t RetryAfterUs(Time debt, int64_t tokens, int64_t headroom) const;

 private:
  Limit() = default;
  [[nodiscard]] Time Worth(int64_t tokens) const;

  int64_t rate_ = 0;
  int64_t per_us_ = 0;
  int64_t burst_ = 0;
  int64_t num_ = 0;
  int64_t den_ = 1;
  Time burst_time_;
  std::string name_;
};

// The limits of one limiter, charged all together or not at all.
using Limits = std::vector<Limit>;

// From either form of the options.
base::Result<Limits> MakeLimits(const drl_limiter_options& options);

}  // namespace drl::core
