// What surely did not run is sent again, but never past a later request of the same key.
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fake_redis.h"
#include "handles.h"

namespace drl::test {
namespace {

constexpr const char* kHead = "\r\n:" FAKE_REDIS_TAG "\r\n:" FAKE_REDIS_NOW "\r\n";
constexpr const char* kNoScript = "-NOSCRIPT No matching script. Please use EVAL.\r\n";
constexpr const char* kExpired = ":-9007199254740991\r\n";
constexpr const char* kDebt = ":1000\r\n";

std::string Verdicts(std::vector<const char*> verdicts) {
  std::string reply = "*" + std::to_string(2 + verdicts.size()) + kHead;
  for (const char* verdict : verdicts) reply += verdict;
  return reply;
}

struct Stop {
  void operator()(fake_redis* fake) const { fake_redis_stop(fake); }
};

class Resend : public testing::Test {
 protected:
  void SetUp() override {
    fake_redis_answer(fake.get(), Verdicts({kDebt}).c_str(), 0);
    drl_client_options options = ClientOptions(fake_redis_url(fake.get()));
    client = OpenClient(options);
    drl_limiter_options policy = DRL_LIMITER_OPTIONS_INIT;
    policy.rate = 1000;
    policy.per_us = 1'000'000;
    limiter = OpenLimiter(client, policy);
    ASSERT_EQ(Allow(limiter, "warm").decision.cause, DRL_OK);  // the limiter's requests may travel together from here on
  }

  void Next(const std::string& reply, long delay_us = 0) { fake_redis_answer_next(fake.get(), reply.c_str(), delay_us); }

  drl_request Ask(const char* identity, int64_t cost) {
    drl_request request = DRL_REQUEST_INIT;
    request.limiter = limiter.get();
    request.identity = identity;
    request.identity_len = std::char_traits<char>::length(identity);
    request.cost = cost;
    return request;
  }

  std::vector<drl_decision> Decide(const std::vector<drl_request>& requests) {
    std::vector<drl_decision> decisions(requests.size());
    EXPECT_EQ(drl_client_decide(client.get(), requests.data(), sizeof requests[0], static_cast<int32_t>(requests.size()),
                                decisions.data(), nullptr),
              DRL_OK);
    return decisions;
  }

