#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "redis_test.h"

#if defined(__SANITIZE_THREAD__)
// The reference count of std::exception_ptr lies in libstdc++.so, whose atomics ThreadSanitizer does not see.
extern "C" const char* __tsan_default_suppressions() {
  return "race:std::__exception_ptr::exception_ptr::_M_release\n";
}
#endif

namespace drl::test {
namespace {

class AsyncTest : public RedisTest {
 protected:
  static ptrdiff_t ThreadCount() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  }
};

TEST_F(AsyncTest, FutureHasTheDecision) {
  const Limiter limiter(Client(Options()), PerHour(5));
  std::future<Decision> first = limiter.AllowAsync("user", 4);
  EXPECT_EQ(first.get().remaining, 1);
  const Decision denied = limiter.AllowAsync("user", 2).get();
  EXPECT_EQ(denied.outcome, Outcome::kDenied);
}

TEST_F(AsyncTest, ManyFuturesTakeExactlyTheBurst) {
  const Limiter limiter(Client(Options()), PerHour(300));
  std::vector<std::future<Decision>> futures;
  for (int i = 0; i < 1000; ++i) futures.push_back(limiter.AllowAsync("user"));
  int allowed = 0;
  for (std::future<Decision>& future : futures) allowed += future.get().allowed ? 1 : 0;
  EXPECT_EQ(allowed, 300);
}

TEST_F(AsyncTest, FuturesFromManyThreadsTakeExactlyTheBurst) {
  const Limiter limiter(Client(Options()), PerHour(300));
  std::atomic<int> allowed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 100; ++j) allowed += limiter.AllowAsync("user").get().allowed ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(allowed, 300);
}

TEST_F(AsyncTest, WaitingFuturesNeedNoThreads) {
  const Limiter limiter(Client(Options()), PerHour(1000));
  limiter.Allow("user");
  const ptrdiff_t before = ThreadCount();
  redis_server_pause(server_);
  std::vector<std::future<Decision>> futures;
  for (int i = 0; i < 500; ++i) futures.push_back(limiter.AllowAsync("user"));
  EXPECT_EQ(ThreadCount(), before);
  redis_server_resume(server_);
  for (std::future<Decision>& future : futures) EXPECT_TRUE(future.get());
}

TEST_F(AsyncTest, FutureThrowsTheCauseWithFailStrategyError) {
  LimiterOptions policy;
  policy.limits = {PerHour(5)};
  policy.fail_strategy = FailStrategy::kError;
  const Limiter limiter(Client(kNowhere), policy);
  std::future<Decision> future = limiter.AllowAsync("user");
  EXPECT_GE(Thrown([&] { future.get(); }), 100);
}

TEST_F(AsyncTest, FutureThrowsTheSentence) {
  const Limiter limiter(Client(kNowhere), PerHour(5));
  Request request{"user"};
  request.fail_strategy = FailStrategy::kError;
  try {
    limiter.DecideAsync(request).get();
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()), drl_status_message(error.status())) << "it says more than the code";
  }
}

TEST_F(AsyncTest, CallbackMayHearTheSentence) {
  const Limiter limiter(Client(kNowhere), PerHour(5));
  std::promise<std::string> heard;
  limiter.DecideCallback({"user"}, [&](std::error_code error, const Decision& decision, std::string_view message) {
    EXPECT_FALSE(error);
    EXPECT_TRUE(decision.degraded());
    EXPECT_NE(decision.message[0], 0);
    heard.set_value(std::string(message));
  });
  EXPECT_NE(heard.get_future().get(), "");
}

TEST_F(AsyncTest, FutureOfAClosedClientThrowsClosed) {
  std::future<Decision> future;
  {
    const Limiter limiter(Client(Options()), PerHour(5));
    limiter.Allow("user");
    redis_server_pause(server_);
    future = limiter.AllowAsync("user");
  }
  redis_server_resume(server_);
  EXPECT_EQ(Thrown([&] { future.get(); }), DRL_ERR_CLOSED);
}

TEST_F(AsyncTest, DroppedFutureDoesNotBlock) {
  const Limiter limiter(Client(Options()), PerHour(5));
  redis_server_pause(server_);
  const auto start = std::chrono::steady_clock::now();
  static_cast<void>(limiter.AllowAsync("user"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(2));
  redis_server_resume(server_);
}

TEST_F(AsyncTest, CallbackIsCalledOnceAndThenDestroyed) {
  const auto token = std::make_shared<int>(0);
  std::promise<Decision> answered;
  {
    const Limiter limiter(Client(Options()), PerHour(5));
    limiter.AllowCallback("user", 2, [token, &answered](std::error_code error, const Decision& decision) {
      EXPECT_FALSE(error);
      ++*token;
      answered.set_value(decision);
    });
    EXPECT_EQ(answered.get_future().get().remaining, 3);
  }
  EXPECT_EQ(*token, 1);
  EXPECT_EQ(token.use_count(), 1);
}

TEST_F(AsyncTest, CallbackOfARefusedCallIsDestroyedUncalled) {
  const auto token = std::make_shared<int>(0);
  const Limiter limiter(Client(Options()), PerHour(5));
  EXPECT_EQ(Thrown([&] { limiter.AllowCallback("user", -1, [token](std::error_code, const Decision&) { ++*token; }); }),
            DRL_ERR_COST);
  EXPECT_EQ(*token, 0);
  EXPECT_EQ(token.use_count(), 1);
}

TEST_F(AsyncTest, CallbackMayHoldWhatCannotBeCopied) {
  const Limiter limiter(Client(Options()), PerHour(5));
  std::promise<int> answered;
  std::future<int> future = answered.get_future();
  auto only = std::make_unique<int>(42);
  auto function = [only = std::move(only), answered = std::move(answered)](std::error_code, const Decision&) mutable {
    answered.set_value(*only);
  };
  limiter.AllowCallback("user", 1, std::move(function));
  EXPECT_EQ(future.get(), 42);
}

TEST_F(AsyncTest, CallbackMaySubmitButNotBlock) {
  const Limiter limiter(Client(Options()), PerHour(5));
  std::promise<drl_status> blocked;
  std::promise<Decision> second;
  limiter.AllowCallback("user", 1, [&](std::error_code, const Decision&) {
    std::error_code error;
    limiter.Allow("user", error);
    blocked.set_value(error.value());
    limiter.AllowCallback("user", 1, [&](std::error_code, const Decision& decision) { second.set_value(decision); });
  });
  EXPECT_EQ(blocked.get_future().get(), DRL_ERR_REENTRANT);
  EXPECT_EQ(second.get_future().get().remaining, 3);
}

}  // namespace
}  // namespace drl::test
