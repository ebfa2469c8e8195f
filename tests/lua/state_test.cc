// What the script leaves in Redis, and what it does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "random_program.h"
#include "script_server.h"
#include "stored_state.h"

namespace drl::test {
namespace {

constexpr int64_t kSecond = 1'000'000;

const core::Limits kHundredPerMinute = MakeLimits({{100, 60 * kSecond, 100, nullptr, {}}});
const core::Limits kSevenPerMinute = MakeLimits({{7, 60 * kSecond, 7, nullptr, {}}});
const core::Limits kThree =
    MakeLimits({{100, kSecond, 50, nullptr, {}}, {7, 60 * kSecond, 20, nullptr, {}}, {3, 3600 * kSecond, 3, nullptr, {}}});

// Of a number that takes 8 bytes: Valkey 9 keeps short values beside their keys, and calls that embstr.
const auto kCompact = testing::AnyOf("int", "embstr");

std::string Encoding(ScriptServer& redis, const char* key) {
  redisReply* reply = redis_server_command(redis.server(), "OBJECT ENCODING %s", key);
  const std::string encoding = reply != nullptr && reply->type == REDIS_REPLY_STRING ? reply->str : "";
  freeReplyObject(reply);
  return encoding;
}

TEST(ScriptState, OneLimitOfWholeMicrosecondsIsKeptAsAnInteger) {
  ScriptServer redis;
  redis.Allow("k", kHundredPerMinute, 1);
  EXPECT_EQ(redis.Get("k"), std::to_string(redis.now() + 600'000));
  EXPECT_THAT(Encoding(redis, "k"), kCompact);
}

TEST(ScriptState, AFractionIsKeptAsAPairOfDoubles) {
  ScriptServer redis;
  redis.Allow("k", kSevenPerMinute, 1);  // 60,000,000 / 7 = 8,571,428 4/7
  EXPECT_EQ(redis.Get("k")->size(), 16u);
  EXPECT_EQ(ReadState(*redis.Get("k")), (std::vector<core::Time>{{redis.now() + 8'571'428, 4}}));
}

TEST(ScriptState, EachOfSeveralLimitsHasItsPair) {
  ScriptServer redis;
  redis.Allow("k", kThree, 1);
  EXPECT_EQ(redis.Get("k")->size(), 48u);
}

TEST(ScriptState, CostZeroCreatesNoKey) {
  ScriptServer redis;
  for (const core::Limits& limits : {kHundredPerMinute, kSevenPerMinute, kThree}) {
    EXPECT_EQ(redis.Allow("k", limits, 0).outcome, DRL_OUTCOME_ALLOWED);
  }
  EXPECT_EQ(redis_server_key_count(redis.server()), 0);
  EXPECT_EQ(redis_server_calls(redis.server(), "set"), 0);
}

TEST(ScriptState, CostZeroLeavesStateAndTtlUntouched) {
  ScriptServer redis;
  for (const core::Limits& limits : {kHundredPerMinute, kSevenPerMinute, kThree}) {
    redis.Allow("k", limits, 3);
    const std::optional<std::string> before = redis.Get("k");
    const int64_t ttl = redis.Pttl("k");
    const int64_t writes = redis_server_calls(redis.server(), "set");
    redis.Allow("k", limits, 0);
    EXPECT_EQ(redis.Get("k"), before);
    EXPECT_EQ(redis.Pttl("k"), ttl);
    EXPECT_EQ(redis_server_calls(redis.server(), "set"), writes);
  }
}

TEST(ScriptState, DeniedRequestLeavesStateAndTtlUntouched) {
  ScriptServer redis;
  for (const core::Limits& limits : {kHundredPerMinute, kSevenPerMinute, kThree}) {
    redis.Allow("k", limits, limits.back().burst());
    redis.Advance(1'000);
    const std::optional<std::string> before = redis.Get("k");
    const int64_t ttl = redis.Pttl("k");
    const int64_t writes = redis_server_calls(redis.server(), "set");
    ASSERT_EQ(redis.Allow("k", limits, 1).outcome, DRL_OUTCOME_DENIED);
    EXPECT_EQ(redis.Get("k"), before);
    EXPECT_EQ(redis.Pttl("k"), ttl);
    EXPECT_EQ(redis_server_calls(redis.server(), "set"), writes);
    redis.Run(ScriptCall(1).Forget({"k"}));
  }
}

TEST(ScriptState, DenialByTheThirdLimitLeavesTheFirstTwoUntouched) {
  ScriptServer redis;
  redis.Allow("k", kThree, 3);
  const std::vector<int64_t> before = redis.Run(ScriptCall(1).Decide({"k"}, kThree, 0));
  const drl_decision denied = redis.Allow("k", kThree, 1);
  ASSERT_EQ(denied.outcome, DRL_OUTCOME_DENIED);
  EXPECT_EQ(denied.binding, 2);
  EXPECT_EQ(redis.Run(ScriptCall(1).Decide({"k"}, kThree, 0)), before);
}

TEST(ScriptState, AnAllowedRequestIsOneWrite) {
  ScriptServer redis;
  redis.Allow("k", kThree, 1);
  EXPECT_EQ(redis_server_calls(redis.server(), "set"), 1);
  EXPECT_EQ(redis_server_calls(redis.server(), "pexpire") + redis_server_calls(redis.server(), "expire"), 0);
  EXPECT_EQ(redis_server_key_count(redis.server()), 1);
}

// The instant at which all buckets are full, rounded up to whole microseconds.
int64_t FullAt(const std::vector<int64_t>& reply, const core::Limits& limits) {
  core::Verdict verdict;
  EXPECT_TRUE(core::ReadVerdict({reply.data() + 2, reply.size() - 2}, limits, verdict));
  int64_t longest = 0;
  for (size_t i = 0; i < limits.size(); ++i) {
    longest = std::max(longest, verdict.debts[i].us + (verdict.debts[i].rem > 0 ? 1 : 0));
  }
  return reply[1] + longest;
}

TEST(ScriptState, TtlIsTheTimeToFullRoundedUpToAMillisecond) {
  ScriptServer redis;
  Random random(Seed());
  for (int i = 0; i < 2'000; ++i) {
    const core::Limits limits = RandomLimits(random);
    const std::string key = std::to_string(i);
    redis.Advance(Uniform(random, 0, 5'000));
    const int64_t cost = std::max<int64_t>(1, RandomCost(random, limits));
    const std::vector<int64_t> reply = redis.Run(ScriptCall(1).Decide({key}, limits, cost));
    if (reply[2] < 0) continue;
    EXPECT_EQ(redis.Pttl(key), (FullAt(reply, limits) - redis.now() + 999) / 1000) << "state lost early is a free burst";
  }
}

TEST(ScriptState, OutlivesTheLastMicrosecondBeforeItIsFull) {
  ScriptServer redis;
  Random random(Seed());
  for (int i = 0; i < 2'000; ++i) {
    const core::Limits limits = RandomLimits(random);
    const std::string key = std::to_string(i);
    redis.SetNow(REDIS_SERVER_START_TIME_US - core::kEpochUs + Uniform(random, 0, 5'000'000));
    const std::vector<int64_t> reply = redis.Run(ScriptCall(1).Decide({key}, limits, 1));
    if (reply[2] < 0) continue;
    redis.SetNow(FullAt(reply, limits) - 1);
    EXPECT_TRUE(redis.Get(key).has_value());
  }
}

TEST(ScriptState, NoKeyIsEverWithoutTtl) {
  ScriptServer redis;
  Random random(Seed());
  for (int i = 0; i < 5'000; ++i) {
    const core::Limits limits = RandomLimits(random);
    const std::string key = std::to_string(Uniform(random, 0, 99));
    redis.Run(ScriptCall(1).Decide({key}, limits, RandomCost(random, limits)));
    EXPECT_NE(redis.Pttl(key), -1) << key;
    redis.SetNow(RandomInstant(random, limits, redis.now(), kSecond, redis.now() + 3'600 * kSecond));
  }
}

TEST(ScriptState, ALimitAddedToAPolicyStartsFull) {
  ScriptServer redis;
  redis.Allow("k", kHundredPerMinute, 40);
  const core::Limits two = MakeLimits({{100, 60 * kSecond, 100, nullptr, {}}, {500, 3'600 * kSecond, 500, nullptr, {}}});
  EXPECT_EQ(redis.Allow("k", two, 0).remaining, 60);
  EXPECT_EQ(redis.Allow("k", {two[1], two[1]}, 0).binding, 0) << "the first place of a key belongs to the first limit";
}

TEST(ScriptState, APolicyReducedToOneLimitGoesOnWithItsDebt) {
  ScriptServer redis;
  redis.Allow("k", kThree, 3);
  const core::Limits first{kThree[0]};
  EXPECT_EQ(redis.Allow("k", first, 0).remaining, 47);
  EXPECT_EQ(redis.Allow("k", first, 1).remaining, 46);
  EXPECT_THAT(Encoding(redis, "k"), kCompact);
}

}  // namespace
}  // namespace drl::test
