#include "nodes/readiness.h"

#include <gtest/gtest.h>

#include <thread>

namespace drl::nodes {
namespace {

const base::MachineClock kClock;

drl_status Look(Readiness& readiness) { return readiness.Wait(kClock, 0).code(); }

TEST(Readiness, IsATimeOutBeforeAnythingWasHeard) {
  Readiness readiness;
  EXPECT_EQ(Look(readiness), DRL_ERR_TIMEOUT);
}

TEST(Readiness, TellsTheLastFailure) {
  Readiness readiness;
  readiness.Fail({DRL_ERR_CONNECT, "one"});
  readiness.Fail({DRL_ERR_AUTH, "two"});
  EXPECT_EQ(readiness.Wait(kClock, 0).message(), "two");
  EXPECT_EQ(Look(readiness), DRL_ERR_AUTH);
}

TEST(Readiness, NewConnectionIsNewsOnlyWhereNoneWas) {
  Readiness readiness;
  readiness.Away({DRL_ERR_CONNECT, "nobody there"});
  readiness.Connected({DRL_ERR_TIMEOUT, "not asked yet"});
  EXPECT_EQ(readiness.Wait(kClock, 0).message(), "not asked yet");
  readiness.Fail({DRL_ERR_READONLY, "a replica"});
  readiness.Connected({DRL_ERR_TIMEOUT, "not asked yet"});
  EXPECT_EQ(readiness.Wait(kClock, 0).message(), "a replica");
}

TEST(Readiness, StaysReadyUntilItIsClosed) {
  Readiness readiness;
  readiness.Ready();
  readiness.Fail({DRL_ERR_CONNECT, "lost"});
  readiness.Excuse();
  EXPECT_EQ(Look(readiness), DRL_OK);
  EXPECT_FALSE(readiness.LimiterOpened());
  readiness.Close();
  EXPECT_EQ(Look(readiness), DRL_ERR_CLOSED);
  readiness.Ready();
  EXPECT_EQ(Look(readiness), DRL_ERR_CLOSED);
}

TEST(Readiness, ExcuseLastsUntilALimiterOpens) {
  Readiness readiness;
  readiness.Excuse();
  EXPECT_EQ(Look(readiness), DRL_OK);
  EXPECT_TRUE(readiness.LimiterOpened());
  EXPECT_TRUE(readiness.TakeAsked());
  EXPECT_FALSE(readiness.TakeAsked()) << "once";
  EXPECT_EQ(Look(readiness), DRL_ERR_TIMEOUT);
  readiness.Ready();
  EXPECT_EQ(Look(readiness), DRL_OK);
}

TEST(Readiness, WakesWhoeverWaits) {
  Readiness readiness;
  std::jthread loop([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    readiness.Ready();
  });
  const base::Micros deadline = base::MonotonicMicros() + 20'000'000;
  EXPECT_TRUE(readiness.Wait(kClock, deadline).ok());
  EXPECT_LT(base::MonotonicMicros(), deadline);
}

TEST(FirstNamespace, IsTheFirstAndOnlyThat) {
  FirstNamespace first;
  EXPECT_EQ(first.get(), "default");
  EXPECT_TRUE(first.Set("shop"));
  EXPECT_FALSE(first.Set("blog"));
  EXPECT_EQ(first.get(), "shop");
}

}  // namespace
}  // namespace drl::nodes
