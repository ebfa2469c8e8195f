// Redis killed, restarted, emptied of scripts, stopped, while calls go on.
#include <thread>

#include "handles.h"
#include "scale.h"
#include "tally.h"

namespace drl::test {
namespace {

constexpr int64_t kTimeoutUs = 100'000;
constexpr int kCallers = 8;

void Pause(int64_t milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

class FaultsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0); }

  // What Redis holds, seen over another client.
  Limiter Auditor() {
    auditor = OpenClient(redis_server_url(server.get()));
    Limiter ledger = OpenLimiter(auditor, Ledger());
    EXPECT_GE(MicrosUntilDecided(ledger, "warm-up"), 0);
    return ledger;
  }

  Limiter WithStrategy(int32_t fail_strategy) { return OpenLimiter(client, Ledger(fail_strategy)); }

  Server server = StartServer();
  Client client = OpenClient(redis_server_url(server.get()), kTimeoutUs);
  Client auditor;
  Limiter limiter = OpenLimiter(client, Ledger());
};

TEST_F(FaultsTest, KillingRedisUnderCallsDelaysNoneBeyondItsDeadline) {
  Callers callers(limiter, kCallers);
  for (int i = 0; i < 3; ++i) {
    Pause(50);
    redis_server_kill(server.get());
    Pause(150);
    ASSERT_EQ(redis_server_restart(server.get()), 0);
  }
  const Tally sum = Sum(callers.Stop());
  EXPECT_GT(sum.charged, 0);
  EXPECT_GT(sum.undecided, 0);
  EXPECT_LE(sum.slowest_us, kTimeoutUs + kSchedulingNoiseUs);
}

TEST_F(FaultsTest, ClientHealsAfterARestartWithoutBeingReopened) {
  redis_server_kill(server.get());
  EXPECT_EQ(Allow(limiter, "someone").decision.outcome, DRL_OUTCOME_UNDECIDED);
  ASSERT_EQ(redis_server_restart(server.get()), 0);
  EXPECT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  EXPECT_EQ(Allow(limiter, "someone").decision.remaining, kLedgerBurst - 1);
}

TEST_F(FaultsTest, LostConnectionLeavesChargesThatWereTold) {
  Callers callers(limiter, kCallers);
  for (int i = 0; i < 30; ++i) {
    Pause(5);
    redisReply* reply = redis_server_command(server.get(), "CLIENT KILL TYPE normal SKIPME yes");
    if (reply != nullptr) freeReplyObject(reply);
  }
  const std::vector<Tally> tallies = callers.Stop();
  EXPECT_GT(Stats(client).connects, 3);
  EXPECT_GT(Sum(tallies).charged, 0);
  ExpectTruth(tallies, Auditor());
}

TEST_F(FaultsTest, ScriptFlushIsHealedWithoutADegradedOrDoubleAnswer) {
  client = OpenClient(redis_server_url(server.get()));  // a call that times out on a busy machine would prove nothing
  limiter = OpenLimiter(client, Ledger());
  ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0);
  Callers callers(limiter, kCallers);
  for (int i = 0; i < 50; ++i) {
    Pause(2);
    redisReply* reply = redis_server_command(server.get(), "SCRIPT FLUSH");
    ASSERT_NE(reply, nullptr);
    freeReplyObject(reply);
  }
  const std::vector<Tally> tallies = callers.Stop();
  EXPECT_EQ(Sum(tallies).unknown, 0) << "what was not run is not unknown";
  EXPECT_EQ(Sum(tallies).undecided, 0);
  ExpectTruth(tallies, Auditor());
}

