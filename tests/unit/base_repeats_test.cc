#include "base/repeats.h"

#include <gtest/gtest.h>

namespace drl::base {
namespace {

TEST(Repeats, ComplaintIsMadeAtOnceAndThenAtTheInterval) {
  Repeats repeats(1000);
  EXPECT_TRUE(repeats.Due("no password", 5));
  EXPECT_FALSE(repeats.Due("no password", 6));
  EXPECT_FALSE(repeats.Due("no password", 1004));
  EXPECT_TRUE(repeats.Due("no password", 1005));
  EXPECT_FALSE(repeats.Due("no password", 2004));
  EXPECT_TRUE(repeats.Due("no password", 2005));
}

TEST(Repeats, EveryMinuteUnlessToldOtherwise) {
  Repeats repeats;
  EXPECT_TRUE(repeats.Due("no password", 0));
  EXPECT_FALSE(repeats.Due("no password", 59'999'999));
  EXPECT_TRUE(repeats.Due("no password", 60'000'000));
}

TEST(Repeats, ComplaintsThatTakeTurnsAreEachMadeOnce) {
  Repeats repeats(1000);
  EXPECT_TRUE(repeats.Due("one", 1));
  EXPECT_TRUE(repeats.Due("other", 2));
  EXPECT_FALSE(repeats.Due("one", 3));
  EXPECT_FALSE(repeats.Due("other", 4));
}

TEST(Repeats, ComplaintWhoseCauseWentIsNewAgain) {
  Repeats repeats(1000);
  EXPECT_TRUE(repeats.Due("one", 1));
  repeats.Forget();
  EXPECT_TRUE(repeats.Due("one", 2));
}

TEST(Repeats, OfManyComplaintsTheOldestIsForgotten) {
  Repeats repeats(1'000'000);
  for (Micros i = 0; i < 9; ++i) EXPECT_TRUE(repeats.Due(std::to_string(i), i));
  EXPECT_FALSE(repeats.Due("8", 10));
  EXPECT_FALSE(repeats.Due("1", 11));
  EXPECT_TRUE(repeats.Due("0", 12));
}

}  // namespace
}  // namespace drl::base
