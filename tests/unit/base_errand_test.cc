#include "base/errand.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>

namespace drl::base {
namespace {

// Whether the owner was woken within ten seconds.
bool Woken(const EventFd& wake) {
  pollfd item{wake.get(), POLLIN, 0};
  return poll(&item, 1, 10'000) == 1;
}

class ErrandTest : public testing::Test {
 protected:
  EventFd wake;
  std::promise<void> may_end;
  std::shared_future<void> end = may_end.get_future().share();
};

TEST_F(ErrandTest, WakesItsOwnerWithTheResult) {
  Errand<int> errand(wake);
  EXPECT_FALSE(errand.running());
  ASSERT_TRUE(errand.Start([] { return Result<int>(42); }, "to count").ok());
  ASSERT_TRUE(Woken(wake));
  EXPECT_TRUE(errand.done());
  EXPECT_EQ(*errand.Take(), 42);
  EXPECT_FALSE(errand.running());
  EXPECT_FALSE(errand.done());
}

TEST_F(ErrandTest, IsNotDoneWhileItRuns) {
  Errand<int> errand(wake);
  ASSERT_TRUE(errand.Start([end = end] { return end.wait(), Result<int>(1); }, "to wait").ok());
  EXPECT_TRUE(errand.running());
  EXPECT_FALSE(errand.done());
  may_end.set_value();
  ASSERT_TRUE(Woken(wake));
  EXPECT_TRUE(errand.done());
}

TEST_F(ErrandTest, HandsOverAFailure) {
  Errand<int> errand(wake);
  ASSERT_TRUE(errand.Start([] { return Result<int>(Status(DRL_ERR_AUTH, "no")); }, "to fail").ok());
  ASSERT_TRUE(Woken(wake));
  EXPECT_EQ(errand.Take().status().message(), "no");
}

// Counts how many of them live.
struct Counted {
  explicit Counted(std::atomic<int>& all) : count(&all) { ++all; }
  Counted(Counted&& other) noexcept : count(other.count) { ++*count; }
  ~Counted() { --*count; }
  std::atomic<int>* count;
};

TEST_F(ErrandTest, OwnerThatGoesWaitsForNothingAndLeavesNothing) {
  static std::atomic<int> live{0};
  const auto kept = std::make_shared<int>(7);
  {
    Errand<Counted> errand(wake);
    ASSERT_TRUE(errand.Start([end = end, kept] { return end.wait(), Result<Counted>(Counted(live)); }, "to wait").ok());
  }
  EXPECT_EQ(kept.use_count(), 2);
  may_end.set_value();
  for (int i = 0; i < 10'000 && kept.use_count() > 1; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_EQ(live, 0);
  pollfd item{wake.get(), POLLIN, 0};
  EXPECT_EQ(poll(&item, 1, 0), 0) << "nobody is there to be woken";
}

}  // namespace
}  // namespace drl::base