TEST_F(FaultsTest, LoneCallAfterAScriptFlushIsDecided) {
  freeReplyObject(redis_server_command(server.get(), "SCRIPT FLUSH"));
  client = OpenClient(redis_server_url(server.get()));
  limiter = OpenLimiter(client, Ledger());
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  for (int64_t i = 1; i <= 20; ++i) {
    freeReplyObject(redis_server_command(server.get(), "SCRIPT FLUSH"));
    const Answer answer = Allow(limiter, "someone");
    ASSERT_EQ(answer.decision.cause, DRL_OK) << answer.message;
    ASSERT_EQ(answer.decision.remaining, kLedgerBurst - i);
  }
}

TEST_F(FaultsTest, StoppedRedisDelaysNoCallBeyondItsDeadlineAndChargesNoneLate) {
  Callers callers(limiter, kCallers);
  for (int i = 0; i < 5; ++i) {
    Pause(50);
    redis_server_pause(server.get());
    Pause(250);
    redis_server_resume(server.get());
  }
  Pause(100);
  const std::vector<Tally> tallies = callers.Stop();
  EXPECT_GT(Sum(tallies).undecided, 0);
  EXPECT_LE(Sum(tallies).slowest_us, kTimeoutUs + kSchedulingNoiseUs);
  ExpectTruth(tallies, Auditor());
}

TEST_F(FaultsTest, CallGivenUpWhileRedisIsStoppedIsNotChargedWhenItContinues) {
  redis_server_pause(server.get());
  const Answer answer = Allow(limiter, "someone");
  EXPECT_EQ(answer.decision.cause, DRL_ERR_TIMEOUT);
  EXPECT_EQ(answer.decision.charged, DRL_CHARGED_UNKNOWN);
  redis_server_resume(server.get());
  EXPECT_EQ(ChargedInRedis(Auditor(), "someone"), 0);
}

TEST_F(FaultsTest, FailOpenServesAndSaysWhy) {
  redis_server_pause(server.get());
  const Answer answer = Allow(WithStrategy(DRL_FAIL_OPEN), "someone", 3);
  redis_server_resume(server.get());
  EXPECT_EQ(answer.status, DRL_OK);
  EXPECT_EQ(answer.decision.allowed, 1);
  EXPECT_EQ(answer.decision.outcome, DRL_OUTCOME_UNDECIDED);
  EXPECT_EQ(answer.decision.cause, DRL_ERR_TIMEOUT);
  EXPECT_EQ(answer.decision.flags, DRL_DECISION_DEGRADED);
  EXPECT_EQ(answer.decision.cost, 3);
  EXPECT_EQ(answer.decision.limit, kLedgerBurst);
  EXPECT_EQ(answer.decision.remaining, 0);
  EXPECT_EQ(answer.decision.retry_after_us, 0);
  EXPECT_EQ(answer.decision.decided_at_us, 0);
  EXPECT_FALSE(answer.message.empty());
}

TEST_F(FaultsTest, FailClosedRefusesAndSaysWhy) {
  redis_server_pause(server.get());
  const Answer answer = Allow(WithStrategy(DRL_FAIL_CLOSED), "someone");
  redis_server_resume(server.get());
  EXPECT_EQ(answer.status, DRL_OK);
  EXPECT_EQ(answer.decision.allowed, 0);
  EXPECT_EQ(answer.decision.outcome, DRL_OUTCOME_UNDECIDED);
  EXPECT_EQ(answer.decision.cause, DRL_ERR_TIMEOUT);
}

TEST_F(FaultsTest, FailErrorReturnsTheCause) {
  redis_server_pause(server.get());
  const Answer answer = Allow(WithStrategy(DRL_FAIL_ERROR), "someone");
  redis_server_resume(server.get());
  EXPECT_EQ(answer.status, DRL_ERR_TIMEOUT);
  EXPECT_EQ(answer.decision.allowed, 0);
  EXPECT_EQ(answer.decision.outcome, DRL_OUTCOME_UNDECIDED);
  EXPECT_FALSE(answer.message.empty());
}

