#include "redis/master_choice.h"

#include <gtest/gtest.h>

namespace drl::redis {
namespace {

const Host kA{"10.0.0.1", 6379};
const Host kB{"10.0.0.2", 6379};
const Host kOtherPort{"10.0.0.1", 6380};
constexpr base::Micros kLater = 2 * MasterChoice::kFailedLasts;

class MasterChoiceTest : public testing::Test {
 protected:
  MasterChoiceTest() { choice.BeginLookUp(0); }
  MasterChoice choice{3};
};

TEST_F(MasterChoiceTest, NothingIsKnownBeforeAnybodyAnswers) {
  EXPECT_FALSE(choice.Best());
  EXPECT_FALSE(choice.Elsewhere(kA, 0));
}

TEST_F(MasterChoiceTest, TheFirstAnswerIsTaken) {
  choice.Answered(2, kA);
  EXPECT_EQ(choice.Best(), kA);
  choice.Answered(0, kB);
  EXPECT_EQ(choice.Best(), kA);
  EXPECT_FALSE(choice.Elsewhere(kA, 0)) << "nobody leaves for an answer that is not that of most";
}

TEST_F(MasterChoiceTest, MostOfAllOutweighTheFirst) {
  choice.Answered(0, kA);
  choice.Answered(1, kB);
  choice.Answered(2, kB);
  EXPECT_EQ(choice.Best(), kB);
  EXPECT_EQ(choice.Elsewhere(kA, 0), kB);
}

TEST_F(MasterChoiceTest, MostOfThoseThatAnswerAreNotMostOfAll) {
  choice.Answered(0, kB);
  EXPECT_FALSE(choice.Elsewhere(kA, 0));
}

TEST_F(MasterChoiceTest, ASwitchOutweighsWhatWasSaidBefore) {
  choice.Answered(0, kA);
  choice.Answered(1, kA);
  choice.Answered(2, kA);
  choice.Switched(1, kB);
  EXPECT_EQ(choice.Elsewhere(kA, 0), kB);
  EXPECT_FALSE(choice.Elsewhere(kB, 0));
}

TEST_F(MasterChoiceTest, MostOutweighASwitchByWhatTheySaySince) {
  choice.Switched(1, kB);
  choice.Answered(0, kA);
  EXPECT_FALSE(choice.Elsewhere(kB, 0));
  choice.Answered(2, kA);
  EXPECT_EQ(choice.Elsewhere(kB, 0), kA);
}

TEST_F(MasterChoiceTest, WhatHasFailedIsLeftOutUntilTheNextAttempt) {
  choice.Answered(0, kA);
  choice.Answered(1, kB);
  choice.Failed(kA, 5);
  EXPECT_EQ(choice.Best(), kB);
  choice.Failed(kB, 6);
  EXPECT_FALSE(choice.Best());
  choice.BeginAttempt(7);
  EXPECT_EQ(choice.Best(), kA);
  choice.BeginLookUp(8);
  EXPECT_FALSE(choice.Best());
}

TEST_F(MasterChoiceTest, NobodyLeavesForWhatHasJustFailed) {
  choice.Switched(0, kB);
  choice.Failed(kB, 5);
  choice.BeginAttempt(6);
  choice.Switched(0, kB);
  EXPECT_FALSE(choice.Elsewhere(kA, 7));
  EXPECT_EQ(choice.Elsewhere(kA, kLater), kB);
}

// What most name, and nobody can reach: gone to ever more seldom, for that is each time the end of a connection that works.
TEST_F(MasterChoiceTest, WhatFailsAgainAndAgainIsLeftForEverMoreSeldom) {
  choice.Answered(0, kB);
  choice.Answered(1, kB);
  choice.Answered(2, kA);
  base::Micros now = 0;
  for (base::Micros lasts = MasterChoice::kFailedLasts; lasts <= MasterChoice::kFailedLastsMax; lasts *= 2) {
    choice.Failed(kB, now);
    EXPECT_FALSE(choice.Elsewhere(kA, now + lasts)) << lasts;
    now += lasts + 1;
    EXPECT_EQ(choice.Elsewhere(kA, now), kB) << lasts;
  }
  choice.Failed(kB, now);
  choice.Switched(0, kB);
  EXPECT_EQ(choice.Elsewhere(kA, now + MasterChoice::kFailedLasts + 1), kB) << "it may have come back";
}

TEST_F(MasterChoiceTest, ThereAreDoubtsAboutAServerThatASwitchLedAwayFrom) {
  choice.Answered(0, kA);
  EXPECT_FALSE(choice.Doubts(kA));
  choice.Switched(1, kB);
  EXPECT_TRUE(choice.Doubts(kA));
  EXPECT_FALSE(choice.Doubts(kB));
  choice.BeginLookUp(1);
  EXPECT_FALSE(choice.Doubts(kA));
}

// The old master was tried first, in an attempt that found the new one and has lasted since; now it is the master again.
TEST_F(MasterChoiceTest, WhatFailedInAnAttemptThatEndedWellMayBeSwitchedToLater) {
  choice.Answered(0, kA);
  choice.Failed(kA, 1);
  choice.Answered(1, kB);
  ASSERT_EQ(choice.Best(), kB);
  choice.Switched(2, kA);
  EXPECT_FALSE(choice.Elsewhere(kB, 2));
  EXPECT_EQ(choice.Elsewhere(kB, kLater), kA);
}

TEST_F(MasterChoiceTest, APortIsPartOfTheAddress) {
  choice.Switched(0, kOtherPort);
  EXPECT_EQ(choice.Elsewhere(kA, 0), kOtherPort);
}

TEST_F(MasterChoiceTest, WhatElseThereIs) {
  choice.Answered(0, kA);
  EXPECT_FALSE(choice.BestBut(kA));
  choice.Answered(1, kB);
  EXPECT_EQ(choice.BestBut(kA), kB);
}

TEST_F(MasterChoiceTest, ManyFailuresAreForgotten) {
  for (int32_t port = 1; port <= 100; ++port) choice.Failed({"10.0.0.9", port}, port);
  choice.Answered(0, {"10.0.0.9", 1});
  EXPECT_TRUE(choice.Best());
}

}  // namespace
}  // namespace drl::redis
