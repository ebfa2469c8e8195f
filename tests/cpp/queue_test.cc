#include <gmock/gmock.h>
#include <poll.h>

#include <set>
#include <vector>

#include "redis_test.h"

namespace drl::test {
namespace {

class QueueTest : public RedisTest {
 protected:
  static bool IsReadable(int fd, milliseconds wait) {
    pollfd one{fd, POLLIN, 0};
    return poll(&one, 1, static_cast<int>(wait.count())) == 1;
  }

  Client client_{Options()};
  Limiter limiter_{client_, PerHour(10)};
  Queue queue_{client_};
};

TEST_F(QueueTest, CompletionsCarryTheirIdAndDecision) {
  queue_.Submit(limiter_, "user", 4, 77);
  const std::vector<Completion> ended = queue_.Wait(Queue::kForever);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].id, 77);
  EXPECT_FALSE(ended[0].error);
  EXPECT_EQ(ended[0].decision.remaining, 6);
}

TEST_F(QueueTest, RequestSaysMore) {
  Request request{"user", 4};
  request.headroom = 7;
  queue_.Submit(limiter_, request, 1);
  const std::vector<Completion> ended = queue_.Wait(Queue::kForever);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].decision.outcome, Outcome::kNever);
  EXPECT_EQ(ended[0].message, "");
}

TEST_F(QueueTest, CompletionSaysWhyRedisDidNotDecide) {
  const Client nowhere(kNowhere);
  const Limiter limiter(nowhere, PerHour(1));
  Queue queue(nowhere);
  queue.Submit(limiter, "user", 1, 1);
  const std::vector<Completion> ended = queue.Wait(Queue::kForever);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_TRUE(ended[0].decision.degraded());
  EXPECT_NE(ended[0].message, "");
}

TEST_F(QueueTest, EverySubmittedCallCompletesOnce) {
  std::set<int64_t> ids;
  for (int64_t id = 0; id < 500; ++id) queue_.Submit(limiter_, "user", 1, id);
  int allowed = 0;
  size_t total = 0;
  while (total < 500) {
    for (const Completion& one : queue_.Wait(seconds(5))) {
      ids.insert(one.id);
      allowed += one.decision.allowed ? 1 : 0;
      ++total;
    }
  }
  EXPECT_EQ(ids.size(), 500u);
  EXPECT_EQ(allowed, 10);
}

TEST_F(QueueTest, DescriptorIsReadableWhileCompletionsAreThere) {
  EXPECT_FALSE(IsReadable(queue_.fd(), milliseconds(0)));
  queue_.Submit(limiter_, "user", 1, 1);
  EXPECT_TRUE(IsReadable(queue_.fd(), seconds(5)));
  EXPECT_EQ(queue_.Drain().size(), 1u);
  EXPECT_FALSE(IsReadable(queue_.fd(), milliseconds(0)));
  EXPECT_TRUE(queue_.Drain().empty());
}

TEST_F(QueueTest, ResetCompletes) {
  limiter_.Allow("user", 10);
  queue_.SubmitReset(limiter_, "user", 1);
  const std::vector<Completion> ended = queue_.Wait(Queue::kForever);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_FALSE(ended[0].error);
  EXPECT_EQ(limiter_.Peek("user").remaining, 10);
}

TEST_F(QueueTest, CancelledCallCompletesAsCancelled) {
  limiter_.Allow("user");
  redis_server_pause(server_);
  queue_.Submit(limiter_, "user", 1, 5);
  EXPECT_TRUE(queue_.Cancel(5));
  EXPECT_FALSE(queue_.Cancel(5));
  const std::vector<Completion> ended = queue_.Drain();
  redis_server_resume(server_);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].error, std::errc::operation_canceled);
}

TEST_F(QueueTest, WaitEndsWithNothingAfterItsTimeOut) { EXPECT_TRUE(queue_.Wait(milliseconds(20)).empty()); }

TEST_F(QueueTest, MisuseIsReported) {
  const Client other(Options());
  const Limiter foreign(other, PerHour(1));
  EXPECT_EQ(Thrown([&] { queue_.Submit(foreign, "user", 1, 1); }), DRL_ERR_HANDLE);
  EXPECT_EQ(Thrown([&] { queue_.Submit(limiter_, {}, 1, 1); }), DRL_ERR_IDENTITY);
  EXPECT_EQ(Thrown([&] { queue_.Drain(0); }), DRL_ERR_CAPACITY);
  EXPECT_EQ(Thrown([&] { queue_.Wait(microseconds(-2)); }), DRL_ERR_OPTION);
  std::error_code error;
  const Queue none(client_, -1, error);
  EXPECT_EQ(error, MakeErrorCode(DRL_ERR_CAPACITY));
  EXPECT_EQ(none.fd(), -1);
  queue_.SubmitReset(limiter_, "user", 1, error);
  EXPECT_FALSE(error);
  queue_.Submit(limiter_, "user", 1, 1, error);
  EXPECT_EQ(error, MakeErrorCode(DRL_ERR_DUPLICATE_ID));
}

TEST_F(QueueTest, FullQueueRefusesTheSubmission) {
  Queue small(client_, 2);
  small.Submit(limiter_, "user", 1, 1);
  small.Submit(limiter_, "user", 1, 2);
  EXPECT_EQ(Thrown([&] { small.Submit(limiter_, "user", 1, 3); }), DRL_ERR_COMPLETIONS_FULL);
}

TEST_F(QueueTest, DestroyingDropsWhatWaits) {
  redis_server_pause(server_);
  {
    Queue dropped(client_);
    for (int64_t id = 0; id < 100; ++id) dropped.Submit(limiter_, "user", 1, id);
  }
  redis_server_resume(server_);
  EXPECT_NO_THROW(limiter_.Peek("user"));
}

}  // namespace
}  // namespace drl::test
