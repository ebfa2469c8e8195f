#include "random_program.h"

#include <algorithm>
#include <iterator>

namespace drl::test {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kDay = 86'400 * kSecond;

constexpr drl_limit kAwkward[] = {
    {9, 10 * kSecond, 9, nullptr, {}},                   // 0.9/s
    {7, 60 * kSecond, 7, nullptr, {}},                   // a third of a microsecond, for ever
    {300'000, kSecond, 300'000, nullptr, {}},            // 3 1/3 us a token
    {5'000, kSecond, 5'000, nullptr, {}},
    {1, kDay, 3, nullptr, {}},
    {999'983, kSecond, 1'000, nullptr, {}},              // primes near a million
    {1'000'003, kSecond, 2'000'000, nullptr, {}},
    {100, 60 * kSecond, 1'000'000, nullptr, {}},         // burst far above rate
    {1'000, kSecond, 3, nullptr, {}},                    // burst below rate
    {1, 1, 1, nullptr, {}},
    {core::kTokensMax, 1, core::kTokensMax, nullptr, {}},
    {1, core::kTimeMaxUs, 1, nullptr, {}},
    {core::kTokensMax, core::kTimeMaxUs, core::kTokensMax, nullptr, {}},
    {999'999'999'989, core::kTimeMaxUs - 1, 999'999'999'989, nullptr, {}},
    {3, 2, 1, nullptr, {}},                              // a bucket that holds less than a microsecond
    {100, 60 * kSecond, 100, nullptr, {}},
};

}  // namespace

core::Limit RandomLimit(Random& random) {
  for (;;) {
    drl_limit options = kAwkward[Uniform(random, 0, std::ssize(kAwkward) - 1)];
    if (OneIn(random, 2)) {
      options.rate = LogUniform(random, core::kTokensMax);
      options.per_us = LogUniform(random, core::kTimeMaxUs);
      options.burst = LogUniform(random, core::kTokensMax);
    } else if (OneIn(random, 4)) {
      options.burst = LogUniform(random, core::kTokensMax);
    }
    base::Result<core::Limit> limit = core::Limit::Make(options, "");
    if (limit.ok()) return std::move(*limit);  // else an empty bucket would take too long to fill: draw again
  }
}

core::Limits RandomLimits(Random& random) {
  core::Limits limits;
  const int64_t count = OneIn(random, 2) ? 1 : Uniform(random, 1, DRL_LIMITS_MAX);
  while (std::ssize(limits) < count) limits.push_back(RandomLimit(random));
  return limits;
}

int64_t RandomCost(Random& random, const core::Limits& limits) {
  const int64_t burst = limits[static_cast<size_t>(Uniform(random, 0, std::ssize(limits) - 1))].burst();
  switch (Uniform(random, 0, 7)) {
    case 0:
      return 0;
    case 1:
      return std::min(core::kTokensMax, burst + Uniform(random, 0, 2));
    case 2:
      return std::max<int64_t>(1, burst - Uniform(random, 0, 2));
    case 3:
      return LogUniform(random, core::kTokensMax);
    case 4:
      return LogUniform(random, burst);
    case 5:
      return std::max<int64_t>(1, burst / Uniform(random, 2, 10));
    default:
      return 1;
  }
}

int64_t RandomInstant(Random& random, const core::Limits& limits, int64_t now_us, int64_t earliest_us,
                      int64_t latest_us) {
  const core::Time full = limits[static_cast<size_t>(Uniform(random, 0, std::ssize(limits) - 1))].burst_time();
  int64_t step = 0;
  switch (Uniform(random, 0, 7)) {
    case 0:
      break;
    case 1:
      step = LogUniform(random, 1'000);
      break;
    case 2:
      step = Uniform(random, 0, full.us + 1);
      break;
    case 3:  // about the instant of expiry
      step = full.us + Uniform(random, -2'000, 2'000);
      break;
    case 4:
      step = LogUniform(random, 10 * kDay);
      break;
    case 5:
      step = -LogUniform(random, 10 * kDay);
      break;
    case 6:
      step = -LogUniform(random, 10'000);
      break;
    default:
      step = full.us / Uniform(random, 2, 100) + 1;
      break;
  }
  const int64_t next = now_us + step;
  return next < earliest_us || next > latest_us ? Uniform(random, earliest_us, latest_us) : next;
}

}  // namespace drl::test
