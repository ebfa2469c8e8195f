// A master that sentinels watch: found, lost, and found again.
#include "sentinel_group.h"

#include "fake_sentinel.h"
#include "hung_listener.h"
#include "redis_user.h"
#include "scale.h"

namespace drl::test {
namespace {

std::string ReplyText(redis_server* server, const char* command) {
  const RedisReply reply = SentinelGroup::AskServer(server, command);
  return reply != nullptr && reply->str != nullptr ? reply->str : "";
}

bool IsConnectedTo(redis_server* server) { return ReplyText(server, "CLIENT LIST").find("name=libdrl") != std::string::npos; }

std::string UrlOf(const std::vector<int>& sentinel_ports, const std::string& query = {}) {
  std::string hosts;
  for (const int port : sentinel_ports) hosts += (hosts.empty() ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(port);
  return "redis+sentinel://" + hosts + "/" + SentinelGroup::kMaster + query;
}

void ExpectDecides(const std::string& url) {
  const Client client = OpenClient(url);
  ASSERT_NE(client, nullptr);
  const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  const Answer answer = Allow(limiter, "someone");
  EXPECT_EQ(answer.status, DRL_OK) << url << ": " << answer.message;
}

// What the sentinels' group is asked again and again, while nothing happens to it.
class Sentinel : public testing::Test {
 protected:
  static void SetUpTestSuite() { shared_ = new SentinelGroup; }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }
  static const SentinelGroup& group() { return *shared_; }

  static void ExpectRefused(const std::string& url, drl_status cause, const std::string& words) {
    const Client client = OpenClient(url, 2'000'000);
    ASSERT_NE(client, nullptr);
    const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
    const Answer answer = Allow(limiter, "someone");
    EXPECT_EQ(answer.status, cause) << drl_status_name(answer.status) << ": " << answer.message;
    EXPECT_NE(answer.message.find(words), std::string::npos) << answer.message;
    EXPECT_EQ(answer.message.find("s3cret"), std::string::npos) << "a password in: " << answer.message;
  }

 private:
  static inline SentinelGroup* shared_ = nullptr;
};

TEST_F(Sentinel, TheMasterIsFound) {
  const Client client = OpenClient(group().url());
  const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR, "found"));
  const Answer answer = Allow(limiter, "someone");
  EXPECT_EQ(answer.status, DRL_OK) << answer.message;
  EXPECT_TRUE(IsConnectedTo(group().master()));
}

TEST_F(Sentinel, ByNameOfTheirHosts) {
  ExpectDecides("redis+sentinel://localhost:" + std::to_string(group().sentinel_port(0)) + "/" + SentinelGroup::kMaster);
}

TEST_F(Sentinel, AWrongNameIsSaid) {
  ExpectRefused(group().url({}, "nobody"), DRL_ERR_RESOLVE, "knows no master named 'nobody'");
}

TEST_F(Sentinel, ThatAskForNoPasswordRefuseOne) {
  ExpectRefused(group().url("?sentinel_username=nobody&sentinel_password=s3cret"), DRL_ERR_AUTH, "sentinel 127.0.0.1:");
}

TEST_F(Sentinel, NoneThatCanBeReachedIsSaid) {
  ExpectRefused(UrlOf({redis_server_free_port(), redis_server_free_port()}), DRL_ERR_CONNECT, "sentinel 127.0.0.1:");
}

TEST_F(Sentinel, AServerInTheirPlaceIsSaid) {
  const Server server = StartServer({.tcp = 1});
  redis_server_expect_refusals(server.get());
  const Client client = OpenClient(UrlOf({redis_server_port(server.get())}), 2'000'000);
  const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  const Answer answer = Allow(limiter, "someone");
  EXPECT_NE(answer.status, DRL_OK);
  EXPECT_NE(answer.message.find("sentinel 127.0.0.1:"), std::string::npos) << answer.message;
}

