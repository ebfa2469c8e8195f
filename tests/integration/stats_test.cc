// The snapshot of counters: what it counts, and that its parts add up.
#include <numeric>
#include <thread>
#include <vector>

#include "handles.h"

namespace drl::test {
namespace {

class StatsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0); }

  // What was counted since `before`; a counter is written just after its caller was answered.
  drl_stats SettledStats() {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return Stats(client);
  }

  Server server = StartServer();
  Client client = OpenClient(redis_server_url(server.get()), 200'000);
  Limiter limiter = OpenLimiter(client, Ledger());
};

TEST_F(StatsTest, EveryOutcomeIsCountedOnce) {
  const drl_stats before = SettledStats();
  for (int i = 0; i < 5; ++i) Allow(limiter, "someone");
  for (int i = 0; i < 3; ++i) Allow(limiter, "someone", kLedgerBurst);
  for (int i = 0; i < 2; ++i) Allow(limiter, "someone", kLedgerBurst + 1);
  for (int i = 0; i < 4; ++i) Allow(limiter, "someone", 0);
  drl_limiter_reset(limiter.get(), "someone", 7, nullptr);
  const drl_stats after = SettledStats();
  EXPECT_EQ(after.allowed - before.allowed, 5);
  EXPECT_EQ(after.denied - before.denied, 3);
  EXPECT_EQ(after.never - before.never, 2);
  EXPECT_EQ(after.peeks - before.peeks, 4);
  EXPECT_EQ(after.resets - before.resets, 1);
  EXPECT_EQ(after.undecided, before.undecided);
}

TEST_F(StatsTest, HistogramHoldsEveryDecision) {
  for (int i = 0; i < 100; ++i) Allow(limiter, "someone");
  const drl_stats stats = SettledStats();
  const int64_t in_histogram = std::accumulate(std::begin(stats.latency), std::end(stats.latency), int64_t{0});
  EXPECT_EQ(in_histogram, stats.allowed + stats.denied + stats.never + stats.peeks + stats.resets);
  EXPECT_GT(stats.latency_sum_us, 0);
}

TEST_F(StatsTest, BatchSizesAddUp) {
  std::vector<drl_request> requests(64, AllowRequest(limiter.get(), "someone", 1));
  std::vector<drl_decision> decisions(64);
  const drl_stats before = SettledStats();
  ASSERT_EQ(Decide(client, requests, decisions.data()), DRL_OK);
  const drl_stats after = SettledStats();
  EXPECT_EQ(after.batched_decisions - before.batched_decisions, 64);
  EXPECT_EQ(after.batches - before.batches, 1) << "sixty-four fit into one call";
  EXPECT_EQ(after.batch_size[6] - before.batch_size[6], 1);
  EXPECT_EQ(std::accumulate(std::begin(after.batch_size), std::end(after.batch_size), int64_t{0}), after.batches);
}

TEST_F(StatsTest, TimeOutsLateRepliesAndExpiryAreCounted) {
  redis_server_pause(server.get());
  EXPECT_EQ(Allow(limiter, "someone").decision.cause, DRL_ERR_TIMEOUT);
  redis_server_resume(server.get());
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  const drl_stats stats = SettledStats();
  EXPECT_EQ(stats.degraded_timeout, 1);
  EXPECT_EQ(stats.undecided, 1);
  EXPECT_EQ(stats.expired_in_redis, 1);
}

TEST_F(StatsTest, DegradedCallsAreCountedByCauseAndAddUp) {
  redis_server_kill(server.get());
  for (int i = 0; i < 50; ++i) Allow(limiter, "someone");
  const drl_stats stats = SettledStats();
  EXPECT_EQ(stats.undecided, 50);
  EXPECT_EQ(stats.degraded_timeout + stats.degraded_connection + stats.degraded_auth + stats.degraded_redis +
                stats.degraded_circuit_open + stats.degraded_queue_full + stats.degraded_shed + stats.cancelled + stats.closed,
            50);
  EXPECT_GT(stats.degraded_connection, 0);
  EXPECT_GT(stats.connect_failures, 0);
}

