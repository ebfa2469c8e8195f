// The reference model: exact over long runs, and its waits come true to the microsecond.
#include "core/model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/command.h"
#include "core/plan.h"
#include "core/reply.h"
#include "seed.h"

namespace drl::core {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kStart = 40'000'000 * kSecond;
const std::string kKey = "key";

drl_decision Ask(Model& model, const Limits& limits, int64_t cost, int64_t now_us) {
  ModelRequest request;
  request.key = kKey;
  request.limits = &limits;
  request.question.cost = cost;
  const std::vector<int64_t> reply = model.Run({&request, 1}, now_us);
  Verdict verdict;
  EXPECT_TRUE(ReadVerdict(reply, limits, verdict));
  drl_decision decision;
  FillDecision(verdict, Plan(limits), request.question, now_us, decision);
  return decision;
}

std::vector<int64_t> Forget(Model& model, int64_t now_us) {
  ModelRequest request;
  request.operation = Operation::kForget;
  request.key = kKey;
  return model.Run({&request, 1}, now_us);
}

// Takes `cost` as soon as it may, `requests` times; tokens admitted and time passed.
struct Taken {
  int64_t admitted = 0;
  int64_t elapsed_us = 0;
};

Taken TakeGreedily(const drl_limit& options, int64_t cost, int64_t requests) {
  const Limits limits{*Limit::Make(options, "")};
  Model model;
  Taken taken;
  while (taken.admitted < requests * cost) {
    const drl_decision decision = Ask(model, limits, cost, kStart + taken.elapsed_us);
    if (decision.allowed != 0) taken.admitted += cost;
    taken.elapsed_us += decision.retry_after_us;
  }
  return taken;
}

struct Rate {
  const char* name;
  drl_limit limit;
  int64_t cost;
  int64_t requests;  // so many that a microsecond is less than a millionth of the time they take
};

class ModelRate : public testing::TestWithParam<Rate> {};

TEST_P(ModelRate, AdmittedOverALongRunIsOffByLessThanOneInAMillion) {
  const Rate& rate = GetParam();
  const Taken taken = TakeGreedily(rate.limit, rate.cost, rate.requests);
  const double ideal = static_cast<double>(rate.limit.rate) / static_cast<double>(rate.limit.per_us);
  // The first burst was there before; the last request waited for exactly what it took.
  const double measured = static_cast<double>(taken.admitted - rate.limit.burst) / static_cast<double>(taken.elapsed_us);
  EXPECT_LT(std::abs(measured / ideal - 1), 1e-6);
}

TEST_P(ModelRate, NeverAdmitsATokenMoreThanBurstAndRateGive) {
  const Rate& rate = GetParam();
  const Taken taken = TakeGreedily(rate.limit, rate.cost, rate.requests / 10);
  const auto refilled = static_cast<__int128>(taken.elapsed_us) * rate.limit.rate / rate.limit.per_us;
  EXPECT_EQ(taken.admitted, rate.limit.burst + static_cast<int64_t>(refilled)) << "to the token";
}

std::string RateName(const testing::TestParamInfo<Rate>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Rates, ModelRate,
                         testing::Values(
                             Rate{"NineTenthsPerSecond", {9, 10 * kSecond, 9, nullptr, {}}, 1, 10'000},
                             Rate{"SevenPerMinute", {7, 60 * kSecond, 7, nullptr, {}}, 1, 10'000},
                             Rate{"FiveThousandPerSecond", {5'000, kSecond, 5'000, nullptr, {}}, 1, 50'000},
                             Rate{"ThreeHundredThousandPerSecond", {300'000, kSecond, 10, nullptr, {}}, 1, 900'000},
                             Rate{"APrimeNearAMillionPerSecond", {999'983, kSecond, 10, nullptr, {}}, 1, 1'200'000},
                             Rate{"BurstBelowRate", {1'000, kSecond, 3, nullptr, {}}, 1, 50'000},
                             Rate{"CostOfTheWholeBurst", {7, 60 * kSecond, 5, nullptr, {}}, 5, 10'000}),
                         RateName);

Limit RandomLimit(test::Random& random) {
  for (;;) {
    base::Result<Limit> limit = Limit::Make({test::LogUniform(random, kTokensMax), test::LogUniform(random, kTimeMaxUs),
                                             test::LogUniform(random, kTokensMax), nullptr, {}},
                                            "");
    if (limit.ok()) return std::move(*limit);
  }
}

Limits RandomLimits(test::Random& random) {
  Limits limits;
  const int64_t count = test::Uniform(random, 1, 3);
  while (std::ssize(limits) < count) limits.push_back(RandomLimit(random));
  return limits;
}

int64_t SmallestBurst(const Limits& limits) {
  int64_t smallest = kTokensMax;
  for (const Limit& limit : limits) smallest = std::min(smallest, limit.burst());
  return smallest;
}

// Random limits with some of their tokens taken and the clock moved, until a request is denied.
template <typename Check>
void AtRandomDenials(Check check) {
  test::Random random(test::Seed());
  for (int denials = 0; denials < 20'000;) {
    const Limits limits = RandomLimits(random);
    Model model;
    int64_t now = kStart;
    for (int i = 0; i < 4; ++i) {
      const int64_t cost = test::LogUniform(random, SmallestBurst(limits));
      const drl_decision decision = Ask(model, limits, cost, now);
      if (decision.outcome == DRL_OUTCOME_DENIED) {
        ++denials;
        check(model, limits, cost, now, decision.retry_after_us);
      }
      // Back at times: then the debt is cut to what the bucket holds.
      now += test::OneIn(random, 5) ? -test::LogUniform(random, kStart / 2) : test::LogUniform(random, 1'000);
    }
  }
}

TEST(ModelWait, OfExactlyRetryAfterSucceeds) {
  AtRandomDenials([](Model model, const Limits& limits, int64_t cost, int64_t now, int64_t retry_after_us) {
    ASSERT_GT(retry_after_us, 0);
    EXPECT_EQ(Ask(model, limits, cost, now + retry_after_us).outcome, DRL_OUTCOME_ALLOWED);
  });
}

TEST(ModelWait, OfAMicrosecondLessIsDenied) {
  AtRandomDenials([](Model model, const Limits& limits, int64_t cost, int64_t now, int64_t retry_after_us) {
    EXPECT_EQ(Ask(model, limits, cost, now + retry_after_us - 1).outcome, DRL_OUTCOME_DENIED);
  });
}

TEST(ModelWait, OfResetAfterFillsTheBucket) {
  test::Random random(test::Seed());
  for (int i = 0; i < 20'000; ++i) {
    const Limits limits{RandomLimit(random)};
    Model model;
    const drl_decision taken = Ask(model, limits, test::LogUniform(random, limits[0].burst()), kStart);
    EXPECT_EQ(Ask(model, limits, 0, kStart + taken.reset_after_us).remaining, limits[0].burst());
    EXPECT_LT(Ask(model, limits, 0, kStart + taken.reset_after_us - 1).remaining, limits[0].burst());
  }
}

TEST(Model, DeniedRequestLeavesStateUntouched) {
  const Limits limits{*Limit::Make({10, kSecond, 10, nullptr, {}}, "")};
  Model model;
  Ask(model, limits, 10, kStart);
  const KeyState before = *model.Find(kKey, kStart);
  Ask(model, limits, 1, kStart + 5);
  EXPECT_EQ(model.Find(kKey, kStart + 5)->full_at, before.full_at);
  EXPECT_EQ(model.Find(kKey, kStart + 5)->expires_at_ms, before.expires_at_ms);
}

TEST(Model, CostZeroMakesNoState) {
  const Limits limits{*Limit::Make({10, kSecond, 10, nullptr, {}}, "")};
  Model model;
  Ask(model, limits, 0, kStart);
  EXPECT_EQ(model.Find(kKey, kStart), nullptr);
}

TEST(Model, CostAboveBurstMakesNoState) {
  const Limits limits{*Limit::Make({10, kSecond, 10, nullptr, {}}, "")};
  Model model;
  EXPECT_EQ(Ask(model, limits, 11, kStart).outcome, DRL_OUTCOME_NEVER);
  EXPECT_EQ(model.Find(kKey, kStart), nullptr);
}

TEST(Model, ForgottenKeyIsFullAgain) {
  const Limits limits{*Limit::Make({10, kSecond, 10, nullptr, {}}, "")};
  Model model;
  Ask(model, limits, 10, kStart);
  EXPECT_EQ(Forget(model, kStart), std::vector<int64_t>{1});
  EXPECT_EQ(Forget(model, kStart), std::vector<int64_t>{0});
  EXPECT_EQ(Ask(model, limits, 0, kStart).remaining, 10);
}

}  // namespace
}  // namespace drl::core
