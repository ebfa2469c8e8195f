// A client that asks the application for user and password, at each connection, and never so that anybody waits for it.
#include <atomic>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "credentials_fixture.h"
#include "fake_redis.h"
#include "scale.h"

namespace drl::test {
namespace {

TEST_F(CredentialsTest, AreAskedForAtEachConnectionAndLetGoOnce) {
  Open();
  ASSERT_TRUE(Decides());
  EXPECT_EQ(giver.calls(), 1);
  freeReplyObject(redis_server_command(server.get(), "CLIENT KILL USER drl"));
  ASSERT_TRUE(Within(kPatientUs, [&] { return Stats(client).connects == 2; }));
  EXPECT_EQ(giver.calls(), 2);
  ASSERT_TRUE(Decides());
  EXPECT_EQ(giver.released(), 0);
  Close();
  ASSERT_TRUE(Within(kPatientUs, [&] { return giver.released() == 1; }));
}

TEST_F(CredentialsTest, FailureIsSaidAndMended) {
  giver.Fail("the vault\nis sealed");
  Open();
  EXPECT_EQ(WhyNot().status, DRL_ERR_AUTH);
  const Answer answer = Allow(limiter, "someone");
  EXPECT_EQ(answer.status, DRL_ERR_AUTH);
  EXPECT_NE(answer.message.find("no credentials: the vault?is sealed"), std::string::npos) << answer.message;
  EXPECT_NE(Log(client).find("no credentials: the vault?is sealed"), std::string::npos);
  giver.Give("drl", "first");
  EXPECT_TRUE(Decides());
}

TEST_F(CredentialsTest, BadAnswersAreFailuresWithASentence) {
  const struct {
    std::function<void(drl_credentials&)> fill;
    int32_t returned;
    const char* sentence;
  } kCases[] = {
      {[](auto& c) { memset(c.username, 'u', sizeof c.username); }, 0, "gave a user name that does not end"},
      {[](auto& c) { memset(c.password, 'p', sizeof c.password); }, 0, "gave a password that does not end"},
      {[](auto&) {}, 0, "gave no password"},
      {[](auto& c) { c.username[0] = 'u'; }, 0, "gave a user name without a password"},
      {[](auto& c) { c.password[0] = 'p', c.expires_in_us = -1; }, 0, "gave an expires_in_us below 0"},
      {[](auto&) {}, -1, "failed and did not say why"},
      {[](auto& c) { memset(c.why, 'w', sizeof c.why); }, 1, "no credentials: wwwwww"},
      {[](auto&) { throw std::runtime_error("s3cret"); }, 0, "threw an exception"},
  };
  for (const auto& each : kCases) {
    giver.Do([&](drl_credentials& credentials) { return each.fill(credentials), each.returned; });
    Open();
    const Refusal refusal = WhyNot();
    EXPECT_EQ(refusal.status, DRL_ERR_AUTH);
    EXPECT_NE(refusal.sentence.find(each.sentence), std::string::npos) << refusal.sentence;
    Close();
  }
  EXPECT_EQ(Auths(), 0) << "nothing of it was sent";
}

TEST_F(CredentialsTest, LateAnswerIsAFailureFirstAndTakenThen) {
  giver.Do([&](drl_credentials& credentials) {
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    return Fill(credentials, "drl", "first");
  });
  drl_client_options options = Options();
  options.connect_timeout_us = 150'000;
  Open(options);
  const SteadyClock::time_point start = SteadyClock::now();
  const Refusal refusal = WhyNot();
  EXPECT_EQ(refusal.status, DRL_ERR_AUTH);
  EXPECT_EQ(refusal.sentence, "the credentials callback has not answered within the connect time-out");
  EXPECT_LT(MicrosSince(start), 350'000 + kSchedulingNoiseUs);
  ASSERT_TRUE(Decides()) << "it would never, if each attempt asked anew";
  EXPECT_EQ(giver.calls(), 1);
  EXPECT_EQ(giver.most_at_once(), 1);
}

TEST_F(CredentialsTest, NobodyWaitsForACallbackThatHangs) {
  giver.Hang();
  drl_client_options options = Options();
  options.connect_timeout_us = 100'000;
  options.timeout_us = 150'000;
  Open(options);
  const SteadyClock::time_point start = SteadyClock::now();
  EXPECT_NE(Allow(limiter, "someone").status, DRL_OK);
  EXPECT_LT(MicrosSince(start), 150'000 + kSchedulingNoiseUs);
  ASSERT_TRUE(Within(kPatientUs, [&] { return giver.calls() == 1; }));
  const SteadyClock::time_point closing = SteadyClock::now();
  Close();
  EXPECT_LT(MicrosSince(closing), kSchedulingNoiseUs);
  EXPECT_EQ(giver.released(), 0) << "the call is still under way";
  giver.GoOn();
  ASSERT_TRUE(Within(kPatientUs, [&] { return giver.released() == 1; }));
  EXPECT_EQ(giver.calls(), 1);
}

TEST_F(CredentialsTest, PasswordThatChangesWhileItIsSaidIsAskedForAgainAtOnce) {
  redis_server_expect_refusals(server.get());
  giver.Do([&](drl_credentials& credentials) {
    return Fill(credentials, "drl", giver.calls() == 1 ? "of yesterday" : "first");
  });
  Open();
  const Answer answer = Allow(limiter, "someone");
  EXPECT_EQ(answer.status, DRL_OK) << answer.message;
  EXPECT_EQ(giver.calls(), 2);
  EXPECT_EQ(Stats(client).connect_failures, 0);
}

TEST_F(CredentialsTest, WrongOnesAreAFailureUntilTheyAreRight) {
  redis_server_expect_refusals(server.get());
  giver.Give("drl", "s3cret-s3cret");
  Open();
  const Refusal refusal = WhyNot();
  EXPECT_EQ(refusal.status, DRL_ERR_AUTH);
  EXPECT_NE(refusal.sentence.find("WRONGPASS"), std::string::npos) << refusal.sentence;
  giver.Give("drl", "first");
  ASSERT_TRUE(Decides());
  EXPECT_EQ(Log(client).find("s3cret"), std::string::npos);
}

TEST_F(CredentialsTest, ServerThatRepeatsThemIsNotQuoted) {
  fake_redis* fake = fake_redis_start();
  fake_redis_greet(fake, "AUTH", "-ERR unknown command 'AUTH', with args beginning with: 'drl-of-tests' 's3cret-s3cr\r\n");
  giver.Give("drl-of-tests", "s3cret-s3cret-s3cret");
  drl_client_options options = Options();
  options.redis_url = fake_redis_url(fake);
  Open(options);
  const Refusal refusal = WhyNot();
  EXPECT_EQ(refusal.status, DRL_ERR_AUTH);
  const Answer answer = Allow(limiter, "someone");
  std::vector<char> metrics(1 << 16);
  size_t length = 0;
  EXPECT_EQ(drl_client_metrics(client.get(), metrics.data(), metrics.size(), &length, nullptr), DRL_OK);
  const std::string all = refusal.sentence + answer.message + Log(client) + metrics.data();
  EXPECT_NE(all.find("logging in: ERR"), std::string::npos) << all;
  EXPECT_EQ(all.find("s3cret"), std::string::npos) << all;
  EXPECT_EQ(all.find("drl-of"), std::string::npos) << all;
  Close();
  fake_redis_stop(fake);
}

TEST_F(CredentialsTest, TheirCallbackWaitsForNothingOfTheClient) {
  std::atomic<drl_status> waited{DRL_OK};
  std::atomic<drl_client*> opened{nullptr};
  giver.Do([&](drl_credentials& credentials) {
    while (opened == nullptr) std::this_thread::yield();
    waited = drl_client_wait_ready(opened, kPatientUs, nullptr);
    drl_client_close(opened);
    return Fill(credentials, "drl", "first");
  });
  Open();
  opened = client.get();
  EXPECT_TRUE(Decides()) << "the client was closed";
  EXPECT_EQ(waited, DRL_ERR_REENTRANT);
}

TEST_F(CredentialsTest, OptionsThatContradictThemAreErrorsAndLetNothingGo) {
  const auto refused = [&](const std::function<void(drl_client_options&)>& change) {
    drl_client_options options = Options();
    change(options);
    drl_client* opened = nullptr;
    drl_error error{};
    EXPECT_EQ(drl_client_open(&options, &opened, &error), DRL_ERR_OPTION);
    EXPECT_EQ(opened, nullptr);
    return std::string(error.message);
  };
  const std::string both = "credentials and password exclude each other";
  EXPECT_EQ(refused([](auto& options) { options.password = "p"; }).find(both), 0u);
  EXPECT_EQ(refused([](auto& options) { options.username = "u", options.password = "p"; }).find(both), 0u);
  EXPECT_EQ(refused([](auto& options) { options.redis_url = "redis://u:s3cret@localhost"; }).find(both), 0u);
  EXPECT_EQ(refused([](auto& options) { options.credentials = nullptr; }), "credentials_release needs credentials");
  EXPECT_NE(refused([](auto& options) { options.spin = 7; }), "");
  EXPECT_EQ(giver.released(), 0);
  EXPECT_EQ(giver.calls(), 0);
}

}  // namespace
}  // namespace drl::test
