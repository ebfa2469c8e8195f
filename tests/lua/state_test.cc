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
  EXPECT_EQ(redis.Get("k")->size(), 17u);
  EXPECT_EQ(ReadState(*redis.Get("k")), (std::vector<core::Time>{{redis.now() + 8'571'428, 4}}));
}

TEST(ScriptState, EachOfSeveralLimitsHasItsPair) {
  ScriptServer redis;
  redis.Allow("k", kThree, 1);
  EXPECT_EQ(redis.Get("k")->size(), 49u);
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
  for (const core::Limits& limits : {kHundredPerMinute, kSevenPerMinute, kThree}) {
    ScriptServer redis;
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
  for (const core::Limits& limits : {kHundredPerMinute, kSevenPerMinute, kThree}) {
    ScriptServer redis;
    redis.Allow("k", limits, limits.back().burst());
    redis.Advance(1'000);
    const std::optional<std::string> before = redis.Get("k");
    const int64_t ttl = redis.Pttl("k");
    const int64_t writes = redis_server_calls(redis.server(), "set");
    ASSERT_EQ(redis.Allow("k", limits, 1).outcome, DRL_OUTCOME_DENIED);
    EXPECT_EQ(redis.Get("k"), before);
    EXPECT_EQ(redis.Pttl("k"), ttl);
    EXPECT_EQ(redis_server_calls(redis.server(), "set"), writes);
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

TEST(ScriptState, TtlIsNeverLessThanTheTimeToFull) {
  ScriptServer redis;
  Random random(Seed());
  for (int i = 0; i < 2'000; ++i) {
    const core::Limits limits = RandomLimits(random);
    const std::string key = std::to_string(i);
    redis.Advance(Uniform(random, 0, 5'000));
    const int64_t cost = std::max<int64_t>(1, RandomCost(random, limits));
    const std::vector<int64_t> reply = redis.Run(ScriptCall(1).Decide({key}, limits, cost));
    if (reply[2] < 0) continue;
    const int64_t full_ms = (FullAt(reply, limits) - redis.now() + 999) / 1000;
    const int64_t spare_ms = IsKeptAsInteger(limits) ? limits[0].burst_time().us / 1000 + 1 : 0;
    EXPECT_GE(redis.Pttl(key), full_ms) << "state lost early is a free burst";
    EXPECT_LE(redis.Pttl(key), full_ms + spare_ms);
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
    const std::string key = std::to_string(i);
    redis.Run(ScriptCall(1).Decide({key}, limits, RandomCost(random, limits)));
    EXPECT_NE(redis.Pttl(key), -1) << key;
    redis.SetNow(RandomInstant(random, limits, redis.now(), kSecond, redis.now() + 3'600 * kSecond));
  }
}

TEST(ScriptState, ABucketInUseGrowsByIncrby) {
  ScriptServer redis;
  redis.Allow("k", kHundredPerMinute, 60);  // more than half: it may outlive its full bucket
  redis.Advance(1'000);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(redis.Allow("k", kHundredPerMinute, 1).outcome, DRL_OUTCOME_ALLOWED);
  EXPECT_EQ(redis_server_calls(redis.server(), "set"), 1);
  EXPECT_EQ(redis_server_calls(redis.server(), "incrby"), 30);
  EXPECT_EQ(redis.Get("k"), std::to_string(redis.now() - 1'000 + 90 * 600'000));
  EXPECT_GE(redis.Pttl("k") * 1'000, 90 * 600'000);
}

TEST(ScriptState, ManyOfOneKeyGrowItByOneIncrby) {
  ScriptServer redis;
  redis.Allow("k", kHundredPerMinute, 60);
  const std::vector<std::string> keys(30, "k");
  redis.Run(ScriptCall(1).Decide(keys, kHundredPerMinute, 1));
  EXPECT_EQ(redis_server_calls(redis.server(), "incrby"), 1);
  EXPECT_EQ(redis.Get("k"), std::to_string(redis.now() + 90 * 600'000));
}

TEST(ScriptState, ABucketLittleUsedIsSet) {
  ScriptServer redis;
  for (int i = 0; i < 10; ++i) redis.Allow("k", kHundredPerMinute, 1);
  EXPECT_EQ(redis_server_calls(redis.server(), "set"), 10);
  EXPECT_EQ(redis_server_calls(redis.server(), "pttl"), 0);
}

TEST(ScriptState, AKeyWithoutExpiryGetsOneAtTheNextWrite) {
  ScriptServer redis;
  redis.Allow("k", kHundredPerMinute, 60);
  freeReplyObject(redis_server_command(redis.server(), "PERSIST k"));
  redis.Allow("k", kHundredPerMinute, 1);
  EXPECT_EQ(redis_server_calls(redis.server(), "incrby"), 0);
  EXPECT_GT(redis.Pttl("k"), 0);
}

TEST(ScriptState, OutlivesItsFullBucketByTheBurstAtMostAndOnlyOnceHalfUsed) {
  ScriptServer redis;
  redis.Allow("half", kHundredPerMinute, 50);
  EXPECT_EQ(redis.Pttl("half"), 30'000);
  redis.Allow("more", kHundredPerMinute, 51);
  EXPECT_EQ(redis.Pttl("more"), 30'600 + 60'000);
}

TEST(ScriptState, AKeyPastItsFullBucketIsAsGoodAsNone) {
  ScriptServer redis;
  redis.Allow("k", kHundredPerMinute, 100);
  redis.Advance(61 * kSecond);
  ASSERT_TRUE(redis.Get("k").has_value());
  const drl_decision decision = redis.Allow("k", kHundredPerMinute, 1);
  EXPECT_EQ(decision.remaining, 99);
  EXPECT_EQ(redis.Get("k"), std::to_string(redis.now() + 600'000));
}

}  // namespace
}  // namespace drl::test
