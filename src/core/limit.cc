#include "core/limit.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/text.h"

namespace drl::core {
namespace {

using base::Result;
using base::Status;
using Wide = __int128;

Status OutOfRange(drl_status code, const std::string& argument, int64_t value, const std::string& range) {
  return {code, argument + " is " + std::to_string(value) + ", must be " + range};
}

}  // namespace

Result<Limit> Limit::Make(const drl_limit& options, const std::string& prefix) {
  if (options.rate < 1 || options.rate > kTokensMax) {
    return OutOfRange(DRL_ERR_RATE, prefix + "rate", options.rate, "1..1000000000000 tokens");
  }
  if (options.per_us < 1 || options.per_us > kTimeMaxUs) {
    return OutOfRange(DRL_ERR_PER, prefix + "per_us", options.per_us, "1..2^50 microseconds");
  }
  if (options.burst < 0 || options.burst > kTokensMax) {
    return OutOfRange(DRL_ERR_BURST, prefix + "burst", options.burst, "1..1000000000000 tokens, or 0 for rate");
  }
  if (options.name != nullptr && !IsPrintable(options.name)) {
    return Status(DRL_ERR_NAME, prefix + "name must be 1 to 64 printable ASCII characters");
  }
  Limit limit;
  limit.rate_ = options.rate;
  limit.per_us_ = options.per_us;
  limit.burst_ = options.burst == 0 ? options.rate : options.burst;
  const int64_t divisor = std::gcd(limit.rate_, limit.per_us_);
  limit.num_ = limit.per_us_ / divisor;
  limit.den_ = limit.rate_ / divisor;
  if (static_cast<Wide>(limit.burst_) * limit.num_ / limit.den_ > kTimeMaxUs) {
    return OutOfRange(DRL_ERR_BURST, prefix + "burst", limit.burst_,
                      "small enough that an empty bucket fills within 2^50 microseconds");
  }
  limit.burst_time_ = limit.Worth(limit.burst_);
  if (options.name != nullptr) limit.name_ = options.name;
  return limit;
}

Time Limit::Worth(int64_t tokens) const {
  const Wide numerator = static_cast<Wide>(tokens) * num_;
  return {static_cast<int64_t>(numerator / den_), static_cast<int64_t>(numerator % den_)};
}

Time Limit::CostTime(int64_t tokens) const { return Worth(std::min(tokens, burst_ + 1)); }

int64_t Limit::Remaining(Time debt) const {
  const Wide owed = static_cast<Wide>(debt.us) * den_ + debt.rem;
  return std::max<int64_t>(0, burst_ - static_cast<int64_t>((owed + num_ - 1) / num_));
}

int64_t Limit::RetryAfterUs(Time debt, int64_t tokens, int64_t headroom) const {
  const Time cost = Worth(tokens);
  const Time admit = AdmitTime(headroom);
  const Wide excess = static_cast<Wide>(debt.us + cost.us - admit.us) * den_ + (debt.rem + cost.rem - admit.rem);
  return excess <= 0 ? 0 : static_cast<int64_t>((excess + den_ - 1) / den_);
}

Result<Limits> MakeLimits(const drl_limiter_options& options) {
  Limits limits;
  if (options.limits == nullptr) {
    if (options.limits_count != 0) return Status(DRL_ERR_NULL, "limits is NULL but limits_count is not 0");
    Result<Limit> limit = Limit::Make({options.rate, options.per_us, options.burst, nullptr, {0, 0}}, "");
    if (!limit.ok()) return limit.status();
    limits.push_back(std::move(*limit));
    return limits;
  }
  if (options.limits_count < 1 || options.limits_count > DRL_LIMITS_MAX) {
    return OutOfRange(DRL_ERR_LIMITS, "limits_count", options.limits_count, "1..8");
  }
  if (options.rate != 0 || options.per_us != 0 || options.burst != 0) {
    return Status(DRL_ERR_LIMITS, "give either limits or rate, per_us and burst, not both");
  }
  for (int32_t i = 0; i < options.limits_count; ++i) {
    Result<Limit> limit = Limit::Make(options.limits[i], "limits[" + std::to_string(i) + "].");
    if (!limit.ok()) return limit.status();
    limits.push_back(std::move(*limit));
  }
  return limits;
}

}  // namespace drl::core
