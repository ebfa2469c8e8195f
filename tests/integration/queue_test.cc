// The completion queue: submit, drain, wait, cancel, its descriptor, its bounds, and its end.
#include <poll.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "handles.h"
#include "scale.h"
#include "seed.h"

namespace drl::test {
namespace {

class QueueTest : public testing::Test {
 protected:
  drl_status Submit(int64_t id, std::string_view identity = "someone", int64_t cost = 1) {
    return drl_queue_submit(queue.get(), limiter.get(), identity.data(), identity.size(), cost, id, nullptr);
  }

  std::vector<drl_completion> Drain(int32_t capacity = 64) {
    std::vector<drl_completion> completions(static_cast<size_t>(capacity));
    int32_t count = -1;
    EXPECT_EQ(drl_queue_drain(queue.get(), completions.data(), capacity, &count, nullptr), DRL_OK);
    completions.resize(static_cast<size_t>(count));
    return completions;
  }

  std::vector<drl_completion> Wait(int64_t timeout_us, int32_t capacity = 64) {
    std::vector<drl_completion> completions(static_cast<size_t>(capacity));
    int32_t count = -1;
    EXPECT_EQ(drl_queue_wait(queue.get(), timeout_us, completions.data(), capacity, &count, nullptr), DRL_OK);
    completions.resize(static_cast<size_t>(count));
    return completions;
  }

  // The next `count` completions by id; fewer when they do not come.
  std::map<int64_t, drl_completion> Collect(size_t count) {
    std::map<int64_t, drl_completion> collected;
    while (collected.size() < count) {
      const std::vector<drl_completion> some = Wait(kPatientUs);
      if (some.empty()) break;
      for (const drl_completion& completion : some) {
        EXPECT_TRUE(collected.emplace(completion.id, completion).second) << "id " << completion.id << " came twice";
      }
    }
    return collected;
  }

  bool Readable(int timeout_ms = 0) {
    pollfd item{drl_queue_fd(queue.get()), POLLIN, 0};
    return poll(&item, 1, timeout_ms) > 0;
  }

