// The circuit breaker: while Redis does not answer, callers get theirs at once; soon after it is back, decisions are real again.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

#include "handles.h"
#include "scale.h"
#include "unix_listener.h"

namespace drl::test {
namespace {

bool WaitForBreaker(const Client& client, int32_t state) {
  const SteadyClock::time_point start = SteadyClock::now();
  while (Stats(client).breaker != state && MicrosSince(start) < kPatientUs) std::this_thread::yield();
  return Stats(client).breaker == state;
}

class BreakerTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0); }

  void Kill() {
    redis_server_kill(server.get());
    ASSERT_TRUE(WaitForBreaker(client, DRL_BREAKER_OPEN));
  }

  Server server = StartServer();
  Client client = OpenClient(redis_server_url(server.get()), 100'000);
  Limiter limiter = OpenLimiter(client, Ledger());
};

TEST_F(BreakerTest, AnswersInMicrosecondsWhileRedisRefuses) {
  Kill();
  std::vector<int64_t> times;
  for (int64_t i = 0; i < Scaled(200'000); ++i) {
    const SteadyClock::time_point start = SteadyClock::now();
    const Answer answer = Allow(limiter, "someone");
    times.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(SteadyClock::now() - start).count());
    ASSERT_EQ(answer.decision.outcome, DRL_OUTCOME_UNDECIDED);
    ASSERT_EQ(answer.decision.charged, DRL_CHARGED_NO);
  }
  std::sort(times.begin(), times.end());
  EXPECT_LT(times[times.size() * 99 / 100], 50'000 * kSlowness);
}

TEST_F(BreakerTest, SaysWhyRedisIsNotAsked) {
  Kill();
  const Answer answer = Allow(limiter, "someone");
  EXPECT_EQ(answer.decision.cause, DRL_ERR_CONNECT);
  EXPECT_NE(answer.message.find(redis_server_socket(server.get())), std::string::npos) << answer.message;
}

TEST_F(BreakerTest, DecisionsAreRealAgainSoonAfterRedisIsBack) {
  for (int round = 0; round < 3; ++round) {
    Kill();
    EXPECT_EQ(Allow(limiter, "someone").decision.outcome, DRL_OUTCOME_UNDECIDED);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    ASSERT_EQ(redis_server_restart(server.get()), 0);
    const int64_t took = MicrosUntilDecided(limiter, "someone");
    ASSERT_GE(took, 0);
    EXPECT_LE(took, 500'000 + kSchedulingNoiseUs);
    EXPECT_EQ(Stats(client).breaker, DRL_BREAKER_CLOSED);
  }
}

TEST_F(BreakerTest, DecisionsAreRealAgainSoonAfterALongOutage) {
  Kill();
  // Without callers the waits between attempts grow to seconds; the first caller cuts them short.
  std::this_thread::sleep_for(std::chrono::milliseconds(4'000));
  ASSERT_EQ(redis_server_restart(server.get()), 0);
  const int64_t took = MicrosUntilDecided(limiter, "someone");
  ASSERT_GE(took, 0);
  EXPECT_LE(took, 500'000 + kSchedulingNoiseUs);
}

TEST_F(BreakerTest, OpensAfterTimeOutsInARowAndClosesOnTheFirstAnswer) {
  redis_server_pause(server.get());
  int asked = 0;
  while (Allow(limiter, "someone").decision.cause == DRL_ERR_TIMEOUT && asked < 100) ++asked;
  EXPECT_LE(asked, 10) << "calls in a row that waited for their time-out";
  EXPECT_NE(Stats(client).breaker, DRL_BREAKER_CLOSED);
  EXPECT_EQ(Allow(limiter, "someone").decision.cause, DRL_ERR_CIRCUIT_OPEN);
  redis_server_resume(server.get());
  const int64_t took = MicrosUntilDecided(limiter, "someone");
  ASSERT_GE(took, 0);
  EXPECT_LE(took, 500'000 + kSchedulingNoiseUs);
  EXPECT_EQ(Stats(client).breaker, DRL_BREAKER_CLOSED);
}

TEST_F(BreakerTest, OneTimeOutBetweenAnswersOpensNothing) {
  for (int i = 0; i < 8; ++i) {
    redis_server_pause(server.get());
    EXPECT_EQ(Allow(limiter, "someone").decision.cause, DRL_ERR_TIMEOUT);
    redis_server_resume(server.get());
    ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  }
  EXPECT_EQ(Stats(client).breaker_opened, 0);
}

TEST_F(BreakerTest, ClosesByItsOwnProbesThoughNobodyCalls) {
  redis_server_pause(server.get());
  while (Stats(client).breaker == DRL_BREAKER_CLOSED) Allow(limiter, "someone");
  redis_server_resume(server.get());
  EXPECT_TRUE(WaitForBreaker(client, DRL_BREAKER_CLOSED));
}

TEST_F(BreakerTest, HealsAfterAStopLongEnoughToLoseTheConnection) {
  redis_server_pause(server.get());
  const SteadyClock::time_point start = SteadyClock::now();
  while (MicrosSince(start) < 2'500'000) {
    Allow(limiter, "someone");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  redis_server_resume(server.get());
  const int64_t took = MicrosUntilDecided(limiter, "someone");
  ASSERT_GE(took, 0);
  EXPECT_LE(took, 500'000 + kSchedulingNoiseUs);
}

TEST_F(BreakerTest, CountsHowOftenItOpened) {
  EXPECT_EQ(Stats(client).breaker_opened, 0);
  Kill();
  EXPECT_EQ(Stats(client).breaker_opened, 1);
  Allow(limiter, "someone");
  EXPECT_EQ(Stats(client).breaker_opened, 1) << "a refused call does not open it again";
  EXPECT_EQ(Stats(client).connected, 0);
}

// One refused call asks for quick attempts once, not for ever.
TEST(Breaker, AttemptsSlowDownWhenNobodyAsksAnyMore) {
  const Client client = OpenClient("unix:///nonexistent/redis.sock", 20'000);
  const Limiter limiter = OpenLimiter(client, Ledger());
  Allow(limiter, "someone");
  EXPECT_TRUE(WaitForBreaker(client, DRL_BREAKER_OPEN));
  Allow(limiter, "someone");
  std::this_thread::sleep_for(std::chrono::seconds(5));
  // With waits of at most 350 ms there would be 15 and more; with full jitter from 100 ms to 5 s about six are expected.
  EXPECT_LE(Stats(client).connect_failures, 14);
}

TEST(Breaker, IsHalfOpenWhileAProbeIsUnderWay) {
  const UnixListener mute;
  const std::string url = mute.url();
  drl_client_options options = ClientOptions(url.c_str(), 20'000);
  options.connect_timeout_us = 300'000;
  const Client client = OpenClient(options);
  const Limiter limiter = OpenLimiter(client, Ledger());
  Allow(limiter, "someone");
  EXPECT_TRUE(WaitForBreaker(client, DRL_BREAKER_OPEN));
  EXPECT_TRUE(WaitForBreaker(client, DRL_BREAKER_HALF_OPEN));
  const SteadyClock::time_point start = SteadyClock::now();
  EXPECT_EQ(Allow(limiter, "someone").decision.outcome, DRL_OUTCOME_UNDECIDED);
  EXPECT_LE(MicrosSince(start), kSchedulingNoiseUs) << "a caller does not wait for the probe";
}

}  // namespace
}  // namespace drl::test
