#include "nodes/breaker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace drl::nodes {
namespace {


bool LetsWait(Breaker& breaker, base::Micros now) {
  bool first = false;
  return breaker.LetsWait(now, first);
}

void OpenByTimeOuts(Breaker& breaker) {
  for (int i = 0; i < Breaker::kTimeoutsToOpen; ++i) breaker.CountTimeout(1, true);
}

TEST(Breaker, OpensAfterTimeOutsInARowAndSaysSoOnce) {
  Breaker breaker;
  for (int i = 1; i < Breaker::kTimeoutsToOpen; ++i) EXPECT_FALSE(breaker.CountTimeout(1, true));
  EXPECT_FALSE(breaker.refuses());
  EXPECT_TRUE(breaker.CountTimeout(1, true));
  EXPECT_TRUE(breaker.refuses());
  EXPECT_FALSE(breaker.CountTimeout(1, true));
  EXPECT_EQ(breaker.times_opened(), 1);
}

TEST(Breaker, LetsNobodyWaitForASilentServer) {
  Breaker breaker;
  OpenByTimeOuts(breaker);
  EXPECT_FALSE(LetsWait(breaker, 1'000'000'000));
}

TEST(Breaker, LetsAllWaitForAConnectionFromTheTimeOfAnAttemptOnDemand) {
  Breaker breaker;
  breaker.Disconnected(DRL_ERR_CONNECT, "refused", 500);
  EXPECT_FALSE(LetsWait(breaker, 499));
  EXPECT_TRUE(LetsWait(breaker, 500));
  EXPECT_TRUE(LetsWait(breaker, 500));
  EXPECT_TRUE(breaker.demanded());
  breaker.Disconnected(DRL_ERR_CONNECT, "refused", 900);
  EXPECT_FALSE(breaker.demanded()) << "one attempt for those who asked";
  EXPECT_FALSE(LetsWait(breaker, 899));
}

TEST(Breaker, LetsOneWaitBetweenTwoFailuresOnceThatWasInVain) {
  Breaker breaker;
  breaker.Disconnected(DRL_ERR_CONNECT, "refused", 0);
  EXPECT_TRUE(LetsWait(breaker, 1));
  breaker.CountTimeout(1, true);
  EXPECT_FALSE(LetsWait(breaker, 2));
  breaker.Disconnected(DRL_ERR_CONNECT, "refused", 0);
  EXPECT_TRUE(LetsWait(breaker, 3));
  EXPECT_FALSE(LetsWait(breaker, 3));
}

TEST(Breaker, ForgetsAllWhenItCloses) {
  Breaker breaker;
  breaker.Disconnected(DRL_ERR_CONNECT, "refused", 0);
  breaker.CountTimeout(1, true);
  breaker.Close();
  EXPECT_FALSE(breaker.refuses());
  EXPECT_FALSE(breaker.demanded());
  OpenByTimeOuts(breaker);
  EXPECT_FALSE(LetsWait(breaker, 10)) << "the connection is there";
}

// So many calls, submitted at that time, are given up.
void GiveUp(Breaker& breaker, base::Micros submitted_at, bool sent, int count = Breaker::kTimeoutsToOpen) {
  for (int i = 0; i < count; ++i) breaker.CountTimeout(submitted_at, sent);
}

TEST(Breaker, TimeOutsOfWhatWasNeverSentSayNothing) {
  Breaker breaker;
  GiveUp(breaker, 100, false, 1'000);
  EXPECT_FALSE(breaker.refuses());
}

TEST(Breaker, WhatWasNotSentBecauseRedisOwesAnAnswerCounts) {
  Breaker breaker;
  breaker.Owes(101);
  GiveUp(breaker, 100, false);
  EXPECT_FALSE(breaker.refuses()) << "it has owed for less than the life of these calls";
  breaker.Owes(100);
  GiveUp(breaker, 100, false);
  EXPECT_TRUE(breaker.refuses());
}

TEST(Breaker, AnAnswerInTheLifeOfACallExcuses) {
  Breaker breaker;
  breaker.Heard(100);
  GiveUp(breaker, 100, true);
  EXPECT_FALSE(breaker.refuses());
}

TEST(Breaker, SaysWhyAndTellsTheFirstWhoAsks) {
  Breaker breaker;
  breaker.Open(DRL_ERR_CONNECT, "nobody is there");
  bool first = false;
  const base::Cause cause = breaker.Refuse(first);
  EXPECT_TRUE(first);
  EXPECT_EQ(cause.code, DRL_ERR_CONNECT);
  EXPECT_EQ(cause.sentence.view(), "circuit open: nobody is there");
  (void)breaker.Refuse(first);
  EXPECT_FALSE(first);
}

TEST(Reason, IsCutToWhatCanBeShown) {
  Reason reason;
  const std::string text(400, 'x');
  reason.Write(DRL_ERR_CONNECT, text);
  EXPECT_EQ(reason.Read().sentence.view(), text.substr(0, base::Sentence::kLengthMax));
  reason.Write(DRL_ERR_AUTH, "", "short");
  EXPECT_EQ(reason.Read().code, DRL_ERR_AUTH);
  EXPECT_EQ(reason.Read().sentence.view(), "short");
}

// Readers beside two writers see one whole text, or the general one where they were disturbed: never pieces of two.
TEST(Reason, IsNeverReadInPieces) {
  Reason reason;
  reason.Write(DRL_ERR_CONNECT, std::string(200, 'a'));
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (const char letter : {'a', 'b'}) {
    writers.emplace_back([&, letter] {
      const drl_status code = letter == 'a' ? DRL_ERR_CONNECT : DRL_ERR_AUTH;
      for (size_t length = 1; !stop.load(); length = length % 200 + 1) reason.Write(code, std::string(length, letter));
    });
  }
  for (int i = 0; i < 200'000; ++i) {
    const base::Cause cause = reason.Read();
    if (cause.code == DRL_ERR_CIRCUIT_OPEN) {
      ASSERT_EQ(cause.sentence.view(), base::StatusMessage(DRL_ERR_CIRCUIT_OPEN));
      continue;
    }
    const char letter = cause.code == DRL_ERR_CONNECT ? 'a' : 'b';
    ASSERT_EQ(cause.sentence.view().find_first_not_of(letter), std::string_view::npos) << cause.sentence.view();
  }
  stop.store(true);
  for (std::thread& writer : writers) writer.join();
}

}  // namespace
}  // namespace drl::nodes
