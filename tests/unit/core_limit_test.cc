#include "core/limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "seed.h"

namespace drl::core {
namespace {

using testing::HasSubstr;

constexpr int64_t kSecond = 1'000'000;

Limit Made(int64_t rate, int64_t per_us, int64_t burst) {
  base::Result<Limit> limit = Limit::Make({rate, per_us, burst, nullptr, {}}, "");
  EXPECT_TRUE(limit.ok()) << limit.status().message();
  return *limit;
}

struct Refusal {
  drl_limit limit;
  drl_status code;
  const char* message;
};

class LimitRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(LimitRefuses, NamesTheArgumentAndItsValue) {
  const base::Result<Limit> limit = Limit::Make(GetParam().limit, "limits[3].");
  ASSERT_FALSE(limit.ok());
  EXPECT_EQ(limit.status().code(), GetParam().code);
  EXPECT_THAT(limit.status().message(), HasSubstr(GetParam().message));
}

const std::string kLongName(65, 'x');

INSTANTIATE_TEST_SUITE_P(
    Arguments, LimitRefuses,
    testing::Values(
        Refusal{{0, kSecond, 0, nullptr, {}}, DRL_ERR_RATE, "limits[3].rate is 0, must be 1.."},
        Refusal{{-1, kSecond, 0, nullptr, {}}, DRL_ERR_RATE, "limits[3].rate is -1"},
        Refusal{{kTokensMax + 1, kSecond, 0, nullptr, {}}, DRL_ERR_RATE, "limits[3].rate is 1000000000001"},
        Refusal{{INT64_MIN, kSecond, 0, nullptr, {}}, DRL_ERR_RATE, "limits[3].rate is -9223372036854775808"},
        Refusal{{INT64_MAX, kSecond, 0, nullptr, {}}, DRL_ERR_RATE, "limits[3].rate is 9223372036854775807"},
        Refusal{{1, 0, 0, nullptr, {}}, DRL_ERR_PER, "limits[3].per_us is 0, must be 1.."},
        Refusal{{1, -kSecond, 0, nullptr, {}}, DRL_ERR_PER, "limits[3].per_us is -1000000"},
        Refusal{{1, kTimeMaxUs + 1, 0, nullptr, {}}, DRL_ERR_PER, "limits[3].per_us is 1125899906842625"},
        Refusal{{1, INT64_MAX, 0, nullptr, {}}, DRL_ERR_PER, "limits[3].per_us is 9223372036854775807"},
        Refusal{{1, kSecond, -1, nullptr, {}}, DRL_ERR_BURST, "limits[3].burst is -1"},
        Refusal{{1, kSecond, kTokensMax + 1, nullptr, {}}, DRL_ERR_BURST, "limits[3].burst is 1000000000001"},
        Refusal{{1, kTimeMaxUs, 2, nullptr, {}}, DRL_ERR_BURST, "fills within 2^50 microseconds"},
        Refusal{{1, kSecond, kTokensMax, nullptr, {}}, DRL_ERR_BURST, "limits[3].burst is 1000000000000"},
        Refusal{{1, kSecond, 1, "", {}}, DRL_ERR_NAME, "limits[3].name"},
        Refusal{{1, kSecond, 1, "tab\tab", {}}, DRL_ERR_NAME, "limits[3].name"},
        Refusal{{1, kSecond, 1, "line\nfeed", {}}, DRL_ERR_NAME, "limits[3].name"},
        Refusal{{1, kSecond, 1, kLongName.c_str(), {}}, DRL_ERR_NAME, "limits[3].name"}));

TEST(Limit, TakesTheEndsOfItsRanges) {
  EXPECT_TRUE(Limit::Make({1, 1, 1, nullptr, {}}, "").ok());
  EXPECT_TRUE(Limit::Make({kTokensMax, 1, kTokensMax, nullptr, {}}, "").ok());
  EXPECT_TRUE(Limit::Make({1, kTimeMaxUs, 1, nullptr, {}}, "").ok());
  EXPECT_TRUE(Limit::Make({kTokensMax, kTimeMaxUs, kTokensMax, nullptr, {}}, "").ok());
}

TEST(Limit, BurstIsTheRateWhenNotGiven) { EXPECT_EQ(Made(100, kSecond, 0).burst(), 100); }

TEST(Limit, KeepsItsName) {
  const base::Result<Limit> limit = Limit::Make({1, kSecond, 1, "daily", {}}, "");
  ASSERT_TRUE(limit.ok());
  EXPECT_EQ(limit->name(), "daily");
}

TEST(Limit, WorthOfATokenIsInLowestTerms) {
  EXPECT_EQ(Made(100, 60 * kSecond, 100).den(), 1);
  EXPECT_EQ(Made(7, 60 * kSecond, 7).den(), 7);
  EXPECT_EQ(Made(300'000, kSecond, 1).den(), 3);
  EXPECT_EQ(Made(9, 10 * kSecond, 9).den(), 9);
}

TEST(Limit, CostTimeIsExact) {
  EXPECT_EQ(Made(7, 60 * kSecond, 7).CostTime(1), (Time{8'571'428, 4}));
  EXPECT_EQ(Made(7, 60 * kSecond, 7).CostTime(7), (Time{60 * kSecond, 0}));
  EXPECT_EQ(Made(300'000, kSecond, 10).CostTime(1), (Time{3, 1}));
  EXPECT_EQ(Made(7, 60 * kSecond, 7).CostTime(0), (Time{0, 0}));
}

TEST(Limit, CostAboveBurstIsWorthOneTokenMoreThanTheBurst) {
  const Limit limit = Made(10, kSecond, 10);
  EXPECT_EQ(limit.CostTime(kTokensMax), limit.CostTime(11));
  EXPECT_EQ(limit.CostTime(11), (Time{1'100'000, 0}));
}

TEST(Limit, EverySumInTheScriptStaysBelowTwoToTheFiftyThree) {
  test::Random random(test::Seed());
  const int64_t latest = int64_t{2} * kTimeMaxUs;  // seventy years from the epoch of the script
  for (int i = 0; i < 100'000; ++i) {
    const base::Result<Limit> limit = Limit::Make({test::LogUniform(random, kTokensMax), test::LogUniform(random, kTimeMaxUs),
                                                   test::LogUniform(random, kTokensMax), nullptr, {}},
                                                  "");
    if (!limit.ok()) continue;
    EXPECT_LT(latest + limit->burst_time().us + limit->CostTime(kTokensMax).us + 2, int64_t{1} << 53);
    EXPECT_LT(2 * limit->den(), int64_t{1} << 53);
  }
}

TEST(Limit, RemainingCountsWholeTokensOnly) {
  const Limit limit = Made(10, kSecond, 10);  // 100,000 us a token
  EXPECT_EQ(limit.Remaining({0, 0}), 10);
  EXPECT_EQ(limit.Remaining({1, 0}), 9);
  EXPECT_EQ(limit.Remaining({100'000, 0}), 9);
  EXPECT_EQ(limit.Remaining({100'001, 0}), 8);
  EXPECT_EQ(limit.Remaining({1'000'000, 0}), 0);
}

TEST(Limit, RemainingOfAFractionIsExact) {
  const Limit limit = Made(300'000, kSecond, 6);  // 3 1/3 us a token
  EXPECT_EQ(limit.Remaining({10, 0}), 3);
  EXPECT_EQ(limit.Remaining({10, 1}), 2);
  EXPECT_EQ(limit.Remaining({9, 2}), 3);
}

TEST(Limit, RemainingIsHowMuchFits) {
  test::Random random(test::Seed());
  for (int i = 0; i < 100'000; ++i) {
    const Limit limit = Made(test::LogUniform(random, 1'000'000), test::LogUniform(random, 1'000'000'000),
                             test::LogUniform(random, 1'000'000));
    const Time most = limit.burst_time();
    Time debt{test::Uniform(random, 0, most.us), test::Uniform(random, 0, limit.den() - 1)};
    if (debt.us == most.us) debt.rem = std::min(debt.rem, most.rem);
    const int64_t fits = limit.Remaining(debt);
    EXPECT_EQ(limit.RetryAfterUs(debt, fits, 0), 0);
    if (fits < limit.burst()) {
      EXPECT_GT(limit.RetryAfterUs(debt, fits + 1, 0), 0);
    }
  }
}

TEST(Limit, RetryAfterIsRoundedUp) {
  const Limit limit = Made(300'000, kSecond, 1);
  EXPECT_EQ(limit.RetryAfterUs({3, 1}, 1, 0), 4);
  EXPECT_EQ(limit.RetryAfterUs({3, 0}, 1, 0), 3);
  EXPECT_EQ(limit.RetryAfterUs({0, 1}, 1, 0), 1);
  EXPECT_EQ(limit.RetryAfterUs({0, 0}, 1, 0), 0);
}

TEST(Limit, HeadroomCountsLikeCostForTheWait) {
  const Limit limit = Made(10, kSecond, 10);
  const Time half{500'000, 0};
  EXPECT_EQ(limit.RetryAfterUs(half, 3, 2), 0);
  EXPECT_EQ(limit.RetryAfterUs(half, 3, 3), 100'000);
  EXPECT_EQ(limit.RetryAfterUs(half, 3, 3), limit.RetryAfterUs(half, 6, 0));
}

TEST(Limit, HeadroomLowersWhatMayBeOwed) {
  const Limit limit = Made(10, kSecond, 10);
  EXPECT_EQ(limit.AdmitTime(0), limit.burst_time());
  EXPECT_EQ(limit.AdmitTime(4).us, 600'000);
  EXPECT_EQ(limit.AdmitTime(10).us, 0);
  EXPECT_EQ(limit.AdmitTime(11).us, 0);
  EXPECT_EQ(limit.cap_time(), limit.burst_time());
}

TEST(Limits, OfTheSimpleFormAreOne) {
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.rate = 7;
  options.per_us = 60 * kSecond;
  const base::Result<Limits> limits = MakeLimits(options);
  ASSERT_TRUE(limits.ok());
  ASSERT_EQ(limits->size(), 1u);
  EXPECT_EQ((*limits)[0].burst(), 7);
}

TEST(Limits, OfTheArrayFormKeepTheirOrder) {
  const drl_limit array[] = {{1, kSecond, 0, nullptr, {}}, {2, kSecond, 0, nullptr, {}}, {3, kSecond, 0, nullptr, {}}};
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.limits = array;
  options.limits_count = 3;
  const base::Result<Limits> limits = MakeLimits(options);
  ASSERT_TRUE(limits.ok());
  ASSERT_EQ(limits->size(), 3u);
  EXPECT_EQ((*limits)[2].rate(), 3);
}

TEST(Limits, NameTheIndexOfAWrongOne) {
  const drl_limit array[] = {{1, kSecond, 0, nullptr, {}}, {1, 0, 0, nullptr, {}}};
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.limits = array;
  options.limits_count = 2;
  const base::Result<Limits> limits = MakeLimits(options);
  EXPECT_EQ(limits.status().code(), DRL_ERR_PER);
  EXPECT_THAT(limits.status().message(), HasSubstr("limits[1].per_us"));
}

TEST(Limits, AreOneToEight) {
  const drl_limit array[9] = {};
  for (const int32_t count : {-1, 0, 9, INT32_MAX}) {
    drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
    options.limits = array;
    options.limits_count = count;
    const base::Result<Limits> limits = MakeLimits(options);
    EXPECT_EQ(limits.status().code(), DRL_ERR_LIMITS) << count;
    EXPECT_THAT(limits.status().message(), HasSubstr("limits_count is " + std::to_string(count)));
  }
}

TEST(Limits, AreNotGivenInBothForms) {
  const drl_limit array[] = {{1, kSecond, 0, nullptr, {}}};
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.limits = array;
  options.limits_count = 1;
  options.rate = 5;
  EXPECT_EQ(MakeLimits(options).status().code(), DRL_ERR_LIMITS);
}

TEST(Limits, CountWithoutArrayIsANullPointer) {
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.limits_count = 1;
  EXPECT_EQ(MakeLimits(options).status().code(), DRL_ERR_NULL);
}

}  // namespace
}  // namespace drl::core
