// The frame of a call: deadline, tag, groups.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/error_map.h"
#include "script_server.h"

namespace drl::test {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

constexpr int64_t kSecond = 1'000'000;

constexpr int64_t kExpired = core::kExpiredMark;

const core::Limits kTenPerSecond = MakeLimits({{10, kSecond, 10, nullptr, {}}});

TEST(ScriptCall, ChargesInTheMicrosecondOfItsDeadline) {
  ScriptServer redis;
  const std::vector<int64_t> reply = redis.Run(ScriptCall(7, redis.now()).Decide({"k"}, kTenPerSecond, 1));
  EXPECT_THAT(reply, ElementsAre(7, redis.now(), 100'000));
}

TEST(ScriptCall, RepliesExpiredInEveryPlaceAMicrosecondPastItsDeadline) {
  ScriptServer redis;
  const core::Limits seven = MakeLimits({{7, 60 * kSecond, 7, nullptr, {}}});
  const ScriptCall call =
      ScriptCall(7, redis.now() - 1).Decide({"k"}, kTenPerSecond, 1).Decide({"l"}, seven, 1).Forget({"m"});
  EXPECT_THAT(redis.Run(call), ElementsAre(7, redis.now(), kExpired, kExpired, kExpired, kExpired));
}

TEST(ScriptCall, AnExpiredGroupChangesNothing) {
  ScriptServer redis;
  redis.Allow("k", kTenPerSecond, 3);
  const std::optional<std::string> before = redis.Get("k");
  redis.Run(ScriptCall(1, redis.now() - 1).Decide({"k", "l"}, kTenPerSecond, 1).Forget({"k"}));
  EXPECT_EQ(redis.Get("k"), before);
  EXPECT_EQ(redis_server_key_count(redis.server()), 1);
}

TEST(ScriptCall, AnExpiredGroupLeavesTheOthersStanding) {
  ScriptServer redis;
  ScriptCall call(7);
  call.Decide({"k"}, kTenPerSecond, 1).Until(redis.now() - 1).Decide({"k", "k"}, kTenPerSecond, 2).Until(redis.now());
  call.Decide({"k"}, kTenPerSecond, 3);
  EXPECT_THAT(redis.Run(call), ElementsAre(7, redis.now(), 100'000, kExpired, kExpired, 400'000));
  EXPECT_EQ(redis.Get("k"), std::to_string(redis.now() + 400'000));
}

TEST(ScriptCall, ReadsAndWritesEachKeyOnce) {
  ScriptServer redis;
  ScriptCall call(1);
  for (int i = 0; i < 5; ++i) call.Decide({"a", "b", "a"}, kTenPerSecond, i % 2);
  redis.Run(call);
  EXPECT_EQ(redis_server_calls(redis.server(), "mget"), 1);
  EXPECT_EQ(redis_server_calls(redis.server(), "set"), 2);
  EXPECT_EQ(redis.Get("a"), std::to_string(redis.now() + 400'000));
}

TEST(ScriptCall, LeavesHeadroomToOthers) {
  ScriptServer redis;
  EXPECT_EQ(redis.Allow("k", kTenPerSecond, 3, 8).outcome, DRL_OUTCOME_NEVER);
  EXPECT_EQ(redis.Allow("k", kTenPerSecond, 3, 7).outcome, DRL_OUTCOME_ALLOWED);
  const drl_decision denied = redis.Allow("k", kTenPerSecond, 1, 7);
  EXPECT_EQ(denied.outcome, DRL_OUTCOME_DENIED);
  EXPECT_EQ(denied.remaining, 7);
  EXPECT_EQ(denied.retry_after_us, 100'000);
  EXPECT_EQ(redis.Allow("k", kTenPerSecond, 7).outcome, DRL_OUTCOME_ALLOWED);
}

TEST(ScriptCall, RefusesAClockBeforeItsEpochAndBeyondItsEnd) {
  ScriptServer redis;
  for (const int64_t now : {int64_t{-1}, -core::kEpochUs + kSecond, core::kEndOfTimeUs}) {
    redis.SetNow(now);
    const std::string text = redis.RunToError(ScriptCall(1).Decide({"k"}, kTenPerSecond, 1));
    EXPECT_EQ(redis::MapError(text).code, DRL_ERR_CLOCK) << text;
    EXPECT_FALSE(redis.Get("k").has_value());
  }
  redis.SetNow(0);
  EXPECT_EQ(redis.Allow("k", kTenPerSecond, 1).outcome, DRL_OUTCOME_ALLOWED);
}

TEST(ScriptCall, AsksForTheTimeOnce) {
  ScriptServer redis;
  const int64_t before = redis_server_calls(redis.server(), "time");
  redis.Run(ScriptCall(1).Decide({"a", "b"}, kTenPerSecond, 1).Decide({"c"}, kTenPerSecond, 2).Forget({"d"}));
  EXPECT_EQ(redis_server_calls(redis.server(), "time"), before + 1);
}

TEST(ScriptCall, RepeatsItsTag) {
  ScriptServer redis;
  const int64_t largest = (int64_t{1} << 53) - 1;
  for (const int64_t tag : {int64_t{0}, int64_t{1}, int64_t{-5}, largest}) {
    EXPECT_EQ(redis.Run(ScriptCall(tag).Decide({"k"}, kTenPerSecond, 0)).at(0), tag);
  }
}

TEST(ScriptCall, RepliesRedisTimeSinceItsEpoch) {
  ScriptServer redis;
  redis.SetNow(123'456'789'012'345);
  EXPECT_EQ(redis.Run(ScriptCall(1).Decide({"k"}, kTenPerSecond, 0)).at(1), 123'456'789'012'345);
}

TEST(ScriptCall, DecidesARepeatedKeyOneAfterTheOther) {
  ScriptServer redis;
  const ScriptCall call = ScriptCall(1).Decide({"k", "k", "k"}, kTenPerSecond, 4);
  EXPECT_THAT(redis.Run(call), ElementsAre(1, redis.now(), 400'000, 800'000, -1 - 800'000));
}

TEST(ScriptCall, KeepsTheOrderOfItsGroups) {
  ScriptServer redis;
  const core::Limits one_per_second = MakeLimits({{1, kSecond, 5, nullptr, {}}});
  const ScriptCall call =
      ScriptCall(1).Decide({"a"}, kTenPerSecond, 1).Forget({"a"}).Decide({"b", "c"}, one_per_second, 2).Forget({"c", "d"}).Decide({"a"}, kTenPerSecond, 2);
  EXPECT_THAT(redis.Run(call), ElementsAre(1, redis.now(), 100'000, 1, 2'000'000, 2'000'000, 1, 0, 200'000));
  EXPECT_EQ(redis_server_key_count(redis.server()), 2);
}

TEST(ScriptCall, ForgettingLeavesNoKey) {
  ScriptServer redis;
  redis.Allow("k", kTenPerSecond, 10);
  EXPECT_THAT(redis.Run(ScriptCall(1).Forget({"k", "k"})), ElementsAre(1, redis.now(), 1, 0));
  EXPECT_EQ(redis.Allow("k", kTenPerSecond, 10).outcome, DRL_OUTCOME_ALLOWED);
}

TEST(ScriptCall, TakesSixtyFourDecisionsOfEightLimits) {
  ScriptServer redis;
  core::Limits limits;
  for (int64_t i = 0; i < DRL_LIMITS_MAX; ++i) limits.push_back(MakeLimits({{7 + i, 60 * kSecond, 0, nullptr, {}}})[0]);
  const std::vector<std::string> keys(core::kRequestsPerCommandMax, "k");
  const std::vector<int64_t> reply = redis.Run(ScriptCall(1).Decide(keys, limits, 1));
  ASSERT_THAT(reply, SizeIs(2 + core::kRequestsPerCommandMax * core::VerdictLength(limits)));
  EXPECT_GE(reply[2 + 6 * core::VerdictLength(limits)], 0) << "the seventh of seven tokens";
  EXPECT_LT(reply[2 + 7 * core::VerdictLength(limits)], 0) << "there is no eighth";
}

}  // namespace
}  // namespace drl::test
