#include "engine/baton.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace drl::engine {
namespace {

TEST(Baton, IsTheIoThreadsUntilItIsPutDown) {
  Baton baton;
  EXPECT_FALSE(baton.Take());
  baton.PutDown();
  EXPECT_TRUE(baton.Take());
  EXPECT_FALSE(baton.Take()) << "one caller at a time";
}

TEST(Baton, ReturnedIdleIsForAnybody) {
  Baton baton;
  baton.PutDown();
  ASSERT_TRUE(baton.Take());
  baton.Return(false);
  EXPECT_TRUE(baton.Take());
}

TEST(Baton, ReturnedWithWorkIsForTheIoThreadAlone) {
  Baton baton;
  baton.PutDown();
  ASSERT_TRUE(baton.Take());
  baton.Return(true);
  EXPECT_FALSE(baton.Take());
  baton.PickUp();
  baton.PutDown();
  EXPECT_TRUE(baton.Take());
}

TEST(Baton, CallerLearnsThatItIsAwaited) {
  Baton baton;
  baton.PutDown();
  ASSERT_TRUE(baton.Take());
  std::thread io_thread([&] { baton.PickUp(); });
  while (!baton.awaited()) std::this_thread::yield();
  baton.Return(true);
  io_thread.join();
}

TEST(Baton, ManyHandsHoldItOneAtATime) {
  Baton baton;
  int64_t held = 0;  // guarded by the baton
  std::atomic<int> working{4};
  std::atomic<int64_t> taken{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&, i] {
      for (int turn = 0; turn < 2'000; ++turn) {
        while (!baton.Take()) std::this_thread::yield();
        ++held;
        taken.fetch_add(1);
        baton.Return((turn + i) % 3 == 0);
      }
      working.fetch_sub(1);
    });
  }
  int64_t picked_up = 0;
  while (working.load() > 0) {
    baton.PutDown();
    std::this_thread::yield();
    baton.PickUp();
    ++held;
    ++picked_up;
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(held, taken.load() + picked_up);
}

}  // namespace
}  // namespace drl::engine
