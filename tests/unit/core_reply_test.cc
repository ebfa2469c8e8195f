#include "core/reply.h"

#include <gtest/gtest.h>

#include "core/command.h"
#include "core/plan.h"

namespace drl::core {
namespace {

constexpr int64_t kSecond = 1'000'000;

Limits Made(std::initializer_list<drl_limit> options) {
  Limits limits;
  for (const drl_limit& one : options) limits.push_back(*Limit::Make(one, ""));
  return limits;
}

const Limits kTenPerSecond = Made({{10, kSecond, 10, nullptr, {}}});       // 100,000 us a token
const Limits kSevenPerMinute = Made({{7, 60 * kSecond, 7, nullptr, {}}});  // 8,571,428 4/7 us a token
const Limits kBoth = {kTenPerSecond[0], kSevenPerMinute[0]};

bool Reads(std::vector<int64_t> integers, const Limits& limits) {
  Verdict verdict;
  return ReadVerdict(integers, limits, verdict);
}

drl_decision Decision(std::vector<int64_t> integers, const Limits& limits, int64_t cost, int64_t headroom = 0) {
  Verdict verdict;
  EXPECT_TRUE(ReadVerdict(integers, limits, verdict));
  drl_decision decision;
  FillDecision(verdict, Plan(limits), {cost, headroom}, 5, decision);
  return decision;
}

TEST(Verdict, TakesAnIntegerForEachLimitAndOneMoreForAFraction) {
  EXPECT_EQ(VerdictLength(kTenPerSecond), 1u);
  EXPECT_EQ(VerdictLength(kSevenPerMinute), 2u);
  EXPECT_EQ(VerdictLength(kBoth), 3u);
}

TEST(Verdict, OfAFullBucketIsRead) { EXPECT_TRUE(Reads({0}, kTenPerSecond)); }
TEST(Verdict, OfAnEmptyBucketIsRead) { EXPECT_TRUE(Reads({1'000'000}, kTenPerSecond)); }
TEST(Verdict, AboveTheBurstIsRejected) { EXPECT_FALSE(Reads({1'000'001}, kTenPerSecond)); }
TEST(Verdict, OfADenialAboveTheBurstIsRejected) { EXPECT_FALSE(Reads({-1 - 1'000'001}, kTenPerSecond)); }
TEST(Verdict, AboveTheBurstByAFractionIsRejected) {
  const Limits limits = Made({{7, 60 * kSecond, 1, nullptr, {}}});
  EXPECT_TRUE(Reads({8'571'428, 4}, limits));
  EXPECT_FALSE(Reads({8'571'428, 5}, limits));
}
TEST(Verdict, WithANegativeRemainderIsRejected) { EXPECT_FALSE(Reads({1, -1}, kSevenPerMinute)); }
TEST(Verdict, WithARemainderOfAWholeIsRejected) { EXPECT_FALSE(Reads({1, 7}, kSevenPerMinute)); }
TEST(Verdict, ThatAllowsOneLimitAndDeniesAnotherIsRejected) {
  EXPECT_FALSE(Reads({1, -1 - 1, 0}, kBoth));
  EXPECT_FALSE(Reads({-1 - 1, 1, 0}, kBoth));
}
TEST(Verdict, ThatIsMarkedInOnePlaceOnlyIsRejected) {
  for (const int64_t mark : {kForeignMark, kExpiredMark, kErrorMark}) {
    EXPECT_TRUE(Reads({mark, mark, mark}, kBoth)) << mark;
    EXPECT_FALSE(Reads({mark, 1, 0}, kBoth)) << mark;
    EXPECT_FALSE(Reads({1, mark, mark}, kBoth)) << mark;
    EXPECT_FALSE(Reads({-2, mark, mark}, kBoth)) << mark;
  }
  EXPECT_FALSE(Reads({kForeignMark, kExpiredMark, kForeignMark}, kBoth));
}

Ruling RulingOf(int64_t integer) {
  Verdict verdict;
  EXPECT_TRUE(ReadVerdict(std::vector<int64_t>{integer}, kTenPerSecond, verdict));
  EXPECT_EQ(verdict.allowed(), integer >= 0);
  return verdict.ruling;
}

TEST(Verdict, TellsWhyThereIsNone) {
  EXPECT_EQ(RulingOf(0), Ruling::kAllowed);
  EXPECT_EQ(RulingOf(-1), Ruling::kDenied);
  EXPECT_EQ(RulingOf(kForeignMark), Ruling::kForeign);
  EXPECT_EQ(RulingOf(kExpiredMark), Ruling::kExpired);
  EXPECT_EQ(RulingOf(kErrorMark), Ruling::kNotWritten);
}

TEST(Verdict, BesideAMarkIsRejected) {
  EXPECT_FALSE(Reads({kForeignMark - 1}, kTenPerSecond));
  EXPECT_FALSE(Reads({kExpiredMark + 1}, kTenPerSecond));
  EXPECT_FALSE(Reads({kErrorMark + 1}, kTenPerSecond));
}

TEST(Forgotten, IsHowManyKeysThereWereOrAMark) {
  Verdict verdict;
  for (const int64_t integer : {int64_t{0}, int64_t{1}, kExpiredMark, kErrorMark}) {
    EXPECT_TRUE(ReadForgotten(integer, verdict)) << integer;
  }
  for (const int64_t integer : {int64_t{2}, int64_t{-1}, kForeignMark, INT64_MAX}) {
    EXPECT_FALSE(ReadForgotten(integer, verdict)) << integer;
  }
}

TEST(Decision, AllowedSaysWhatIsLeft) {
  const drl_decision decision = Decision({300'000}, kTenPerSecond, 3);
  EXPECT_EQ(decision.allowed, 1);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_ALLOWED);
  EXPECT_EQ(decision.cause, DRL_OK);
  EXPECT_EQ(decision.charged, DRL_CHARGED_YES);
  EXPECT_EQ(decision.flags, 0);
  EXPECT_EQ(decision.limit, 10);
  EXPECT_EQ(decision.remaining, 7);
  EXPECT_EQ(decision.cost, 3);
  EXPECT_EQ(decision.retry_after_us, 0);
  EXPECT_EQ(decision.reset_after_us, 300'000);
  EXPECT_EQ(decision.decided_at_us, 5 + kEpochUs);
}

TEST(Decision, DeniedSaysHowLongToWait) {
  const drl_decision decision = Decision({-1 - 950'000}, kTenPerSecond, 1);
  EXPECT_EQ(decision.allowed, 0);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_DENIED);
  EXPECT_EQ(decision.charged, DRL_CHARGED_NO);
  EXPECT_EQ(decision.remaining, 0);
  EXPECT_EQ(decision.retry_after_us, 50'000);
  EXPECT_EQ(decision.reset_after_us, 950'000);
}

TEST(Decision, PeekIsAllowedAndNotCharged) {
  const drl_decision decision = Decision({950'000}, kTenPerSecond, 0);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_ALLOWED);
  EXPECT_EQ(decision.charged, DRL_CHARGED_NO);
}

TEST(Decision, CostAboveBurstIsNever) {
  const drl_decision decision = Decision({-1}, kTenPerSecond, 11);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_NEVER);
  EXPECT_EQ(decision.retry_after_us, -1);
  EXPECT_EQ(decision.remaining, 10);
  EXPECT_EQ(decision.allowed, 0);
}

TEST(Decision, CostAboveOneBurstOfSeveralIsNever) {
  const drl_decision decision = Decision({-1 - 1'000'000, -1, 0}, kBoth, 8);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_NEVER);
  EXPECT_EQ(decision.binding, 1) << "never outlasts any wait";
}

TEST(Decision, BindingLimitOfADenialIsTheOneThatDeniesLongest) {
  const drl_decision decision = Decision({-1 - 1'000'000, -1 - 60'000'000, 0}, kBoth, 1);
  EXPECT_EQ(decision.binding, 1);
  EXPECT_EQ(decision.limit, 7);
  EXPECT_EQ(decision.retry_after_us, 8'571'429);
}

TEST(Decision, BindingLimitOfAnAllowedRequestHasTheFewestTokensLeft) {
  const drl_decision decision = Decision({800'000, 8'571'428, 4}, kBoth, 1);
  EXPECT_EQ(decision.binding, 0);
  EXPECT_EQ(decision.remaining, 2);
}

TEST(Decision, ResetOfAFractionIsRoundedUp) {
  EXPECT_EQ(Decision({8'571'428, 4}, kSevenPerMinute, 1).reset_after_us, 8'571'429);
}

TEST(Decision, HasEveryLimitInForceAndItsBucket) {
  const drl_decision decision = Decision({800'000, 8'571'428, 4}, kBoth, 1);
  ASSERT_EQ(decision.limits_count, 2);
  EXPECT_EQ(decision.limits[0].rate, 10);
  EXPECT_EQ(decision.limits[0].per_us, kSecond);
  EXPECT_EQ(decision.limits[0].burst, 10);
  EXPECT_EQ(decision.limits[0].remaining, 2);
  EXPECT_EQ(decision.limits[0].reset_after_us, 800'000);
  EXPECT_EQ(decision.limits[1].rate, 7);
  EXPECT_EQ(decision.limits[1].per_us, 60 * kSecond);
  EXPECT_EQ(decision.limits[1].burst, 7);
  EXPECT_EQ(decision.limits[1].remaining, 6);
  EXPECT_EQ(decision.limits[1].reset_after_us, 8'571'429);
  EXPECT_EQ(decision.limits[2].rate, 0);
}

TEST(Decision, HeadroomIsWaitedForLikeCost) {
  const drl_decision decision = Decision({-1 - 800'000}, kTenPerSecond, 1, 4);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_DENIED);
  EXPECT_EQ(decision.cost, 1);
  EXPECT_EQ(decision.remaining, 2);
  EXPECT_EQ(decision.retry_after_us, 300'000);
}

TEST(Decision, CostAndHeadroomAboveBurstAreNever) {
  EXPECT_EQ(Decision({-1}, kTenPerSecond, 1, 9).outcome, DRL_OUTCOME_DENIED);
  EXPECT_EQ(Decision({-1}, kTenPerSecond, 1, 10).outcome, DRL_OUTCOME_NEVER);
}

TEST(Decision, LookWithHeadroomAboveTheBurstIsNever) {
  EXPECT_EQ(Decision({0}, kTenPerSecond, 0, 10).outcome, DRL_OUTCOME_ALLOWED);
  const drl_decision decision = Decision({0}, kTenPerSecond, 0, 11);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_NEVER);
  EXPECT_EQ(decision.allowed, 0);
  EXPECT_EQ(decision.retry_after_us, -1);
}

TEST(Decision, HasZeroedReservedFields) {
  for (const int64_t reserved : Decision({0}, kTenPerSecond, 0).reserved) EXPECT_EQ(reserved, 0);
}

TEST(Degraded, OpenServes) {
  drl_decision decision;
  FillDegraded(Plan(kTenPerSecond), {3, 0}, true, DRL_ERR_TIMEOUT, DRL_CHARGED_UNKNOWN, decision);
  EXPECT_EQ(decision.allowed, 1);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_UNDECIDED);
  EXPECT_EQ(decision.cause, DRL_ERR_TIMEOUT);
  EXPECT_EQ(decision.charged, DRL_CHARGED_UNKNOWN);
  EXPECT_EQ(decision.flags, DRL_DECISION_DEGRADED);
  EXPECT_EQ(decision.limit, 10);
  EXPECT_EQ(decision.cost, 3);
}

TEST(Degraded, ClosedDoesNotServe) {
  drl_decision decision;
  FillDegraded(Plan(kTenPerSecond), {3, 0}, false, DRL_ERR_CONNECT, DRL_CHARGED_NO, decision);
  EXPECT_EQ(decision.allowed, 0);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_UNDECIDED);
}

TEST(Degraded, MeansNothingByItsNumbers) {
  drl_decision decision;
  FillDegraded(Plan(kBoth), {3, 0}, true, DRL_ERR_TIMEOUT, DRL_CHARGED_NO, decision);
  EXPECT_EQ(decision.remaining, 0);
  EXPECT_EQ(decision.retry_after_us, 0);
  EXPECT_EQ(decision.reset_after_us, 0);
  EXPECT_EQ(decision.decided_at_us, 0);
  EXPECT_EQ(decision.binding, 0);
  ASSERT_EQ(decision.limits_count, 2);
  EXPECT_EQ(decision.limits[1].burst, 7);
  EXPECT_EQ(decision.limits[1].rate, 7);
  EXPECT_EQ(decision.limits[1].remaining, 0);
  EXPECT_EQ(decision.limits[1].reset_after_us, 0);
}

TEST(Degraded, HeadroomAboveBurstIsNeverServedEither) {
  drl_decision decision;
  FillDegraded(Plan(kTenPerSecond), {1, 10}, true, DRL_ERR_TIMEOUT, DRL_CHARGED_UNKNOWN, decision);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_NEVER);
  FillDegraded(Plan(kTenPerSecond), {1, 9}, true, DRL_ERR_TIMEOUT, DRL_CHARGED_UNKNOWN, decision);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_UNDECIDED);
}

TEST(Degraded, CostAboveBurstIsNeverServedEvenOpen) {
  drl_decision decision;
  FillDegraded(Plan(kBoth), {8, 0}, true, DRL_ERR_TIMEOUT, DRL_CHARGED_UNKNOWN, decision);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_NEVER);
  EXPECT_EQ(decision.allowed, 0);
  EXPECT_EQ(decision.charged, DRL_CHARGED_NO);
  EXPECT_EQ(decision.binding, 1);
  EXPECT_EQ(decision.limit, 7);
  EXPECT_EQ(decision.retry_after_us, -1);
  EXPECT_EQ(decision.flags, DRL_DECISION_DEGRADED);
  EXPECT_EQ(decision.cause, DRL_ERR_TIMEOUT);
}

}  // namespace
}  // namespace drl::core
