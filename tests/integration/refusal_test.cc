// A namespace that the Redis user may not touch, and an order that no resend turns.
#include <string>
#include <thread>
#include <vector>

#include "handles.h"

namespace drl::test {
namespace {

constexpr const char* kAcl =
    "user default off\n"
    "user admin on >admin ~* +@all\n"
    "user shop reset on >secret ~drl:shop:* ~drl:store:* -@all +evalsha +time +mget +set +pttl +incrby +script|load +client|setname\n";

class Refusal : public testing::Test {
 protected:
  Refusal() {
    redis_server_expect_refusals(server.get());
    drl_client_options options = ClientOptions(redis_server_url(server.get()));
    options.username = "shop";
    options.password = "secret";
    client = OpenClient(options);
    shop = Open("shop");
    store = Open("store");
    other = Open("other");
  }

  Limiter Open(const char* key_namespace) {
    drl_limiter_options options = Ledger();
    options.key_namespace = key_namespace;
    return OpenLimiter(client, options);
  }

  // 64 requests in one call, the limiters in turn.
  std::vector<drl_decision> DecideTogether(std::vector<drl_limiter*> limiters) {
    std::vector<std::string> identities;
    for (int i = 0; i < 64; ++i) identities.push_back("user:" + std::to_string(i));
    std::vector<drl_request> requests(identities.size(), drl_request DRL_REQUEST_INIT);
    for (size_t i = 0; i < requests.size(); ++i) {
      requests[i].limiter = limiters[i % limiters.size()];
      requests[i].identity = identities[i].data();
      requests[i].identity_len = identities[i].size();
      requests[i].cost = 1;
    }
    std::vector<drl_decision> decisions(requests.size());
    drl_error error{};
    EXPECT_EQ(drl_client_decide(client.get(), requests.data(), sizeof requests[0], 64, decisions.data(), &error), DRL_OK)
        << error.message;
    return decisions;
  }

  const Server server = StartServer({.acl = kAcl, .acl_password = "admin"});
  Client client;
  Limiter shop, store, other;
};

TEST_F(Refusal, OfOneNamespaceLeavesTheOthersOfTheCommandStanding) {
  for (int round = 0; round < 5; ++round) {
    const std::vector<drl_decision> decisions = DecideTogether({shop.get(), other.get(), store.get()});
    for (size_t i = 0; i < decisions.size(); ++i) {
      EXPECT_EQ(decisions[i].cause, i % 3 == 1 ? DRL_ERR_PERMISSION : DRL_OK) << i;
      EXPECT_EQ(decisions[i].charged, i % 3 == 1 ? DRL_CHARGED_NO : DRL_CHARGED_YES) << i;
    }
  }
}

TEST_F(Refusal, ThatBeginsWhileTheClientRunsIsOfItsNamespaceAlone) {
  for (const drl_decision& decision : DecideTogether({shop.get(), store.get()})) EXPECT_EQ(decision.cause, DRL_OK);
  freeReplyObject(redis_server_command(server.get(), "ACL SETUSER shop resetkeys ~drl:shop:*"));
  for (int round = 0; round < 3; ++round) {
    const std::vector<drl_decision> decisions = DecideTogether({shop.get(), store.get()});
    for (size_t i = 0; i < decisions.size(); ++i) EXPECT_EQ(decisions[i].cause, i % 2 == 1 ? DRL_ERR_PERMISSION : DRL_OK) << i;
  }
  freeReplyObject(redis_server_command(server.get(), "ACL SETUSER shop ~drl:store:*"));
  for (const drl_decision& decision : DecideTogether({store.get(), shop.get()})) EXPECT_EQ(decision.cause, DRL_OK);
  const drl_stats before = Stats(client);
  DecideTogether({store.get(), shop.get()});
  EXPECT_EQ(Stats(client).batches - before.batches, 1) << "together again";
}

TEST_F(Refusal, OfAnAskingUserChargesNobodyTwice) {
  for (int round = 0; round < 4; ++round) DecideTogether({shop.get(), other.get()});
  drl_decision decision;
  ASSERT_EQ(drl_limiter_peek(shop.get(), "user:0", 6, &decision, nullptr), DRL_OK);
  EXPECT_EQ(decision.limit - decision.remaining, 4);
}

// Waits until the decision has the cause; what it was last.
drl_status CauseWithin(drl_limiter* limiter, drl_status wanted, int64_t patience_us) {
  const SteadyClock::time_point start = SteadyClock::now();
  drl_decision decision{};
  do {
    EXPECT_EQ(drl_limiter_allow(limiter, "someone", 7, 1, &decision, nullptr), DRL_OK);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  } while (decision.cause != wanted && MicrosSince(start) < patience_us);
  return decision.cause;
}

TEST_F(Refusal, ToLoadTheScriptHealsOnceItMayBeLoaded) {
  ASSERT_EQ(CauseWithin(shop.get(), DRL_OK, kPatientUs), DRL_OK);
  freeReplyObject(redis_server_command(server.get(), "ACL SETUSER shop -script|load"));
  freeReplyObject(redis_server_command(server.get(), "SCRIPT FLUSH"));
  EXPECT_EQ(CauseWithin(shop.get(), DRL_ERR_PERMISSION, kPatientUs), DRL_ERR_PERMISSION);
  freeReplyObject(redis_server_command(server.get(), "ACL SETUSER shop +script|load"));
  EXPECT_EQ(CauseWithin(shop.get(), DRL_OK, 10'000'000), DRL_OK);
}

TEST_F(Refusal, OfAServerThatBecameAReplicaLeadsToANewConnection) {
  ASSERT_EQ(CauseWithin(shop.get(), DRL_OK, kPatientUs), DRL_OK);
  const int64_t connects = Stats(client).connects;
  freeReplyObject(redis_server_command(server.get(), "REPLICAOF 127.0.0.1 %d", redis_server_free_port()));
  EXPECT_EQ(CauseWithin(shop.get(), DRL_ERR_READONLY, kPatientUs), DRL_ERR_READONLY);
  const SteadyClock::time_point start = SteadyClock::now();
  while (Stats(client).connects == connects && MicrosSince(start) < kPatientUs) std::this_thread::yield();
  EXPECT_GT(Stats(client).connects, connects);
  const int64_t first = Stats(client).connects;
  drl_decision decision;
  while (MicrosSince(start) < 2'000'000) {
    drl_limiter_allow(shop.get(), "someone", 7, 1, &decision, nullptr);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_LE(Stats(client).connects - first, 20) << "a new one now and then, not one for each request";
  std::vector<drl_log_line> lines(256);
  int32_t count = 0;
  int64_t dropped = 0;
  drl_client_log_drain(client.get(), lines.data(), 256, &count, &dropped, nullptr);
  EXPECT_LE(count, 8) << "nor two lines for each";
  freeReplyObject(redis_server_command(server.get(), "REPLICAOF NO ONE"));
  EXPECT_EQ(CauseWithin(shop.get(), DRL_OK, 10'000'000), DRL_OK);
}

}  // namespace
}  // namespace drl::test
