// Rates and bursts at the edges, in Redis, on a clock that the test sets.
#include <gtest/gtest.h>

#include "script_server.h"

namespace drl::test {
namespace {

constexpr int64_t kSecond = 1'000'000;

// How many tokens a caller gets who takes one at a time as soon as it may, for `duration_us` from a full bucket.
int64_t AdmittedGreedily(const drl_limit& limit, int64_t duration_us) {
  ScriptServer redis;
  const core::Limits limits = MakeLimits({limit});
  const int64_t end = redis.now() + duration_us;
  int64_t admitted = 0;
  for (;;) {
    const drl_decision decision = redis.Allow("k", limits, 1);
    admitted += decision.allowed;
    if (decision.allowed == 0) {
      if (redis.now() + decision.retry_after_us > end) return admitted;
      redis.Advance(decision.retry_after_us);
    }
  }
}

TEST(ScriptEdge, NineTenthsPerSecondAdmitsNineInEveryTenSeconds) {
  EXPECT_EQ(AdmittedGreedily({9, 10 * kSecond, 9, nullptr, {}}, 1'000 * kSecond), 9 + 900);
}

TEST(ScriptEdge, SevenPerMinuteAdmitsSevenInEveryMinute) {
  EXPECT_EQ(AdmittedGreedily({7, 60 * kSecond, 7, nullptr, {}}, 6'000 * kSecond), 7 + 700);
}

TEST(ScriptEdge, FiveThousandPerSecondAdmitsFiveInEveryMillisecond) {
  EXPECT_EQ(AdmittedGreedily({5'000, kSecond, 100, nullptr, {}}, 400'000), 100 + 2'000);
}

TEST(ScriptEdge, ThreeHundredThousandPerSecondAdmitsThreeInEveryTenMicroseconds) {
  EXPECT_EQ(AdmittedGreedily({300'000, kSecond, 100, nullptr, {}}, 10'000), 100 + 3'000);
}

TEST(ScriptEdge, BurstBelowRateRefillsAtTheRate) {
  EXPECT_EQ(AdmittedGreedily({100, kSecond, 5, nullptr, {}}, 10 * kSecond), 5 + 1'000);
}

TEST(ScriptEdge, BurstFarAboveRateKeepsItsStateUntilFull) {
  ScriptServer redis;
  const core::Limits limits = MakeLimits({{1, kSecond, 1'000'000, nullptr, {}}});
  ASSERT_EQ(redis.Allow("k", limits, 1'000'000).outcome, DRL_OUTCOME_ALLOWED);
  redis.Advance(1'000'000 * kSecond - 1);
  EXPECT_TRUE(redis.Get("k").has_value());
  EXPECT_EQ(redis.Allow("k", limits, 0).remaining, 999'999);
  redis.Advance(1);
  EXPECT_EQ(redis.Allow("k", limits, 0).remaining, 1'000'000);
}

TEST(ScriptEdge, StateOfABucketLittleUsedIsGoneAMillisecondAfterItIsFull) {
  ScriptServer redis;
  const core::Limits limits = MakeLimits({{1, kSecond, 1'000'000, nullptr, {}}});
  redis.Allow("k", limits, 500'000);
  redis.Advance(500'000 * kSecond + 1'000);
  EXPECT_FALSE(redis.Get("k").has_value());
}

TEST(ScriptEdge, BurstBelowRateHoldsNoMoreThanTheBurst) {
  ScriptServer redis;
  const core::Limits limits = MakeLimits({{100, kSecond, 5, nullptr, {}}});
  EXPECT_EQ(redis.Allow("k", limits, 5).outcome, DRL_OUTCOME_ALLOWED);
  redis.Advance(3'600 * kSecond);
  EXPECT_EQ(redis.Allow("k", limits, 5).outcome, DRL_OUTCOME_ALLOWED);
  EXPECT_EQ(redis.Allow("k", limits, 1).outcome, DRL_OUTCOME_DENIED);
}

TEST(ScriptEdge, CostAboveBurstIsNeverAndCreatesNoKey) {
  ScriptServer redis;
  for (const int64_t burst : {int64_t{1}, int64_t{7}, core::kTokensMax - 1}) {
    const core::Limits limits = MakeLimits({{burst, 60 * kSecond, burst, nullptr, {}}});
    const std::string key = std::to_string(burst);
    const drl_decision decision = redis.Allow(key, limits, burst + 1);
    EXPECT_EQ(decision.outcome, DRL_OUTCOME_NEVER);
    EXPECT_EQ(decision.retry_after_us, -1);
    EXPECT_EQ(redis.Allow(key, limits, core::kTokensMax).outcome, DRL_OUTCOME_NEVER);
  }
  EXPECT_EQ(redis_server_key_count(redis.server()), 0);
}

TEST(ScriptEdge, CostOfTheWholeBurstIsAllowed) {
  ScriptServer redis;
  const core::Limits limits = MakeLimits({{7, 60 * kSecond, 13, nullptr, {}}});
  EXPECT_EQ(redis.Allow("k", limits, 13).outcome, DRL_OUTCOME_ALLOWED);
}

TEST(ScriptEdge, WaitingExactlyRetryAfterSucceedsAndAMicrosecondLessDoesNot) {
  ScriptServer redis;
  for (const drl_limit& limit : {drl_limit{7, 60 * kSecond, 7, nullptr, {}}, drl_limit{300'000, kSecond, 50, nullptr, {}},
                                 drl_limit{100, 60 * kSecond, 100, nullptr, {}}}) {
    const core::Limits limits = MakeLimits({limit});
    const std::string key = "k" + std::to_string(limit.rate);
    redis.Allow(key, limits, limit.burst);
    const drl_decision denied = redis.Allow(key, limits, 3);
    ASSERT_EQ(denied.outcome, DRL_OUTCOME_DENIED);
    redis.Advance(denied.retry_after_us - 1);
    EXPECT_EQ(redis.Allow(key, limits, 3).outcome, DRL_OUTCOME_DENIED);
    redis.Advance(1);
    EXPECT_EQ(redis.Allow(key, limits, 3).outcome, DRL_OUTCOME_ALLOWED);
  }
}

}  // namespace
}  // namespace drl::test
