// fork() of a process with a live client under load: the child starts afresh, the parent notices nothing.
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "census.h"
#include "fake_sentinel.h"
#include "handles.h"
#include "scale.h"
#include "tally.h"

namespace drl::test {
namespace {

// Runs `body` in a child; what it returned, or -1 when it crashed or hung.
int InChild(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  for (int waited = 0; waited < 30'000; ++waited) {
    int status = 0;
    if (waitpid(child, &status, WNOHANG) == child) return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return -1;
}

// The step at which a child failed; 0 for success.
#define CHECK_STEP(step, condition) \
  if (!(condition)) return step

class ForkTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0); }

  Server server = StartServer();
  Client client = OpenClient(redis_server_url(server.get()));
  Limiter limiter = OpenLimiter(client, Ledger());
};

TEST_F(ForkTest, FirstCallInAChildIsDecided) {
  const int failed = InChild([&] {
    const Answer answer = Allow(limiter, "child");
    CHECK_STEP(1, answer.status == DRL_OK);
    CHECK_STEP(2, answer.decision.outcome == DRL_OUTCOME_ALLOWED);
    CHECK_STEP(3, answer.decision.remaining == kLedgerBurst - 1);
    return 0;
  });
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(ChargedInRedis(limiter, "child"), 1);
}

TEST_F(ForkTest, ChildHasAThreadAConnectionAndCountersOfItsOwn) {
  const int64_t descriptors = CountDescriptors();
  const int failed = InChild([&] {
    CHECK_STEP(1, CountThreads() == 1);
    Allow(limiter, "child");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // a call is counted just after its caller was answered
    const drl_stats stats = Stats(client);
    CHECK_STEP(2, CountThreads() == 2);
    CHECK_STEP(3, stats.connects == 1);
    CHECK_STEP(4, stats.allowed == 1);
    CHECK_STEP(5, CountDescriptors() == descriptors);  // its parent's socket and eventfd are closed
    return 0;
  });
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(Stats(client).connects, 1);
}

// The connection to the sentinel, and what polls it, are the child's own too.
TEST(ForkOfAClientOfSentinels, LeavesNoDescriptorOfItsParent) {
  const Server server = StartServer({.tcp = 1, .permissions = "+role"});
  FakeSentinel sentinel(redis_server_port(server.get()));
  const Client client = OpenClient("redis+sentinel://127.0.0.1:" + std::to_string(sentinel.port()) + "/limits");
  const Limiter limiter = OpenLimiter(client, Ledger());
  ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0);
  const int64_t descriptors = CountDescriptors();
  const int failed = InChild([&] {
    CHECK_STEP(1, Allow(limiter, "child").decision.cause == DRL_OK);
    CHECK_STEP(2, CountDescriptors() == descriptors);
    return 0;
  });
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(sentinel.asked(), 2);
  sentinel.Publish("limits 127.0.0.1 1 127.0.0.1 " + std::to_string(redis_server_port(server.get())));
  EXPECT_EQ(Allow(limiter, "parent").decision.cause, DRL_OK);
  EXPECT_EQ(Stats(client).connects, 1);
  EXPECT_EQ(sentinel.asked(), 2) << "the child has ended its parent's conversation";
}