  Server server = StartServer();
  Client client = OpenClient(redis_server_url(server.get()));
  Limiter limiter = OpenLimiter(client, Ledger());
  Queue queue = OpenQueue(client, 256);
};

TEST_F(QueueTest, EverySubmittedCallCompletesOnceWithItsOwnAnswer) {
  for (int64_t id = 0; id < 200; ++id) ASSERT_EQ(Submit(id, "identity-" + std::to_string(id), id + 1), DRL_OK);
  const auto completions = Collect(200);
  ASSERT_EQ(completions.size(), 200u);
  for (const auto& [id, completion] : completions) {
    EXPECT_EQ(completion.status, DRL_OK);
    EXPECT_EQ(completion.decision.outcome, DRL_OUTCOME_ALLOWED);
    EXPECT_EQ(completion.decision.cost, id + 1);
    EXPECT_EQ(completion.decision.remaining, kLedgerBurst - id - 1);
  }
}

TEST_F(QueueTest, CompletionsThatNobodyDrainedAreNoLoad) {
  for (int64_t id = 0; id < 200; ++id) ASSERT_EQ(Submit(id), DRL_OK);
  EXPECT_TRUE(Readable(10'000));
  EXPECT_EQ(IdleStats(client).queue_depth, 0);
  EXPECT_EQ(Collect(200).size(), 200u);
  EXPECT_EQ(Stats(client).queue_depth, 0);
}

TEST_F(QueueTest, WaitWithoutEndEndsWhenTheClientIsClosed) {
  std::atomic<drl_status> status{DRL_OK};
  std::thread waiter([&] {
    drl_completion completion;
    int32_t count = 0;
    status = drl_queue_wait(queue.get(), -1, &completion, 1, &count, nullptr);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  client.reset();
  waiter.join();
  EXPECT_EQ(status, DRL_ERR_CLOSED);
}

TEST_F(QueueTest, WaitOnAClosedClientFirstGivesWhatIsLeft) {
  redis_server_pause(server.get());
  for (int64_t id = 0; id < 3; ++id) ASSERT_EQ(Submit(id), DRL_OK);
  client.reset();
  EXPECT_EQ(Collect(3).size(), 3u);
  drl_completion completion;
  int32_t count = -1;
  EXPECT_EQ(drl_queue_wait(queue.get(), -1, &completion, 1, &count, nullptr), DRL_ERR_CLOSED);
  EXPECT_EQ(count, 0);
  EXPECT_EQ(drl_queue_wait(queue.get(), 0, &completion, 1, &count, nullptr), DRL_OK);
  redis_server_resume(server.get());
}

TEST_F(QueueTest, LongestTimeOutIsNoOverflow) {
  ASSERT_EQ(Submit(1), DRL_OK);
  EXPECT_EQ(Wait(INT64_MAX).size(), 1u);
}

TEST_F(QueueTest, DescriptorIsReadableWhileSomethingIsThereAndNotAfterTheDrain) {
  EXPECT_FALSE(Readable());
  ASSERT_EQ(Submit(1), DRL_OK);
  EXPECT_TRUE(Readable(10'000));
  EXPECT_EQ(Drain().size(), 1u);
  EXPECT_FALSE(Readable());
}

TEST_F(QueueTest, DescriptorStaysReadableAfterAPartialDrain) {
  for (int64_t id = 0; id < 3; ++id) ASSERT_EQ(Submit(id), DRL_OK);
  size_t drained = 0;
  while (drained < 2) {
    ASSERT_TRUE(Readable(10'000));
    drained += Drain(1).size();
  }
  EXPECT_TRUE(Readable(10'000));
  EXPECT_EQ(Wait(kPatientUs, 1).size(), 1u);
  EXPECT_FALSE(Readable());
}

TEST_F(QueueTest, EmptyQueueWakesItsOwnerForNothingOnceAtMost) {
  // A producer may be overtaken by the drain of what it is about to signal: that wake-up finds nothing and is the last.
  for (int64_t id = 0; id < Scaled(20'000); ++id) {
    ASSERT_EQ(Submit(id), DRL_OK);
    size_t drained = 0;
    while (drained == 0) drained = Drain().size();
    int wakes = 0;
    for (; wakes < 3 && Readable(); ++wakes) EXPECT_TRUE(Drain().empty());
    ASSERT_LT(wakes, 3) << "nothing is there, and yet the descriptor stays readable after call " << id;
  }
}

TEST_F(QueueTest, WaitForNothingEndsAtItsTimeOut) {
  const SteadyClock::time_point start = SteadyClock::now();
  EXPECT_TRUE(Wait(50'000).empty());
  EXPECT_GE(MicrosSince(start), 50'000);
  EXPECT_LE(MicrosSince(start), 50'000 + kSchedulingNoiseUs);
}

TEST_F(QueueTest, WaitWithoutEndIsWokenByACompletion) {
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    Submit(7);
  });
  const std::vector<drl_completion> completions = Wait(-1);
  later.join();
  ASSERT_EQ(completions.size(), 1u);
  EXPECT_EQ(completions[0].id, 7);
}

TEST_F(QueueTest, CapacityCountsWhatWasNotDrained) {
  queue = OpenQueue(client, 2);
  ASSERT_EQ(Submit(1), DRL_OK);
  ASSERT_EQ(Submit(2), DRL_OK);
  EXPECT_EQ(Submit(3), DRL_ERR_COMPLETIONS_FULL);
  EXPECT_EQ(Collect(2).size(), 2u);
  EXPECT_EQ(Submit(3), DRL_OK);
}

TEST_F(QueueTest, CapacityOutOfRangeIsRefused) {
  for (const int64_t capacity : {int64_t{-1}, int64_t{1'048'577}}) {
    drl_queue_options options = DRL_QUEUE_OPTIONS_INIT;
    options.capacity = capacity;
    drl_queue* refused = nullptr;
    EXPECT_EQ(drl_queue_open(client.get(), &options, &refused, nullptr), DRL_ERR_CAPACITY);
    EXPECT_EQ(refused, nullptr);
  }
}

TEST_F(QueueTest, IdInUseIsRefusedUntilItsCompletionIsDrained) {
  ASSERT_EQ(Submit(5), DRL_OK);
  EXPECT_EQ(Submit(5), DRL_ERR_DUPLICATE_ID);
  EXPECT_EQ(Collect(1).size(), 1u);
  EXPECT_EQ(Submit(5), DRL_OK);
  EXPECT_EQ(Collect(1).size(), 1u);
}

TEST_F(QueueTest, IdOfACallAnsweredAtOnceIsInUseUntilDrained) {
  redis_server_kill(server.get());
  EXPECT_NE(Allow(limiter, "someone").decision.cause, DRL_OK);
  while (Stats(client).breaker == DRL_BREAKER_CLOSED) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ASSERT_EQ(Submit(5), DRL_OK);
  EXPECT_EQ(Submit(5), DRL_ERR_DUPLICATE_ID);
  const auto completions = Collect(1);
  EXPECT_EQ(completions.at(5).decision.outcome, DRL_OUTCOME_UNDECIDED);
  EXPECT_EQ(completions.at(5).decision.allowed, 1);
}

TEST_F(QueueTest, LimiterOfAnotherClientIsRefused) {
  const Client other = OpenClient(redis_server_url(server.get()));
  const Limiter foreign = OpenLimiter(other, Ledger());
  EXPECT_EQ(drl_queue_submit(queue.get(), foreign.get(), "a", 1, 1, 1, nullptr), DRL_ERR_HANDLE);
}

TEST_F(QueueTest, BadIdentityAndCostAreRefused) {
  EXPECT_EQ(Submit(1, ""), DRL_ERR_IDENTITY);
  EXPECT_EQ(Submit(1, "someone", -1), DRL_ERR_COST);
  EXPECT_TRUE(Drain().empty());
}

TEST_F(QueueTest, ResetMakesTheBucketFull) {
  EXPECT_EQ(Allow(limiter, "someone", 10).decision.remaining, kLedgerBurst - 10);
  ASSERT_EQ(drl_queue_submit_reset(queue.get(), limiter.get(), "someone", 7, 1, nullptr), DRL_OK);
  EXPECT_EQ(Collect(1).at(1).status, DRL_OK);
  EXPECT_EQ(ChargedInRedis(limiter, "someone"), 0);
}

TEST_F(QueueTest, CancelOfAnUnknownIdSaysSo) {
  EXPECT_EQ(drl_queue_cancel(queue.get(), 1, nullptr), DRL_ERR_UNKNOWN_ID);
  ASSERT_EQ(Submit(1), DRL_OK);
  ASSERT_TRUE(Readable(10'000));
  EXPECT_EQ(drl_queue_cancel(queue.get(), 1, nullptr), DRL_ERR_UNKNOWN_ID) << "it has completed";
}

TEST_F(QueueTest, CancelledCallCompletesAtOnceThoughRedisIsStopped) {
  ASSERT_EQ(Submit(0), DRL_OK);
  ASSERT_EQ(Collect(1).size(), 1u);
  redis_server_pause(server.get());
  ASSERT_EQ(Submit(1), DRL_OK);
  ASSERT_EQ(drl_queue_cancel(queue.get(), 1, nullptr), DRL_OK);
  const std::vector<drl_completion> completions = Drain();
  redis_server_resume(server.get());
  ASSERT_EQ(completions.size(), 1u);
  EXPECT_EQ(completions[0].status, DRL_ERR_CANCELLED);
  EXPECT_EQ(completions[0].decision.allowed, 0);
}

TEST_F(QueueTest, CancellingSomeWaitingCallsLosesNoneOfTheOthers) {
  // With Redis stopped they pile up, some sent and most waiting; every third is taken out of the middle.
  ASSERT_EQ(Submit(1'000), DRL_OK);
  ASSERT_EQ(Collect(1).size(), 1u);
  redis_server_pause(server.get());
  for (int64_t id = 0; id < 240; ++id) ASSERT_EQ(Submit(id, "identity-" + std::to_string(id)), DRL_OK);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  for (int64_t id = 0; id < 240; id += 3) ASSERT_EQ(drl_queue_cancel(queue.get(), id, nullptr), DRL_OK);
  redis_server_resume(server.get());
  const auto completions = Collect(240);
  ASSERT_EQ(completions.size(), 240u);
  for (const auto& [id, completion] : completions) {
    EXPECT_EQ(completion.status, id % 3 == 0 ? DRL_ERR_CANCELLED : DRL_OK) << "id " << id;
    const int64_t charged = ChargedInRedis(limiter, "identity-" + std::to_string(id));
    if (completion.decision.charged != DRL_CHARGED_UNKNOWN) {
      EXPECT_EQ(charged, completion.decision.charged == DRL_CHARGED_YES ? 1 : 0) << "id " << id;
    }
  }
}

TEST_F(QueueTest, CancelledCallThatWasNotSentIsNeverCharged) {
  ASSERT_EQ(Submit(1'000), DRL_OK);
  ASSERT_EQ(Collect(1).size(), 1u);
  redis_server_pause(server.get());
  for (int64_t id = 0; id < 240; ++id) ASSERT_EQ(Submit(id), DRL_OK);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  int64_t unknown = 0;
  for (int64_t id = 0; id < 240; ++id) ASSERT_EQ(drl_queue_cancel(queue.get(), id, nullptr), DRL_OK);
  for (const auto& [id, completion] : Collect(240)) unknown += completion.decision.charged == DRL_CHARGED_UNKNOWN;
  redis_server_resume(server.get());
  EXPECT_LT(unknown, 240) << "a stopped Redis is not sent everything";
  EXPECT_LE(ChargedInRedis(limiter, "someone"), 1 + unknown);
}

TEST_F(QueueTest, CallsAreAnsweredInTimeThoughRedisIsStopped) {
  client = OpenClient(redis_server_url(server.get()), 50'000);
  limiter = OpenLimiter(client, Ledger());
  queue = OpenQueue(client, 256);
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  redis_server_pause(server.get());
  const SteadyClock::time_point start = SteadyClock::now();
  for (int64_t id = 0; id < 200; ++id) ASSERT_EQ(Submit(id), DRL_OK);
  const auto completions = Collect(200);
  const int64_t took = MicrosSince(start);
  redis_server_resume(server.get());
  ASSERT_EQ(completions.size(), 200u);
  EXPECT_LE(took, 50'000 + kSchedulingNoiseUs);
  for (const auto& [id, completion] : completions) EXPECT_EQ(completion.decision.outcome, DRL_OUTCOME_UNDECIDED);
}

TEST_F(QueueTest, LateReplyReachesNobody) {
  client = OpenClient(redis_server_url(server.get()), 50'000);
  limiter = OpenLimiter(client, Ledger());
  queue = OpenQueue(client, 256);
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  redis_server_pause(server.get());
  ASSERT_EQ(Submit(1), DRL_OK);
  ASSERT_EQ(Collect(1).at(1).decision.cause, DRL_ERR_TIMEOUT);
  redis_server_resume(server.get());
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  ASSERT_EQ(Submit(1, "another", 3), DRL_OK);
  EXPECT_EQ(Collect(1).at(1).decision.remaining, kLedgerBurst - 3);
  EXPECT_TRUE(Drain().empty());
}

TEST_F(QueueTest, ClosingTheQueueDropsWhatIsUnderWay) {
  redis_server_pause(server.get());
  for (int64_t id = 0; id < 200; ++id) ASSERT_EQ(Submit(id), DRL_OK);
  queue.reset();
  redis_server_resume(server.get());
  EXPECT_GE(MicrosUntilDecided(limiter, "another"), 0);
  EXPECT_EQ(IdleStats(client).queue_depth, 0);
}

TEST_F(QueueTest, ClosingTheClientCompletesEverything) {
  redis_server_pause(server.get());
  for (int64_t id = 0; id < 200; ++id) ASSERT_EQ(Submit(id), DRL_OK);
  client.reset();
  redis_server_resume(server.get());
  const auto completions = Collect(200);
  ASSERT_EQ(completions.size(), 200u);
  for (const auto& [id, completion] : completions) EXPECT_EQ(completion.status, DRL_ERR_CLOSED) << "id " << id;
  EXPECT_EQ(Submit(1), DRL_ERR_CLOSED);
}

TEST_F(QueueTest, QueueMayBeClosedAfterItsClientWithCompletionsInside) {
  redis_server_pause(server.get());
  for (int64_t id = 0; id < 200; ++id) ASSERT_EQ(Submit(id), DRL_OK);
  client.reset();
  limiter.reset();
  queue.reset();
  redis_server_resume(server.get());
}

TEST_F(QueueTest, ManyThreadsSubmitAndDrainOneQueue) {
  constexpr int kThreads = 4;
  const int64_t each = Scaled(20'000);
  std::vector<std::set<int64_t>> seen(kThreads);
  std::atomic<int64_t> drained{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int64_t i = 0; i < each;) {
        const drl_status status = Submit(t * each + i);
        i += status == DRL_OK ? 1 : 0;
        for (const drl_completion& completion : Drain()) {
          seen[static_cast<size_t>(t)].insert(completion.id);
          ++drained;
        }
      }
      while (drained.load() < kThreads * each) {
        for (const drl_completion& completion : Wait(10'000)) {
          seen[static_cast<size_t>(t)].insert(completion.id);
          ++drained;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  size_t distinct = 0;
  for (const std::set<int64_t>& ids : seen) distinct += ids.size();
  EXPECT_EQ(drained.load(), kThreads * each);
  EXPECT_EQ(static_cast<int64_t>(distinct), kThreads * each);
  EXPECT_EQ(ChargedInRedis(limiter, "someone"), kThreads * each);
}

}  // namespace
}  // namespace drl::test
