// A crowd on one client: every caller gets its own answer.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "handles.h"
#include "scale.h"

namespace drl::test {
namespace {

constexpr int kThreads = 64;
constexpr int64_t kDecisions = 1'000'000;

// Each thread walks through identities of its own with costs of its own, so the only right answer to each call is known.
int64_t CountWrongAnswers(const std::vector<Limiter>& limiters, int thread, int64_t calls) {
  constexpr int64_t kIdentities = 16;
  std::vector<int64_t> remaining(static_cast<size_t>(kIdentities) * limiters.size(), kLedgerBurst);
  int64_t wrong = 0;
  for (int64_t i = 0; i < calls; ++i) {
    const auto which = static_cast<size_t>(i) % limiters.size();
    const int64_t identity = i % kIdentities;
    const int64_t cost = (thread + i) % 5;
    int64_t& left = remaining[which * kIdentities + static_cast<size_t>(identity)];
    left -= cost;
    const Answer answer =
        Allow(limiters[which], "thread-" + std::to_string(thread) + "-" + std::to_string(identity), cost);
    const drl_decision& decision = answer.decision;
    const bool right = answer.status == DRL_OK && decision.outcome == DRL_OUTCOME_ALLOWED &&
                       decision.remaining == left && decision.cost == cost && decision.cause == DRL_OK &&
                       decision.charged == (cost > 0 ? DRL_CHARGED_YES : DRL_CHARGED_NO);
    wrong += right ? 0 : 1;
  }
  return wrong;
}

TEST(Crowd, EveryCallerGetsItsOwnAnswer) {
  const Server server = StartServer();
  const Client client = OpenClient(redis_server_url(server.get()));
  std::vector<Limiter> limiters;
  for (const char* name : {"one", "two", "three"}) limiters.push_back(OpenLimiter(client, Ledger(DRL_FAIL_OPEN, name)));
  ASSERT_GE(MicrosUntilDecided(limiters[0], "warm-up"), 0);
  std::atomic<int64_t> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] { wrong += CountWrongAnswers(limiters, i, Scaled(kDecisions) / kThreads); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  const drl_stats stats = IdleStats(client);
  EXPECT_EQ(stats.undecided, 0);
  EXPECT_EQ(stats.queue_depth, 0);
  EXPECT_LT(stats.batches, stats.batched_decisions) << "a crowd travels together";
}

TEST(Crowd, OneIdentityIsChargedExactlyOncePerCall) {
  const Server server = StartServer();
  const Client client = OpenClient(redis_server_url(server.get()));
  const Limiter limiter = OpenLimiter(client, Ledger());
  const int64_t each = Scaled(64'000) / kThreads;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int64_t n = 0; n < each; ++n) Allow(limiter, "shared");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ChargedInRedis(limiter, "shared"), each * kThreads);
}

TEST(Crowd, BatchesOfManyThreadsAnswerInOrder) {
  const Server server = StartServer();
  const Client client = OpenClient(redis_server_url(server.get()));
  const Limiter limiter = OpenLimiter(client, Ledger());
  std::atomic<int64_t> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const std::string identity = "batch-" + std::to_string(t);
      std::vector<drl_request> requests(200, AllowRequest(limiter.get(), identity, 1));
      std::vector<drl_decision> decisions(requests.size());
      int64_t left = kLedgerBurst;
      for (int64_t round = 0; round < Scaled(50); ++round) {
        const drl_status status = Decide(client, requests, decisions.data());
        for (const drl_decision& decision : decisions) wrong += status == DRL_OK && decision.remaining == --left ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace drl::test