TEST_F(ForkTest, ParentUnderLoadIsUnharmed) {
  Callers callers(limiter, 4);
  // Threads that start allocate; AddressSanitizer's allocator, unlike the C library's, leaves its locks held in a child.
  while (Stats(client).allowed < 1'000) std::this_thread::yield();
  for (int64_t i = 0; i < Scaled(40); ++i) {
    const int failed = InChild([&] {
      for (int64_t n = 1; n <= 5; ++n) {
        const Answer answer = Allow(limiter, "child-" + std::to_string(i));
        CHECK_STEP(1, answer.decision.cause == DRL_OK);
        CHECK_STEP(2, answer.decision.remaining == kLedgerBurst - n);
      }
      return 0;
    });
    EXPECT_EQ(failed, 0) << "child " << i;
  }
  const std::vector<Tally> tallies = callers.Stop();
  EXPECT_EQ(Sum(tallies).undecided, 0);
  ExpectTruth(tallies, limiter);
  EXPECT_EQ(Stats(client).connects, 1);
}

TEST_F(ForkTest, ChildMayCloseItsHandlesAtOnce) {
  EXPECT_EQ(InChild([&] {
    limiter.reset();
    client.reset();
    return 0;
  }), 0);
  EXPECT_EQ(Allow(limiter, "parent").decision.cause, DRL_OK);
}

TEST_F(ForkTest, ChildMayCloseItsHandlesAfterACall) {
  EXPECT_EQ(InChild([&] {
    CHECK_STEP(1, Allow(limiter, "child").decision.cause == DRL_OK);
    limiter.reset();
    client.reset();
    CHECK_STEP(2, CensusWhenThreadsAre(1).threads == 1);
    return 0;
  }), 0);
  EXPECT_EQ(Allow(limiter, "parent").decision.cause, DRL_OK);
}

TEST_F(ForkTest, ManyThreadsOfAChildMayMakeTheFirstCallTogether) {
  EXPECT_EQ(InChild([&] {
    std::vector<Tally> tallies;
    {
      Callers callers(limiter, 8);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      tallies = callers.Stop();
    }
    CHECK_STEP(1, Sum(tallies).undecided == 0);
    CHECK_STEP(2, Stats(client).connects == 1);
    return 0;
  }), 0);
}

TEST_F(ForkTest, QueuesOfAChildLeaveNoDescriptorOfTheirParent) {
  const Queue used = OpenQueue(client);
  Queue closed = OpenQueue(client);
  const int64_t descriptors = CountDescriptors();
  EXPECT_EQ(InChild([&] {
    CHECK_STEP(1, Allow(limiter, "child").decision.cause == DRL_OK);
    CHECK_STEP(2, drl_queue_fd(used.get()) >= 0);
    CHECK_STEP(3, CountDescriptors() == descriptors);
    closed.reset();
    CHECK_STEP(4, CountDescriptors() == descriptors - 1);
    return 0;
  }), 0);
}

TEST_F(ForkTest, ChildOfACallbackMayMakeBlockingCalls) {
  struct Family {
    const Limiter& limiter;
    std::atomic<int> failed{-2};
  } family{limiter};
  const auto fork_here = [](drl_status, const drl_decision*, const char*, void* user) {
    auto* in = static_cast<Family*>(user);
    in->failed = InChild([&] { return Allow(in->limiter, "child").decision.outcome == DRL_OUTCOME_ALLOWED ? 0 : 1; });
  };
  ASSERT_EQ(drl_limiter_allow_callback(limiter.get(), "parent", 6, 1, nullptr, fork_here, &family), DRL_OK);
  for (int i = 0; i < 30'000 && family.failed == -2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(family.failed, 0);
}

TEST_F(ForkTest, QueueOfAChildWithoutADescriptorLeftSaysSoAndWorksLater) {
  const Queue queue = OpenQueue(client);
  EXPECT_EQ(InChild([&] {
    CHECK_STEP(1, Allow(limiter, "child").decision.cause == DRL_OK);
    std::vector<int> hoard;
    for (int fd = dup(0); fd >= 0; fd = dup(0)) hoard.push_back(fd);
    CHECK_STEP(2, drl_queue_fd(queue.get()) == -1);
    CHECK_STEP(3, drl_queue_submit(queue.get(), limiter.get(), "child", 5, 1, 1, nullptr) == DRL_ERR_SYSTEM);
    for (const int fd : hoard) close(fd);
    CHECK_STEP(4, drl_queue_fd(queue.get()) >= 0);
    CHECK_STEP(5, drl_queue_submit(queue.get(), limiter.get(), "child", 5, 1, 1, nullptr) == DRL_OK);
    drl_completion completion;
    int32_t count = 0;
    CHECK_STEP(6, drl_queue_wait(queue.get(), kPatientUs, &completion, 1, &count, nullptr) == DRL_OK);
    CHECK_STEP(7, count == 1 && completion.decision.cause == DRL_OK);
    return 0;
  }), 0);
}

TEST_F(ForkTest, GrandchildWorksToo) {
  EXPECT_EQ(InChild([&] {
    CHECK_STEP(1, Allow(limiter, "family").decision.cause == DRL_OK);
    CHECK_STEP(2, InChild([&] { return Allow(limiter, "family").decision.remaining == kLedgerBurst - 2 ? 0 : 1; }) == 0);
    CHECK_STEP(3, Allow(limiter, "family").decision.remaining == kLedgerBurst - 3);
    return 0;
  }), 0);
}

TEST_F(ForkTest, QueueWorksInAChildAndForgetsItsParentsCalls) {
  const Queue queue = OpenQueue(client);
  redis_server_pause(server.get());
  for (int64_t id = 0; id < 10; ++id) {
    ASSERT_EQ(drl_queue_submit(queue.get(), limiter.get(), "parent", 6, 1, id, nullptr), DRL_OK);
  }
  redis_server_resume(server.get());
  const int failed = InChild([&] {
    CHECK_STEP(1, drl_queue_submit(queue.get(), limiter.get(), "child", 5, 1, 3, nullptr) == DRL_OK);
    pollfd item{drl_queue_fd(queue.get()), POLLIN, 0};
    CHECK_STEP(2, poll(&item, 1, 20'000) == 1);
    drl_completion completions[16];
    int32_t count = 0;
    CHECK_STEP(3, drl_queue_wait(queue.get(), kPatientUs, completions, 16, &count, nullptr) == DRL_OK);
    CHECK_STEP(4, count == 1);
    CHECK_STEP(5, completions[0].id == 3);
    CHECK_STEP(6, completions[0].decision.remaining == kLedgerBurst - 1);
    return 0;
  });
  EXPECT_EQ(failed, 0);
  int32_t taken = 0;
  while (taken < 10) {
    drl_completion completions[16];
    int32_t count = 0;
    ASSERT_EQ(drl_queue_wait(queue.get(), kPatientUs, completions, 16, &count, nullptr), DRL_OK);
    ASSERT_GT(count, 0) << "a completion of the parent was lost";
    taken += count;
  }
  EXPECT_EQ(ChargedInRedis(limiter, "parent"), 10);
}

}  // namespace
}  // namespace drl::test