TEST_F(FaultsTest, NeverNeedsNoRedis) {
  redis_server_pause(server.get());
  const Answer answer = Allow(WithStrategy(DRL_FAIL_ERROR), "someone", kLedgerBurst + 1);
  redis_server_resume(server.get());
  EXPECT_EQ(answer.status, DRL_OK);
  EXPECT_EQ(answer.decision.outcome, DRL_OUTCOME_NEVER);
  EXPECT_EQ(answer.decision.retry_after_us, -1);
  EXPECT_EQ(answer.decision.allowed, 0);
}

TEST_F(FaultsTest, ResetReturnsTheCauseWhateverTheStrategy) {
  redis_server_pause(server.get());
  const drl_status status = drl_limiter_reset(limiter.get(), "someone", 7, nullptr);
  redis_server_resume(server.get());
  EXPECT_EQ(status, DRL_ERR_TIMEOUT);
}

TEST_F(FaultsTest, BatchWithoutRedisIsAnsweredWhole) {
  redis_server_kill(server.get());
  std::vector<drl_request> requests(300, AllowRequest(limiter.get(), "someone", 1));
  std::vector<drl_decision> decisions(requests.size());
  const SteadyClock::time_point start = SteadyClock::now();
  EXPECT_EQ(Decide(client, requests, decisions.data()), DRL_OK);
  EXPECT_LE(MicrosSince(start), kTimeoutUs + kSchedulingNoiseUs);
  for (const drl_decision& decision : decisions) EXPECT_EQ(decision.outcome, DRL_OUTCOME_UNDECIDED);
}

TEST_F(FaultsTest, SlowLoggerDelaysNobodyWhoseCallHasEnded) {
  drl_client_options options = ClientOptions(redis_server_url(server.get()), kPatientUs);
  options.log = [](int32_t level, const char*, void*) {
    if (level != DRL_LOG_INFO) Pause(1'000);
  };
  const Client logging = OpenClient(options);
  const Limiter ledger = OpenLimiter(logging, Ledger());
  ASSERT_GE(MicrosUntilDecided(ledger, "warm-up"), 0);
  redis_server_pause(server.get());
  std::atomic<int64_t> slowest_us{0};
  SteadyClock::time_point killed;
  std::vector<std::thread> threads;
  for (int64_t sent = Stats(logging).batches; threads.size() < 2; ++sent) {
    threads.emplace_back([&] {
      Allow(ledger, "someone");
      const int64_t took = MicrosSince(killed);
      for (int64_t most = slowest_us; took > most && !slowest_us.compare_exchange_weak(most, took);) continue;
    });
    while (Stats(logging).batches == sent) std::this_thread::yield();  // or both would go in one
  }
  killed = SteadyClock::now();
  redis_server_kill(server.get());
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(slowest_us, 700'000);
}

TEST_F(FaultsTest, FullMemoryIsRefusedWithoutACharge) {
  freeReplyObject(redis_server_command(server.get(), "CONFIG SET maxmemory 1"));
  const Answer answer = Allow(WithStrategy(DRL_FAIL_ERROR), "someone");
  EXPECT_EQ(answer.status, DRL_ERR_OOM) << answer.message;
  EXPECT_EQ(answer.decision.charged, DRL_CHARGED_NO);
  freeReplyObject(redis_server_command(server.get(), "CONFIG SET maxmemory 0"));
  EXPECT_EQ(ChargedInRedis(limiter, "someone"), 0);
}

TEST_F(FaultsTest, ReadOnlyReplicaIsNamedAndHealsWhenItIsPromoted) {
  freeReplyObject(redis_server_command(server.get(), "REPLICAOF 127.0.0.1 1"));
  const Answer answer = Allow(WithStrategy(DRL_FAIL_ERROR), "someone");
  EXPECT_EQ(answer.status, DRL_ERR_READONLY) << answer.message;
  freeReplyObject(redis_server_command(server.get(), "REPLICAOF NO ONE"));
  EXPECT_GE(MicrosUntilDecided(limiter, "someone"), 0);
}

}  // namespace
}  // namespace drl::test
