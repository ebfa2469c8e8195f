#include "core/reply.h"

#include <gtest/gtest.h>

#include "core/call.h"

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

drl_decision Decision(std::vector<int64_t> integers, const Limits& limits, int64_t cost) {
  Verdict verdict;
  EXPECT_TRUE(ReadVerdict(integers, limits, verdict));
  drl_decision decision;
  FillDecision(verdict, limits, cost, 5, decision);
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
TEST(Verdict, ThatIsForeignInOnePlaceOnlyIsRejected) {
  EXPECT_TRUE(Reads({kForeign, kForeign, kForeign}, kBoth));
  EXPECT_FALSE(Reads({kForeign, 1, 0}, kBoth));
  EXPECT_FALSE(Reads({1, kForeign, kForeign}, kBoth));
}
TEST(Verdict, OfTheSmallestIntegerIsRejected) { EXPECT_FALSE(Reads({INT64_MIN}, kTenPerSecond)); }

TEST(Verdict, OfAForeignKeyIsNotAllowed) {
  Verdict verdict;
  ASSERT_TRUE(ReadVerdict(std::vector<int64_t>{kForeign}, kTenPerSecond, verdict));
  EXPECT_TRUE(verdict.foreign);
  EXPECT_FALSE(verdict.allowed);
}

TEST(Decision, AllowedSaysWhatIsLeft) {
  const drl_decision decision = Decision({300'000}, kTenPerSecond, 3);
  EXPECT_EQ(decision.allowed, 1);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_ALLOWED);
  EXPECT_EQ(decision.cause, DRL_OK);
  EXPECT_EQ(decision.charged, DRL_CHARGED_YES);
  EXPECT_EQ(decision.degraded, 0);
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

TEST(Decision, HasZeroedReservedFields) {
  for (const int64_t reserved : Decision({0}, kTenPerSecond, 0).reserved) EXPECT_EQ(reserved, 0);
}

TEST(Degraded, OpenServes) {
  drl_decision decision;
  FillDegraded(kTenPerSecond, 3, true, DRL_ERR_TIMEOUT, DRL_CHARGED_UNKNOWN, decision);
  EXPECT_EQ(decision.allowed, 1);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_UNDECIDED);
  EXPECT_EQ(decision.cause, DRL_ERR_TIMEOUT);
  EXPECT_EQ(decision.charged, DRL_CHARGED_UNKNOWN);
  EXPECT_EQ(decision.degraded, 1);
  EXPECT_EQ(decision.limit, 10);
  EXPECT_EQ(decision.cost, 3);
}

TEST(Degraded, ClosedDoesNotServe) {
  drl_decision decision;
  FillDegraded(kTenPerSecond, 3, false, DRL_ERR_CONNECT, DRL_CHARGED_NO, decision);
  EXPECT_EQ(decision.allowed, 0);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_UNDECIDED);
}

TEST(Degraded, MeansNothingByItsNumbers) {
  drl_decision decision;
  FillDegraded(kBoth, 3, true, DRL_ERR_TIMEOUT, DRL_CHARGED_NO, decision);
  EXPECT_EQ(decision.remaining, 0);
  EXPECT_EQ(decision.retry_after_us, 0);
  EXPECT_EQ(decision.reset_after_us, 0);
  EXPECT_EQ(decision.decided_at_us, 0);
  EXPECT_EQ(decision.binding, 0);
}

TEST(Degraded, CostAboveBurstIsNeverServedEvenOpen) {
  drl_decision decision;
  FillDegraded(kBoth, 8, true, DRL_ERR_TIMEOUT, DRL_CHARGED_UNKNOWN, decision);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_NEVER);
  EXPECT_EQ(decision.allowed, 0);
  EXPECT_EQ(decision.charged, DRL_CHARGED_NO);
  EXPECT_EQ(decision.binding, 1);
  EXPECT_EQ(decision.limit, 7);
  EXPECT_EQ(decision.retry_after_us, -1);
  EXPECT_EQ(decision.degraded, 1);
  EXPECT_EQ(decision.cause, DRL_ERR_TIMEOUT);
}

}  // namespace
}  // namespace drl::core
