// Redis's clock stepped back: state further ahead than a full debt.
#include <gtest/gtest.h>

#include "script_server.h"
#include "stored_state.h"

namespace drl::test {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kDay = 86'400 * kSecond;

const core::Limits kTenPerSecond = MakeLimits({{10, kSecond, 10, nullptr, {}}});
const core::Limits kSevenPerMinute = MakeLimits({{7, 60 * kSecond, 7, nullptr, {}}});
const core::Limits kBoth = {kTenPerSecond[0], kSevenPerMinute[0]};

class ScriptClock : public testing::TestWithParam<core::Limits> {};

TEST_P(ScriptClock, SteppedBackNeverOwesMoreThanTheBurst) {
  ScriptServer redis;
  redis.Allow("k", GetParam(), 1);
  redis.Advance(-kDay);
  const drl_decision peek = redis.Allow("k", GetParam(), 0);
  EXPECT_EQ(peek.remaining, 0);
  const core::Time most = GetParam()[static_cast<size_t>(peek.binding)].burst_time();
  EXPECT_EQ(peek.reset_after_us, most.us + (most.rem > 0 ? 1 : 0));
}

TEST_P(ScriptClock, SteppedBackStillKeepsThePromiseOfRetryAfter) {
  ScriptServer redis;
  redis.Allow("k", GetParam(), 1);
  redis.Advance(-kDay);
  const drl_decision denied = redis.Allow("k", GetParam(), 2);
  ASSERT_EQ(denied.outcome, DRL_OUTCOME_DENIED);
  redis.Advance(denied.retry_after_us - 1);
  EXPECT_EQ(redis.Allow("k", GetParam(), 2).outcome, DRL_OUTCOME_DENIED);
  redis.Advance(1);
  EXPECT_EQ(redis.Allow("k", GetParam(), 2).outcome, DRL_OUTCOME_ALLOWED);
}

TEST_P(ScriptClock, SteppedBackIsWrittenDownOnceByWhoeverMeetsIt) {
  for (const int64_t cost : {0, 1}) {
    ScriptServer redis;
    redis.Allow("k", GetParam(), 1);
    redis.Advance(-kDay);
    for (int i = 0; i < 5; ++i) redis.Allow("k", GetParam(), cost);
    EXPECT_EQ(redis_server_calls(redis.server(), "set"), 2);
    const core::Time most = GetParam().back().burst_time();
    EXPECT_EQ(ReadState(*redis.Get("k")).back(), (core::Time{redis.now() + most.us, most.rem}));
  }
}

TEST_P(ScriptClock, SteppedBackWaitsAsLongForWhoPeeksAsForWhoTakes) {
  ScriptServer redis;
  redis.Allow("k", GetParam(), 1);
  redis.Advance(-kDay);
  const int64_t since = redis.now();
  while (redis.Allow("k", GetParam(), 0).remaining == 0) redis.Advance(kSecond / 100);
  EXPECT_LE(redis.now() - since, 60 * kSecond / 7 + kSecond) << "until the first token is there";
}

TEST_P(ScriptClock, SteppedForwardFillsTheBucketOnce) {
  ScriptServer redis;
  const int64_t burst = GetParam().back().burst();
  redis.Allow("k", GetParam(), burst);
  redis.Advance(10 * kDay);
  EXPECT_EQ(redis.Allow("k", GetParam(), burst).outcome, DRL_OUTCOME_ALLOWED);
  EXPECT_EQ(redis.Allow("k", GetParam(), burst).outcome, DRL_OUTCOME_DENIED);
}

std::string LayoutName(const testing::TestParamInfo<core::Limits>& layout) {
  constexpr const char* kNames[] = {"Integer", "Fraction", "Several"};
  return kNames[layout.index];
}

INSTANTIATE_TEST_SUITE_P(Layouts, ScriptClock, testing::Values(kTenPerSecond, kSevenPerMinute, kBoth), LayoutName);

}  // namespace
}  // namespace drl::test
