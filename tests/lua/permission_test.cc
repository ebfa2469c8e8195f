// A user of an ACL who lacks a command that the script needs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/error_map.h"
#include "redis_user.h"
#include "script_server.h"

namespace drl::test {
namespace {

using testing::ElementsAre;

constexpr int64_t kSecond = 1'000'000;

const core::Limits kTenPerSecond = MakeLimits({{10, kSecond, 10, nullptr, {}}});
const core::Limits kSevenPerMinute = MakeLimits({{7, 60 * kSecond, 7, nullptr, {}}});

redis::Reply Send(ScriptServer& redis, const ScriptCall& call) {
  call.Write(redis.out());
  redis.Flush();
  return redis.Next();
}

void Forbid(ScriptServer& redis, const char* command) {
  redis_server_expect_refusals(redis.server());
  freeReplyObject(redis_server_command(redis.server(), "ACL SETUSER default -%s", command));
}

class ScriptPermission : public testing::TestWithParam<const char*> {};

TEST_P(ScriptPermission, MissingIsAnErrorAndNotAForeignKey) {
  for (const core::Limits& limits : {kTenPerSecond, kSevenPerMinute}) {
    ScriptServer redis;
    Forbid(redis, GetParam());
    const redis::Reply reply = Send(redis, ScriptCall(1).Decide({"k"}, limits, 1));
    ASSERT_EQ(reply.type, redis::Reply::Type::kError);
    EXPECT_EQ(redis::MapError(reply.text).code, DRL_ERR_PERMISSION) << reply.text;
  }
}

INSTANTIATE_TEST_SUITE_P(Commands, ScriptPermission, testing::Values("mget", "time", "evalsha"));

class ScriptTrial : public testing::TestWithParam<const char*> {};

TEST_P(ScriptTrial, NamesWhatTheUserMayNotRunAndWritesNothing) {
  ScriptServer redis;
  Forbid(redis, GetParam());
  const redis::Reply reply = Send(redis, ScriptCall(1).Try("k"));
  ASSERT_EQ(reply.type, redis::Reply::Type::kError);
  std::string upper;
  for (const char* c = GetParam(); *c != '\0'; ++c) upper.push_back(static_cast<char>(*c - 'a' + 'A'));
  EXPECT_NE(reply.text.find(upper), std::string::npos) << reply.text;
  EXPECT_EQ(redis::MapError(reply.text).code, DRL_ERR_PERMISSION) << reply.text;
  EXPECT_EQ(redis_server_key_count(redis.server()), 0);
}

INSTANTIATE_TEST_SUITE_P(Commands, ScriptTrial, testing::Values("mget", "set", "pttl", "incrby", "time"));

TEST(ScriptTrial, OfAllCommandsWritesNothing) {
  ScriptServer redis;
  EXPECT_THAT(redis.Run(ScriptCall(3).Try("k")), ElementsAre(3, redis.now()));
  EXPECT_EQ(redis_server_key_count(redis.server()), 0);
}

TEST(ScriptPermission, ToWriteIsMissedByTheWrittenKeysAlone) {
  ScriptServer redis;
  redis.Run(ScriptCall(1).Decide({"a"}, kTenPerSecond, 6));  // grows by INCRBY from here on
  Forbid(redis, "set");
  ScriptCall call(2);
  call.Decide({"a", "b", "b"}, kTenPerSecond, 1).Decide({"c"}, kSevenPerMinute, 1).Decide({"d"}, kTenPerSecond, 0);
  const redis::Reply reply = Send(redis, call);
  ASSERT_EQ(reply.type, redis::Reply::Type::kArray) << reply.text;
  constexpr int64_t kRefused = redis::Reply::kRefused;
  EXPECT_THAT(reply.integers, ElementsAre(2, redis.now(), 700'000, kRefused, kRefused, kRefused, kRefused, 0));
  EXPECT_EQ(redis::MapError(reply.text).code, DRL_ERR_PERMISSION) << reply.text;
  EXPECT_NE(reply.text.find("SET"), std::string::npos) << reply.text;
  EXPECT_EQ(redis.Get("a"), std::to_string(redis.now() + 700'000));
  EXPECT_EQ(redis_server_key_count(redis.server()), 1);
}

TEST(ScriptPermission, ToLookAtTheExpiryIsNotNeededToCharge) {
  ScriptServer redis;
  Forbid(redis, "pttl");
  redis.Allow("k", kTenPerSecond, 6);
  EXPECT_EQ(redis.Allow("k", kTenPerSecond, 1).remaining, 3);
}

TEST(ScriptPermission, ToForgetIsMissedByTheForgottenKeyAlone) {
  ScriptServer redis;
  Forbid(redis, "del");
  const redis::Reply reply =
      Send(redis, ScriptCall(1).Decide({"a"}, kTenPerSecond, 1).Forget({"c"}).Decide({"b"}, kTenPerSecond, 1));
  ASSERT_EQ(reply.type, redis::Reply::Type::kArray);
  EXPECT_THAT(reply.integers, ElementsAre(1, redis.now(), 100'000, redis::Reply::kRefused, 100'000));
  EXPECT_EQ(redis::MapError(reply.text).code, DRL_ERR_PERMISSION) << reply.text;
}

TEST(ScriptPermission, OfTheDocumentedUserIsEnough) {
  ScriptServer redis;
  freeReplyObject(redis_server_command(redis.server(), "ACL SETUSER default reset on nopass " REDIS_USER_RESET));
  EXPECT_EQ(redis.Allow("drl:k", kTenPerSecond, 1).outcome, DRL_OUTCOME_ALLOWED);
  EXPECT_THAT(redis.Run(ScriptCall(1).Forget({"drl:k"})), ElementsAre(1, redis.now(), 1));
}

}  // namespace
}  // namespace drl::test