  // Two requests of one key in two commands under way; the first answer comes when both have been sent.
  std::vector<drl_completion> TwoUnderWay(const std::string& first_reply, const std::string& second_reply) {
    Next(first_reply, 100'000);
    Next(second_reply);
    drl_queue* queue = nullptr;
    EXPECT_EQ(drl_queue_open(client.get(), nullptr, &queue, nullptr), DRL_OK);
    const int before = fake_redis_calls(fake.get());
    for (int64_t id = 1; id <= 2; ++id) {
      const drl_request request = Ask("user", 1);
      EXPECT_EQ(drl_queue_decide(queue, &request, sizeof request, id, nullptr), DRL_OK);
      while (Stats(client).batches < before + id) std::this_thread::yield();
    }
    std::vector<drl_completion> ended(3);
    int32_t count = 0;
    while (count < 2) {
      int32_t more = 0;
      EXPECT_EQ(drl_queue_wait(queue, kPatientUs, ended.data() + 1 + count, 1, &more, nullptr), DRL_OK);
      count += more;
    }
    if (ended[1].id == 2) std::swap(ended[1], ended[2]);
    drl_queue_close(queue);
    return ended;
  }

  std::unique_ptr<fake_redis, Stop> fake{fake_redis_start()};
  Client client;
  Limiter limiter;
};

TEST_F(Resend, AnExpiredRequestGoesAgainWhileItHasTime) {
  drl_request hasty = Ask("hasty", 1);
  hasty.timeout_us = 2'000'000;
  Next(Verdicts({kExpired, kDebt}));
  const int before = fake_redis_calls(fake.get());
  const std::vector<drl_decision> decisions = Decide({hasty, Ask("other", 7)});
  EXPECT_EQ(decisions[0].charged, DRL_CHARGED_YES);
  EXPECT_EQ(fake_redis_calls(fake.get()), before + 2);
}

TEST_F(Resend, AnExpiredRequestDoesNotFollowALaterOneOfItsCommand) {
  drl_request hasty = Ask("user", 1);
  hasty.timeout_us = 2'000'000;
  Next(Verdicts({kExpired, kDebt}));
  const int before = fake_redis_calls(fake.get());
  const std::vector<drl_decision> decisions = Decide({hasty, Ask("user", 7)});
  EXPECT_EQ(decisions[0].cause, DRL_ERR_TIMEOUT);
  EXPECT_EQ(decisions[0].charged, DRL_CHARGED_NO);
  EXPECT_EQ(decisions[1].charged, DRL_CHARGED_YES);
  EXPECT_EQ(fake_redis_calls(fake.get()), before + 1) << "it is not sent again";
}

TEST_F(Resend, AnExpiredRequestDoesNotFollowALaterOneUnderWay) {
  const std::vector<drl_completion> ended = TwoUnderWay(Verdicts({kExpired}), Verdicts({kDebt}));
  EXPECT_EQ(ended[1].decision.cause, DRL_ERR_TIMEOUT);
  EXPECT_EQ(ended[1].decision.charged, DRL_CHARGED_NO);
  EXPECT_EQ(ended[2].decision.charged, DRL_CHARGED_YES);
}

TEST_F(Resend, TwoThatExpiredGoAgainInTheirOrder) {
  fake_redis_answer(fake.get(), Verdicts({kDebt, ":2000\r\n"}).c_str(), 0);
  const std::vector<drl_completion> ended = TwoUnderWay(Verdicts({kExpired}), Verdicts({kExpired}));
  EXPECT_EQ(ended[1].decision.remaining, 999) << ended[1].message;
  EXPECT_EQ(ended[2].decision.remaining, 998);
}

TEST_F(Resend, IsBoundedByTheDeadlineAndNotByACount) {
  for (int i = 0; i < 7; ++i) Next(kNoScript);
  const Answer answer = Allow(limiter, "user");
  EXPECT_EQ(answer.decision.cause, DRL_OK);
}

TEST_F(Resend, TwoThatMetNoScriptGoAgainInTheirOrder) {
  fake_redis_answer(fake.get(), Verdicts({kDebt, ":2000\r\n"}).c_str(), 0);  // both travel in one command
  const std::vector<drl_completion> ended = TwoUnderWay(kNoScript, kNoScript);
  EXPECT_EQ(ended[1].decision.cause, DRL_OK) << ended[1].message;
  EXPECT_EQ(ended[1].decision.remaining, 999);
  EXPECT_EQ(ended[2].decision.remaining, 998);
}

TEST_F(Resend, WhoMetNoScriptDoesNotFollowALaterOneThatAnotherClientsLoadingLetThrough) {
  const std::vector<drl_completion> ended = TwoUnderWay(kNoScript, Verdicts({kDebt}));
  EXPECT_EQ(ended[1].decision.cause, DRL_ERR_REDIS) << ended[1].message;
  EXPECT_EQ(ended[1].decision.charged, DRL_CHARGED_NO);
  EXPECT_EQ(ended[2].decision.charged, DRL_CHARGED_YES);
}

TEST_F(Resend, AReplyWhoseTimeIsOutOfBoundsIsNoVerdict) {
  for (const char* time : {":-5", ":-9223372036854775808", ":4503599627370496", "-ERR"}) {
    Next(std::string("*3\r\n:" FAKE_REDIS_TAG "\r\n") + time + "\r\n:1000\r\n");
    const Answer answer = Allow(limiter, "user");
    EXPECT_EQ(answer.decision.cause, DRL_ERR_PROTOCOL) << time;
    EXPECT_EQ(answer.decision.charged, DRL_CHARGED_UNKNOWN);
  }
}

TEST_F(Resend, AMessageHoldsNoKey) {
  Next("-ERR unknown command 'EVALSHA', with args beginning with: 'abc' '1' 'drl:default:{secret}'\r\n");
  drl_decision decision;
  drl_error error{};
  ASSERT_EQ(drl_limiter_allow(limiter.get(), "user", 4, 1, &decision, &error), DRL_OK);
  EXPECT_EQ(decision.cause, DRL_ERR_REDIS);
  EXPECT_EQ(std::string(error.message).find("drl:"), std::string::npos) << error.message;
  EXPECT_NE(std::string(error.message).find("unknown command"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace drl::test
