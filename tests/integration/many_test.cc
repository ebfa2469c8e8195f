// Many requests in one call: their deadlines, which of their failures is reported, and how they travel.
#include <string>
#include <vector>

#include "handles.h"
#include "scale.h"

namespace drl::test {
namespace {

class ManyTest : public testing::Test {
 protected:
  drl_status DecideAll(const std::vector<drl_request>& requests) {
    decisions.assign(requests.size(), {});
    return drl_client_decide(client.get(), requests.data(), sizeof(drl_request), static_cast<int32_t>(requests.size()),
                             decisions.data(), &error);
  }

  Server server = StartServer();
  Client client = OpenClient(redis_server_url(server.get()));
  Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  std::vector<drl_decision> decisions;
  drl_error error{};
};

// To hash them takes three times as long as their deadline: that begins when they are hashed.
TEST_F(ManyTest, HashingCostsNoneOfThemItsTime) {
  ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0);
  const std::string identity(65'536, 'x');
  char key[DRL_KEY_SIZE];
  const SteadyClock::time_point start = SteadyClock::now();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(drl_limiter_key(limiter.get(), identity.data(), identity.size(), key, sizeof key, nullptr, nullptr), DRL_OK);
  }
  std::vector<drl_request> requests(4'000, AllowRequest(limiter.get(), identity, 1));
  for (drl_request& request : requests) request.timeout_us = 40 * MicrosSince(start) / 3;
  EXPECT_EQ(DecideAll(requests), DRL_OK) << error.message;
  for (const drl_decision& decision : decisions) EXPECT_EQ(decision.outcome, DRL_OUTCOME_ALLOWED);
  EXPECT_EQ(Stats(client).breaker_opened, 0);
}

TEST_F(ManyTest, FirstFailureIsReportedWithItsSentence) {
  char key[DRL_KEY_SIZE];
  ASSERT_EQ(drl_limiter_key(limiter.get(), "foreign", 7, key, sizeof key, nullptr, nullptr), DRL_OK);
  freeReplyObject(redis_server_command(server.get(), "SET %s hello", key));
  freeReplyObject(redis_server_command(server.get(), "CONFIG SET maxmemory 1"));
  std::vector<drl_request> requests = {AllowRequest(limiter.get(), "looks", 0), AllowRequest(limiter.get(), "foreign", 1),
                                       AllowRequest(limiter.get(), "writes", 1)};
  EXPECT_EQ(DecideAll(requests), DRL_ERR_KEY_TYPE) << error.message;
  EXPECT_STREQ(error.message, drl_status_message(DRL_ERR_KEY_TYPE));
  std::swap(requests[1], requests[2]);
  EXPECT_EQ(DecideAll(requests), DRL_ERR_OOM) << error.message;
  EXPECT_EQ(decisions[1].cause, DRL_ERR_OOM);
  EXPECT_EQ(decisions[2].cause, DRL_ERR_KEY_TYPE);
  requests[1].fail_strategy = DRL_FAIL_OPEN;
  EXPECT_EQ(DecideAll(requests), DRL_ERR_KEY_TYPE) << "the first of them was answered by its fail strategy";
  EXPECT_STREQ(error.message, drl_status_message(DRL_ERR_KEY_TYPE));
  freeReplyObject(redis_server_command(server.get(), "CONFIG SET maxmemory 0"));
}

TEST_F(ManyTest, AsManyTravelInACommandAsIsAllowed) {
  const std::string by_url = std::string(redis_server_url(server.get())) + "?requests_per_command=1";
  drl_client_options options = ClientOptions(redis_server_url(server.get()));
  for (const auto& [url, most, commands] : {std::tuple(std::string(redis_server_url(server.get())), 1, 40),
                                            std::tuple(by_url, 0, 40), std::tuple(by_url, 10, 4)}) {
    limiter.reset();
    options.redis_url = url.c_str();
    options.requests_per_command_max = most;
    client = OpenClient(options);
    limiter = OpenLimiter(client, Ledger());
    ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
    const int64_t before = Stats(client).batches;
    EXPECT_EQ(DecideAll(std::vector<drl_request>(40, AllowRequest(limiter.get(), "someone", 1))), DRL_OK);
    EXPECT_EQ(Stats(client).batches - before, commands);
  }
  EXPECT_EQ(ChargedInRedis(limiter, "someone"), 120);
}

}  // namespace
}  // namespace drl::test