TEST_F(Sentinel, OneThatIsAwayAndOneThatHangsDelayNobody) {
  const HungListener hung;
  const Listener mute;
  const SteadyClock::time_point start = SteadyClock::now();
  ExpectDecides(UrlOf({hung.port(), mute.port(), redis_server_free_port(), group().sentinel_port(2)}));
  EXPECT_LT(MicrosSince(start), 500'000 * kSlowness);
}

TEST_F(Sentinel, AReplicaThatOneNamesIsRefusedForTheMasterThatAnotherNames) {
  const FakeSentinel stale(redis_server_port(group().server(1)));
  const FakeSentinel sound(redis_server_port(group().server(0)));
  const SteadyClock::time_point start = SteadyClock::now();
  for (int i = 0; i < 10; ++i) ExpectDecides(UrlOf({stale.port(), sound.port()}));
  EXPECT_LT(MicrosSince(start), 1'000'000 * kSlowness);
}

TEST_F(Sentinel, AReplicaThatAllNameIsSaid) {
  const FakeSentinel stale(redis_server_port(group().server(1)));
  ExpectRefused(UrlOf({stale.port()}), DRL_ERR_READONLY, "a replica");
}

TEST_F(Sentinel, AServerThatIsAwayIsLeftForTheOneThatAnotherNames) {
  const HungListener hung;
  for (const int port : {redis_server_free_port(), hung.port()}) {
    const FakeSentinel stale(port);
    const FakeSentinel sound(redis_server_port(group().server(0)));
    ExpectDecides(UrlOf({stale.port(), sound.port()}));
  }
}

TEST_F(Sentinel, WhatNoSentinelWouldAnswerIsSaid) {
  for (const char* bytes : {"+OK\r\n", "*0\r\n", "*2\r\n$0\r\n\r\n$4\r\n6379\r\n", "*2\r\n$9\r\n127.0.0.1\r\n$5\r\n70000\r\n", ":1\r\n",
                            "*2\r\n$5\r\nho\nst\r\n$4\r\n6379\r\n"}) {
    FakeSentinel odd(1);
    odd.Answer(bytes);
    ExpectRefused(UrlOf({odd.port()}), DRL_ERR_PROTOCOL, "does not answer as sentinels do");
  }
}

TEST_F(Sentinel, OneThatIsFullIsSaid) {
  FakeSentinel full(1);
  full.Answer("-ERR max number of clients reached\r\n");
  ExpectRefused(UrlOf({full.port()}), DRL_ERR_CONNECT, ": ERR max number of clients reached");
}

// It answers nothing, and so might be waited for until there is no time left to say what the server said.
TEST_F(Sentinel, OneThatHangsHidesNotWhatTheServerSays) {
  const HungListener hung;
  const FakeSentinel sound(redis_server_port(group().server(0)));
  redis_server_expect_refusals(group().server(0));
  const std::string hosts = "127.0.0.1:" + std::to_string(hung.port()) + ",127.0.0.1:" + std::to_string(sound.port());
  ExpectRefused("redis+sentinel://nobody:s3cret@" + hosts + "/" + SentinelGroup::kMaster, DRL_ERR_AUTH, "WRONGPASS");
}

TEST(SentinelPasswords, OfTheServersAndOfTheSentinels) {
  const SentinelGroup group({.password = "s3cret", .sentinel_password = "0ther"});
  ExpectDecides(group.url("?sentinel_password=0ther"));
  const Client without = OpenClient(group.url(), 2'000'000);
  const Limiter limiter = OpenLimiter(without, Ledger(DRL_FAIL_ERROR));
  const Answer answer = Allow(limiter, "someone");
  EXPECT_EQ(answer.status, DRL_ERR_AUTH) << answer.message;
  EXPECT_NE(answer.message.find("sentinel 127.0.0.1:"), std::string::npos) << answer.message;
  EXPECT_EQ(answer.message.find("s3cret"), std::string::npos) << answer.message;
}

}  // namespace
}  // namespace drl::test
