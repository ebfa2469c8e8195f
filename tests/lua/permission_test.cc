// A user of an ACL who lacks a command that the script needs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/error_map.h"
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

INSTANTIATE_TEST_SUITE_P(Commands, ScriptPermission, testing::Values("get", "set", "time", "evalsha"));

TEST(ScriptPermission, ToForgetIsMissedByTheForgottenKeyAlone) {
  ScriptServer redis;
  Forbid(redis, "del");
  const redis::Reply reply =
      Send(redis, ScriptCall(1).Decide({"a"}, kTenPerSecond, 1).Forget({"a"}).Decide({"b"}, kTenPerSecond, 1));
  ASSERT_EQ(reply.type, redis::Reply::Type::kArray);
  EXPECT_THAT(reply.integers, ElementsAre(1, redis.now(), 100'000, redis::Reply::kRefused, 100'000));
  EXPECT_EQ(redis::MapError(reply.text).code, DRL_ERR_PERMISSION) << reply.text;
}

TEST(ScriptPermission, OfTheDocumentedUserIsEnough) {
  ScriptServer redis;
  freeReplyObject(redis_server_command(
      redis.server(), "ACL SETUSER default reset on nopass ~drl:* -@all +evalsha +eval +time +get +set +del "
                      "+script|load +client|setname"));
  EXPECT_EQ(redis.Allow("drl:k", kTenPerSecond, 1).outcome, DRL_OUTCOME_ALLOWED);
  EXPECT_THAT(redis.Run(ScriptCall(1).Forget({"drl:k"})), ElementsAre(1, redis.now(), 1));
}

}  // namespace
}  // namespace drl::test
