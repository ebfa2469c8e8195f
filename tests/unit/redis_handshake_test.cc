#include "redis/handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/command.h"
#include "redis/script.h"

namespace drl::redis {
namespace {

using testing::HasSubstr;
using testing::Not;

Reply Ok() {
  Reply reply;
  reply.type = Reply::Type::kString;
  reply.text = "OK";
  return reply;
}

Reply Error(const char* text) {
  Reply reply;
  reply.type = Reply::Type::kError;
  reply.text = text;
  return reply;
}

Reply Time() {
  Reply reply;
  reply.type = Reply::Type::kArray;
  reply.integers = {1767225600, 123456};
  return reply;
}

Endpoint Plain() {
  Endpoint endpoint;
  endpoint.client_name = "libdrl";
  return endpoint;
}

Endpoint WithPassword() {
  Endpoint endpoint = Plain();
  endpoint.password = "secret";
  return endpoint;
}

void Begin(Handshake& handshake, const Endpoint& endpoint, RespWriter& out) {
  handshake.Begin(endpoint, Login(endpoint.username, endpoint.password), out);
}

TEST(Handshake, OfAPlainEndpointNamesTheClientAsksTheTimeAndLoadsTheScript) {
  RespWriter out;
  Handshake handshake;
  Begin(handshake, Plain(), out);
  EXPECT_THAT(out.pending(), HasSubstr("SETNAME\r\n$6\r\nlibdrl\r\n"));
  EXPECT_THAT(out.pending(), HasSubstr("TIME\r\n"));
  EXPECT_THAT(out.pending(), HasSubstr(std::string(kScriptText)));
  EXPECT_THAT(out.pending(), Not(HasSubstr("AUTH")));
  EXPECT_THAT(out.pending(), Not(HasSubstr("SELECT")));
}

TEST(Handshake, LogsInWithUserAndPassword) {
  Endpoint endpoint = WithPassword();
  endpoint.username = "limiter";
  RespWriter out;
  Handshake handshake;
  Begin(handshake, endpoint, out);
  EXPECT_TRUE(out.pending().starts_with("*3\r\n$4\r\nAUTH\r\n$7\r\nlimiter\r\n$6\r\nsecret\r\n"));
}

TEST(Handshake, LogsInWithAPasswordAlone) {
  RespWriter out;
  Handshake handshake;
  Begin(handshake, WithPassword(), out);
  EXPECT_TRUE(out.pending().starts_with("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n"));
}

TEST(Handshake, SelectsAnotherDatabase) {
  Endpoint endpoint = Plain();
  endpoint.database = 5;
  RespWriter out;
  Handshake handshake;
  Begin(handshake, endpoint, out);
  EXPECT_TRUE(out.pending().starts_with("*2\r\n$6\r\nSELECT\r\n$1\r\n5\r\n"));
}

TEST(Handshake, IsDoneAfterTheLastReplyAndKnowsTheTime) {
  RespWriter out;
  Handshake handshake;
  Begin(handshake, Plain(), out);
  EXPECT_TRUE(handshake.Accept(Ok()).ok());
  EXPECT_TRUE(handshake.Accept(Time()).ok());
  EXPECT_FALSE(handshake.done());
  EXPECT_TRUE(handshake.Accept(Ok()).ok());
  EXPECT_TRUE(handshake.done());
  EXPECT_EQ(handshake.redis_time_us(), 1767225600123456);
}

TEST(Handshake, DoesWithoutAClientNameAndSaysSo) {
  RespWriter out;
  Handshake handshake;
  Begin(handshake, Plain(), out);
  EXPECT_TRUE(handshake.Accept(Error("NOPERM User limiter has no permissions to run the 'client|setname' command")).ok());
  EXPECT_TRUE(handshake.Accept(Time()).ok());
  EXPECT_TRUE(handshake.Accept(Ok()).ok());
  EXPECT_TRUE(handshake.done());
  EXPECT_EQ(handshake.remark(), "Redis refuses CLIENT SETNAME to this user (NOPERM): it may not run client|setname");
  Begin(handshake, Plain(), out);
  EXPECT_EQ(handshake.remark(), "");
}

TEST(Handshake, EndsWhenTheScriptMayNotBeLoaded) {
  RespWriter out;
  Handshake handshake;
  Begin(handshake, Plain(), out);
  EXPECT_TRUE(handshake.Accept(Ok()).ok());
  EXPECT_TRUE(handshake.Accept(Time()).ok());
  const base::Status status =
      handshake.Accept(Error("NOPERM User limiter has no permissions to run the 'script|load' command"));
  EXPECT_EQ(status.code(), DRL_ERR_PERMISSION);
  EXPECT_NE(status.message().find("it may not run script|load"), std::string::npos) << status.message();
}

TEST(Handshake, DoesWithoutScriptLoadWhereItIsNotKnown) {
  RespWriter out;
  Handshake handshake;
  Begin(handshake, Plain(), out);
  EXPECT_TRUE(handshake.Accept(Ok()).ok());
  EXPECT_TRUE(handshake.Accept(Time()).ok());
  EXPECT_TRUE(handshake.Accept(Error("ERR unknown command 'SCRIPT'")).ok());
  EXPECT_TRUE(handshake.done());
}

TEST(Handshake, EndsOnAWrongPasswordWithoutNamingIt) {
  RespWriter out;
  Handshake handshake;
  Begin(handshake, WithPassword(), out);
  const base::Status status = handshake.Accept(Error("WRONGPASS invalid username-password pair or user is disabled."));
  EXPECT_EQ(status.code(), DRL_ERR_AUTH);
  EXPECT_THAT(status.message(), Not(HasSubstr("secret")));
}

TEST(Handshake, EndsOnAMissingPassword) {
  RespWriter out;
  Handshake handshake;
  Begin(handshake, Plain(), out);
  EXPECT_TRUE(handshake.Accept(Error("NOAUTH Authentication required.")).ok());
  EXPECT_EQ(handshake.Accept(Error("NOAUTH Authentication required.")).code(), DRL_ERR_AUTH);
}

TEST(Handshake, EndsWhileRedisLoadsItsData) {
  RespWriter out;
  Handshake handshake;
  Begin(handshake, WithPassword(), out);
  EXPECT_EQ(handshake.Accept(Error("LOADING Redis is loading the dataset in memory")).code(), DRL_ERR_LOADING);
}

TEST(Handshake, EndsOnADatabaseThatIsNotThere) {
  Endpoint endpoint = Plain();
  endpoint.database = 99;
  RespWriter out;
  Handshake handshake;
  Begin(handshake, endpoint, out);
  EXPECT_EQ(handshake.Accept(Error("ERR DB index is out of range")).code(), DRL_ERR_REDIS);
}

TEST(Handshake, EndsWhenTheTimeIsNotToBeHad) {
  RespWriter out;
  Handshake handshake;
  Begin(handshake, Plain(), out);
  EXPECT_TRUE(handshake.Accept(Ok()).ok());
  EXPECT_EQ(handshake.Accept(Error("NOPERM User limiter has no permissions to run the 'time' command")).code(),
            DRL_ERR_PERMISSION);
}

TEST(Handshake, EndsWhenTheTimeIsNoTime) {
  RespWriter out;
  Handshake handshake;
  Begin(handshake, Plain(), out);
  EXPECT_TRUE(handshake.Accept(Ok()).ok());
  EXPECT_EQ(handshake.Accept(Ok()).code(), DRL_ERR_PROTOCOL);
}

TEST(Handshake, CredentialsThatTheServerRepeatsAreNotShown) {
  for (const char* text : {"ERR unknown command 'AUTH', with args beginning with: 'limiter' 'secret' ",
                           "ERR unknown command `AUTH`, with args beginning with: `limiter`, "}) {
    RespWriter out;
    Handshake handshake;
    Endpoint endpoint = WithPassword();
    endpoint.username = "limiter";
    Begin(handshake, endpoint, out);
    const base::Status status = handshake.Accept(Error(text));
    EXPECT_EQ(status.code(), DRL_ERR_AUTH);
    EXPECT_EQ(status.message(), "logging in: ERR");
  }
}

TEST(Handshake, CredentialsThatTheServerRepeatsInPartAreNotShown) {
  const std::string token = "ey01" + std::string(1000, 'k');
  RespWriter out;
  Handshake handshake;
  handshake.Begin(Plain(), Login("", token), out);
  const std::string text = "ERR unknown command 'AUTH', with args beginning with: '" + token.substr(0, 127);
  EXPECT_EQ(handshake.Accept(Error(text.c_str())).message(), "logging in: ERR");
}

TEST(Handshake, RefusesAClockThatTheScriptRefuses) {
  for (const int64_t seconds : {int64_t{0}, core::kEpochUs / 1'000'000 - 1, (core::kEpochUs + core::kEndOfTimeUs) / 1'000'000}) {
    RespWriter out;
    Handshake handshake;
    Begin(handshake, Plain(), out);
    EXPECT_TRUE(handshake.Accept(Ok()).ok());
    Reply time = Time();
    time.integers[0] = seconds;
    EXPECT_EQ(handshake.Accept(time).code(), DRL_ERR_CLOCK);
  }
}

Reply Role(const char* role) {
  Reply reply;
  reply.type = Reply::Type::kArray;
  reply.integers = {Reply::kRefused};
  reply.words = std::string(role) + '\0';
  return reply;
}

base::Status RoleAnswered(const Reply& reply) {
  Endpoint endpoint = Plain();
  endpoint.sentinels.hosts = {{"10.0.0.1", 26379}};
  RespWriter out;
  Handshake handshake;
  Begin(handshake, endpoint, out);
  EXPECT_TRUE(out.pending().starts_with("*1\r\n$4\r\nROLE\r\n"));
  return handshake.Accept(reply);
}

TEST(Handshake, AsksAServerForItsRoleWhereSentinelsNamedIt) {
  RespWriter out;
  Handshake handshake;
  Begin(handshake, Plain(), out);
  EXPECT_THAT(out.pending(), Not(HasSubstr("ROLE")));
  EXPECT_TRUE(RoleAnswered(Role("master")).ok());
  EXPECT_EQ(RoleAnswered(Role("slave")).code(), DRL_ERR_READONLY);
  EXPECT_THAT(RoleAnswered(Role("slave")).message(), HasSubstr("is a replica"));
  EXPECT_EQ(RoleAnswered(Role("sentinel")).code(), DRL_ERR_READONLY);
  EXPECT_EQ(RoleAnswered(Ok()).code(), DRL_ERR_READONLY);
}

TEST(Handshake, DoesWithoutTheRoleWhereItMayNotAsk) {
  EXPECT_TRUE(RoleAnswered(Error("NOPERM this user has no permissions to run the 'role' command")).ok());
  EXPECT_EQ(RoleAnswered(Error("NOAUTH Authentication required.")).code(), DRL_ERR_AUTH);
}

}  // namespace
}  // namespace drl::redis
