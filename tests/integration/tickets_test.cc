// What a completion queue keeps of its calls: room of its own, and no hold on slots that others have meanwhile.
#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include "handles.h"
#include "scale.h"

namespace drl::test {
namespace {

class TicketsTest : public testing::Test {
 protected:
  drl_status Submit(int64_t id, std::string_view identity = "someone", int64_t cost = 1) {
    return drl_queue_submit(queue.get(), limiter.get(), identity.data(), identity.size(), cost, id, nullptr);
  }

  // What is there, or, given time, the first that comes and what is with it.
  std::vector<drl_completion> Take(int64_t timeout_us = 0) {
    std::vector<drl_completion> completions(64);
    int32_t count = -1;
    EXPECT_EQ(drl_queue_wait(queue.get(), timeout_us, completions.data(), 64, &count, nullptr), DRL_OK);
    completions.resize(static_cast<size_t>(count));
    return completions;
  }

  Server server = StartServer();
  Client client = OpenClient(redis_server_url(server.get()));
  Limiter limiter = OpenLimiter(client, Ledger());
  Queue queue = OpenQueue(client, 256);
};

TEST_F(TicketsTest, CompletionsThatNobodyDrainedTakeNoRoomFromOthers) {
  drl_client_options options = ClientOptions(redis_server_url(server.get()));
  options.queue_capacity_max = 64;
  client = OpenClient(options);
  limiter = OpenLimiter(client, Ledger());
  queue = OpenQueue(client, 256);
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  for (int64_t id = 0; id < 256; ++id) {
    ASSERT_EQ(Submit(id), DRL_OK);
    EXPECT_EQ(IdleStats(client).queue_depth, 0);
  }
  EXPECT_EQ(Allow(limiter, "someone").decision.cause, DRL_OK);
  for (size_t taken = 0; taken < 256;) {
    for (const drl_completion& completion : Take(kPatientUs)) {
      EXPECT_EQ(completion.decision.cause, DRL_OK) << "id " << completion.id;
      ++taken;
    }
  }
}

// The canceller looks at a slot that may end and be used again at this moment.
TEST_F(TicketsTest, CancellingBesideTheEndLosesAndMixesNothing) {
  const int64_t calls = Scaled(30'000);
  std::atomic<int64_t> submitted{0};
  std::atomic<int64_t> cancelled{0};
  std::thread canceller([&] {
    while (submitted.load() < calls) {
      if (drl_queue_cancel(queue.get(), submitted.load() - 1, nullptr) == DRL_OK) ++cancelled;
    }
  });
  std::map<drl_status, int64_t> ended;
  for (int64_t id = 0; id < calls; ++id) {
    ASSERT_EQ(Submit(id, "someone", 1 + id % 7), DRL_OK);
    submitted.store(id + 1);
    if (id % 3 == 0) Allow(limiter, "another");  // takes a slot that may just have become free
    for (const drl_completion& completion : Take(id % 100 == 99 ? kPatientUs : 0)) {
      ++ended[completion.status];
      EXPECT_EQ(completion.decision.cost, 1 + completion.id % 7);
    }
  }
  canceller.join();
  while (ended[DRL_OK] + ended[DRL_ERR_CANCELLED] < calls) {
    const std::vector<drl_completion> some = Take(kPatientUs);
    ASSERT_FALSE(some.empty());
    for (const drl_completion& completion : some) ++ended[completion.status];
  }
  EXPECT_EQ(ended[DRL_ERR_CANCELLED], cancelled.load());
  EXPECT_EQ(IdleStats(client).queue_depth, 0) << "a slot was leaked";
}

}  // namespace
}  // namespace drl::test
