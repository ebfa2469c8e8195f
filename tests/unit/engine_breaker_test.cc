#include "engine/breaker.h"

#include <gtest/gtest.h>

namespace drl::engine {
namespace {

const base::Status kRefused{DRL_ERR_CONNECT, "refused"};

bool LetsWait(Breaker& breaker, base::Micros now) {
  bool first = false;
  return breaker.LetsWait(now, first);
}

void OpenByTimeOuts(Breaker& breaker) {
  for (int i = 0; i < Breaker::kTimeoutsToOpen; ++i) breaker.CountTimeout(1);
}

TEST(Breaker, OpensAfterTimeOutsInARowAndSaysSoOnce) {
  Breaker breaker;
  for (int i = 1; i < Breaker::kTimeoutsToOpen; ++i) EXPECT_FALSE(breaker.CountTimeout(1));
  EXPECT_FALSE(breaker.refuses());
  EXPECT_TRUE(breaker.CountTimeout(1));
  EXPECT_TRUE(breaker.refuses());
  EXPECT_FALSE(breaker.CountTimeout(1));
  EXPECT_EQ(breaker.times_opened(), 1);
}

TEST(Breaker, TimeOutOfWhoeverSawAnAnswerToAnybodyDoesNotCount) {
  Breaker breaker;
  breaker.Heard(10);
  for (int i = 0; i < 100; ++i) breaker.CountTimeout(10);
  EXPECT_FALSE(breaker.refuses());
}

TEST(Breaker, LetsNobodyWaitForASilentServer) {
  Breaker breaker;
  OpenByTimeOuts(breaker);
  EXPECT_FALSE(LetsWait(breaker, 1'000'000'000));
}

TEST(Breaker, LetsAllWaitForAConnectionFromTheTimeOfAnAttemptOnDemand) {
  Breaker breaker;
  breaker.Disconnected(kRefused, 500);
  EXPECT_FALSE(LetsWait(breaker, 499));
  EXPECT_TRUE(LetsWait(breaker, 500));
  EXPECT_TRUE(LetsWait(breaker, 500));
  EXPECT_TRUE(breaker.demanded());
  breaker.Disconnected(kRefused, 900);
  EXPECT_FALSE(breaker.demanded()) << "one attempt for those who asked";
  EXPECT_FALSE(LetsWait(breaker, 899));
}

TEST(Breaker, LetsOneWaitBetweenTwoFailuresOnceThatWasInVain) {
  Breaker breaker;
  breaker.Disconnected(kRefused, 0);
  EXPECT_TRUE(LetsWait(breaker, 1));
  breaker.CountTimeout(1);
  EXPECT_FALSE(LetsWait(breaker, 2));
  breaker.Disconnected(kRefused, 0);
  EXPECT_TRUE(LetsWait(breaker, 3));
  EXPECT_FALSE(LetsWait(breaker, 3));
}

TEST(Breaker, ForgetsAllWhenItCloses) {
  Breaker breaker;
  breaker.Disconnected(kRefused, 0);
  breaker.CountTimeout(1);
  breaker.Close();
  EXPECT_FALSE(breaker.refuses());
  EXPECT_FALSE(breaker.demanded());
  OpenByTimeOuts(breaker);
  EXPECT_FALSE(LetsWait(breaker, 10)) << "the connection is there";
}

TEST(Breaker, TellsTheFirstToAskApart) {
  Breaker breaker;
  breaker.Open(kRefused);
  bool first = false;
  EXPECT_EQ(breaker.Refuse(first).message(), "refused");
  EXPECT_TRUE(first);
  (void)breaker.Refuse(first);
  EXPECT_FALSE(first);
}

}  // namespace
}  // namespace drl::engine