TEST_F(StatsTest, RefusedCredentialsAndPermissionsAreCountedApart) {
  redis_server_expect_refusals(server.get());
  freeReplyObject(redis_server_command(server.get(), "ACL SETUSER default -evalsha"));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Allow(limiter, "someone").decision.cause, DRL_ERR_PERMISSION);
  EXPECT_EQ(SettledStats().degraded_auth, 5);
  drl_client_options options = ClientOptions(redis_server_url(server.get()));
  options.username = "nobody";
  options.password = "wrong";
  client = OpenClient(options);
  limiter = OpenLimiter(client, Ledger());
  while (Allow(limiter, "someone").decision.cause == DRL_ERR_TIMEOUT) {
  }
  const drl_stats before = SettledStats();
  EXPECT_EQ(Allow(limiter, "someone").decision.cause, DRL_ERR_AUTH) << "while the breaker is open, too";
  const drl_stats after = SettledStats();
  EXPECT_EQ(after.degraded_auth - before.degraded_auth, 1);
  EXPECT_EQ(after.undecided - before.undecided, 1);
  EXPECT_EQ(after.degraded_connection, 0);
}

TEST_F(StatsTest, WaitingAndCancelledCallsAreCounted) {
  client = OpenClient(redis_server_url(server.get()));
  limiter = OpenLimiter(client, Ledger());
  ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0);
  const Queue queue = OpenQueue(client);
  redis_server_pause(server.get());
  for (int64_t id = 0; id < 10; ++id) {
    ASSERT_EQ(drl_queue_submit(queue.get(), limiter.get(), "someone", 7, 1, id, nullptr), DRL_OK);
  }
  EXPECT_EQ(SettledStats().queue_depth, 10);
  for (int64_t id = 0; id < 4; ++id) ASSERT_EQ(drl_queue_cancel(queue.get(), id, nullptr), DRL_OK);
  EXPECT_EQ(Stats(client).cancelled, 4);
  redis_server_resume(server.get());
}

TEST_F(StatsTest, ConnectionsAreCounted) {
  EXPECT_EQ(Stats(client).connects, 1);
  EXPECT_EQ(Stats(client).connected, 1);
  EXPECT_EQ(redis_server_restart(server.get()), 0);
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  EXPECT_EQ(Stats(client).connects, 2);
}

TEST_F(StatsTest, WrongSizeOfTheStructIsRefused) {
  drl_stats stats = DRL_STATS_INIT;
  stats.struct_size = 3;
  EXPECT_EQ(drl_client_stats(client.get(), &stats, nullptr), DRL_ERR_STRUCT_SIZE);
  EXPECT_EQ(drl_client_stats(client.get(), nullptr, nullptr), DRL_ERR_NULL);
}

TEST_F(StatsTest, FullSubmissionQueueIsAnsweredAtOnceAndCounted) {
  drl_client_options options = ClientOptions(redis_server_url(server.get()));
  options.queue_capacity_max = 64;
  client = OpenClient(options);
  limiter = OpenLimiter(client, Ledger(DRL_FAIL_CLOSED));
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  const Queue queue = OpenQueue(client);
  redis_server_pause(server.get());
  for (int64_t id = 0; id < 64; ++id) {
    ASSERT_EQ(drl_queue_submit(queue.get(), limiter.get(), "someone", 7, 1, id, nullptr), DRL_OK);
  }
  const Answer answer = Allow(limiter, "someone");
  redis_server_resume(server.get());
  EXPECT_EQ(answer.decision.cause, DRL_ERR_QUEUE_FULL);
  EXPECT_EQ(answer.decision.charged, DRL_CHARGED_NO);
  EXPECT_EQ(Stats(client).degraded_queue_full, 1);
}

}  // namespace
}  // namespace drl::test
