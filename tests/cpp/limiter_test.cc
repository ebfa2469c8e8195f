#include <gmock/gmock.h>

#include <type_traits>
#include <vector>

#include "redis_test.h"

namespace drl::test {
namespace {

static_assert(std::is_nothrow_move_constructible_v<Limiter> && !std::is_copy_constructible_v<Limiter>);
static_assert(std::is_trivially_copyable_v<Decision> || std::is_nothrow_copy_constructible_v<Decision>);

class LimiterTest : public RedisTest {
 protected:
  void SetUp() override {
    RedisTest::SetUp();
    redis_server_set_time(server_, REDIS_SERVER_START_TIME_US);
  }

  Client client_{Options()};
};

TEST_F(LimiterTest, AllowedDecisionHasExactFields) {
  const Limiter limiter(client_, PerHour(10));
  const Decision decision = limiter.Allow("user", 4);
  EXPECT_TRUE(decision);
  EXPECT_EQ(decision.outcome, Outcome::kAllowed);
  EXPECT_EQ(decision.charged, Charged::kYes);
  EXPECT_FALSE(decision.degraded());
  EXPECT_EQ(decision.cause, DRL_OK);
  EXPECT_EQ(decision.limit, 10);
  EXPECT_EQ(decision.remaining, 6);
  EXPECT_EQ(decision.cost, 4);
  EXPECT_EQ(decision.retry_after, microseconds(0));
  EXPECT_EQ(decision.reset_after, minutes(4 * 6));
  EXPECT_EQ(decision.decided_at, RedisTime(microseconds(REDIS_SERVER_START_TIME_US)));
}

TEST_F(LimiterTest, DeniedDecisionSaysWhenToComeBack) {
  const Limiter limiter(client_, PerSecond(2));
  limiter.Allow("user", 2);
  const Decision denied = limiter.Allow("user");
  EXPECT_FALSE(denied);
  EXPECT_EQ(denied.outcome, Outcome::kDenied);
  EXPECT_EQ(denied.charged, Charged::kNo);
  EXPECT_EQ(denied.retry_after, milliseconds(500));
  redis_server_set_time(server_, REDIS_SERVER_START_TIME_US + 499'999);
  EXPECT_FALSE(limiter.Allow("user"));
  redis_server_set_time(server_, REDIS_SERVER_START_TIME_US + 500'000);
  EXPECT_TRUE(limiter.Allow("user"));
}

TEST_F(LimiterTest, WhatCanNeverBeAllowedHasNoRetryAfter) {
  const Decision decision = Limiter(client_, PerSecond(2)).Allow("user", 3);
  EXPECT_FALSE(decision);
  EXPECT_EQ(decision.outcome, Outcome::kNever);
  EXPECT_FALSE(decision.retry_after.has_value());
}

TEST_F(LimiterTest, PeekTakesNothingAndResetFills) {
  const Limiter limiter(client_, PerHour(10));
  limiter.Allow("user", 7);
  EXPECT_EQ(limiter.Peek("user").remaining, 3);
  EXPECT_EQ(limiter.Peek("user").remaining, 3);
  limiter.Reset("user");
  std::error_code error = MakeErrorCode(DRL_ERR_REDIS);
  EXPECT_EQ(limiter.Peek("user", error).remaining, 10);
  EXPECT_FALSE(error);
  limiter.Reset("user", error);
  EXPECT_FALSE(error);
}

TEST_F(LimiterTest, HelpersMeanTheirUnitAndBurst) {
  EXPECT_EQ(PerSecond(5).per, seconds(1));
  EXPECT_EQ(PerMinute(5).per, seconds(60));
  EXPECT_EQ(PerHour(5).per, hours(1));
  EXPECT_EQ(PerDay(5, 9).per, hours(24));
  EXPECT_EQ(Limiter(client_, PerDay(5, 9)).Peek("user").limit, 9);
  EXPECT_EQ(Limiter(client_, PerDay(5)).Peek("user").limit, 5);
}

TEST_F(LimiterTest, SeveralLimitsAreChargedTogether) {
  const Limiter limiter(client_, {PerSecond(10), PerHour(12)});
  EXPECT_EQ(limiter.Allow("user", 10).binding, 0);
  redis_server_set_time(server_, REDIS_SERVER_START_TIME_US + 1'000'000);
  const Decision denied = limiter.Allow("user", 3);
  EXPECT_FALSE(denied);
  EXPECT_EQ(denied.binding, 1);
  EXPECT_EQ(denied.limit, 12);
}

TEST_F(LimiterTest, NamespaceAndNameTellBucketsApart) {
  LimiterOptions policy;
  policy.limits = {PerHour(1)};
  const Limiter plain(client_, policy);
  policy.name = "other";
  const Limiter named(client_, policy);
  policy.key_namespace = "api";
  const Limiter spaced(client_, policy);
  const Limiter same(client_, policy);
  EXPECT_TRUE(plain.Allow("user"));
  EXPECT_TRUE(named.Allow("user"));
  EXPECT_TRUE(spaced.Allow("user"));
  EXPECT_FALSE(same.Allow("user"));
}

TEST_F(LimiterTest, IdentitiesAreBytes) {
  const Limiter limiter(client_, PerHour(2));
  EXPECT_EQ(limiter.Allow(std::string_view("a\0b", 3)).remaining, 1);
  EXPECT_EQ(limiter.Allow("a").remaining, 1);
  EXPECT_EQ(limiter.Allow(std::string_view("a\0", 2)).remaining, 1);
  EXPECT_EQ(limiter.Allow(std::string("a\0b", 3)).remaining, 0);
}

TEST_F(LimiterTest, EmptyIdentityIsAnErrorOfIdentityInEveryCall) {
  const Limiter limiter(client_, PerHour(2));
  const std::string_view nothing;
  EXPECT_EQ(Thrown([&] { limiter.Allow(nothing); }), DRL_ERR_IDENTITY);
  EXPECT_EQ(Thrown([&] { limiter.Peek(nothing); }), DRL_ERR_IDENTITY);
  EXPECT_EQ(Thrown([&] { limiter.Reset(nothing); }), DRL_ERR_IDENTITY);
  EXPECT_EQ(Thrown([&] { limiter.AllowMany({{nothing}}); }), DRL_ERR_IDENTITY);
  EXPECT_EQ(Thrown([&] { limiter.AllowAsync(nothing); }), DRL_ERR_IDENTITY);
}

TEST_F(LimiterTest, ErrorCodeFormDoesNotThrow) {
  const Limiter limiter(client_, PerHour(2));
  std::error_code error;
  const Decision decision = limiter.Allow("user", -1, error);
  EXPECT_EQ(error, MakeErrorCode(DRL_ERR_COST));
  EXPECT_FALSE(decision);
  EXPECT_EQ(decision.outcome, Outcome::kNone);
  EXPECT_TRUE(limiter.Allow("user", error));
  EXPECT_FALSE(error);
  limiter.AllowCallback("user", -1, [](std::error_code, const Decision&) { FAIL(); }, error);
  EXPECT_EQ(error, MakeErrorCode(DRL_ERR_COST));
}

TEST_F(LimiterTest, WrongPolicyIsNamed) {
  const auto status = [&](const LimiterOptions& options) { return Thrown([&] { Limiter limiter(client_, options); }); };
  LimiterOptions policy;
  EXPECT_EQ(status(policy), DRL_ERR_LIMITS);
  policy.limits.assign(9, PerHour(1));
  EXPECT_EQ(status(policy), DRL_ERR_LIMITS);
  policy.limits = {PerHour(0)};
  EXPECT_EQ(status(policy), DRL_ERR_RATE);
  policy.limits = {{1, microseconds(-1), 0, {}}};
  EXPECT_EQ(status(policy), DRL_ERR_PER);
  policy.limits = {PerHour(1)};
  policy.fail_strategy = static_cast<FailStrategy>(9);
  EXPECT_EQ(status(policy), DRL_ERR_FAIL_STRATEGY);
  std::error_code error;
  const Limiter limiter(client_, policy, error);
  EXPECT_EQ(error, MakeErrorCode(DRL_ERR_FAIL_STRATEGY));
  EXPECT_EQ(limiter.get(), nullptr);
}

TEST_F(LimiterTest, NamesAreNotCutAtANulByte) {
  const std::string cut("a\0b", 3);
  const auto status = [&](auto change) {
    LimiterOptions policy;
    policy.limits = {PerHour(1), PerHour(2)};
    change(policy);
    return Thrown([&] { Limiter limiter(client_, policy); });
  };
  EXPECT_EQ(status([&](LimiterOptions& o) { o.key_namespace = cut; }), DRL_ERR_NAMESPACE);
  EXPECT_EQ(status([&](LimiterOptions& o) { o.name = cut; }), DRL_ERR_NAME);
  EXPECT_EQ(status([&](LimiterOptions& o) { o.limits[1].name = cut; }), DRL_ERR_NAME);
  EXPECT_EQ(status([](LimiterOptions&) {}), DRL_OK);
}

TEST_F(LimiterTest, AllowManyAnswersInOrder) {
  const Limiter limiter(client_, PerHour(5));
  const std::vector<Decision> decisions = limiter.AllowMany({{"a", 3}, {"b"}, {"a", 3}, {"a", 9}, {"a", 0}});
  ASSERT_EQ(decisions.size(), 5u);
  EXPECT_EQ(decisions[0].remaining, 2);
  EXPECT_EQ(decisions[1].remaining, 4);
  EXPECT_EQ(decisions[2].outcome, Outcome::kDenied);
  EXPECT_EQ(decisions[3].outcome, Outcome::kNever);
  EXPECT_EQ(decisions[4].remaining, 2);
}

TEST_F(LimiterTest, DecisionHasEveryLimitInForce) {
  const Decision decision = Limiter(client_, {PerSecond(10), PerHour(12, 20)}).Allow("user", 3);
  ASSERT_EQ(decision.limits.size(), 2u);
  EXPECT_EQ(decision.limits[0].rate, 10);
  EXPECT_EQ(decision.limits[0].per, seconds(1));
  EXPECT_EQ(decision.limits[0].remaining, 7);
  EXPECT_EQ(decision.limits[0].reset_after, milliseconds(300));
  EXPECT_EQ(decision.limits[1].per, hours(1));
  EXPECT_EQ(decision.limits[1].burst, 20);
  EXPECT_EQ(decision.limits[1].remaining, 17);
  int64_t left = 0;
  for (const LimitState& limit : decision.limits) left += limit.remaining;
  EXPECT_EQ(left, 24);
  EXPECT_TRUE(Decision().limits.empty());
}

TEST_F(LimiterTest, HeadroomIsLeftToOthers) {
  const Limiter limiter(client_, PerHour(10));
  Request polite{"user", 4};
  polite.headroom = 5;
  EXPECT_EQ(limiter.Decide(polite).remaining, 6);
  EXPECT_EQ(limiter.Decide(polite).outcome, Outcome::kDenied);
  EXPECT_EQ(limiter.Allow("user", 4).remaining, 2);
  polite.headroom = 7;
  EXPECT_EQ(limiter.Decide(polite).outcome, Outcome::kNever);
}

TEST_F(LimiterTest, OperationsOfARequest) {
  const Limiter limiter(client_, PerHour(10));
  limiter.Allow("user", 6);
  Request request{"user"};
  request.operation = Operation::kPeek;
  EXPECT_EQ(limiter.Decide(request).remaining, 4);
  EXPECT_EQ(limiter.Decide(request).remaining, 4);
  request.operation = Operation::kReset;
  limiter.Decide(request);
  EXPECT_EQ(limiter.Peek("user").remaining, 10);
}

TEST_F(LimiterTest, RequestMayHaveAFailStrategyAndTimeoutOfItsOwn) {
  const Limiter limiter(Client(kNowhere), PerHour(10));
  Request request{"user"};
  EXPECT_TRUE(limiter.Decide(request));
  request.fail_strategy = FailStrategy::kClosed;
  EXPECT_FALSE(limiter.Decide(request));
  request.fail_strategy = FailStrategy::kError;
  EXPECT_GE(Thrown([&] { limiter.Decide(request); }), 100);
  request.timeout = microseconds(999);
  std::error_code error;
  limiter.Decide(request, error);
  EXPECT_EQ(error, MakeErrorCode(DRL_ERR_OPTION));
}

TEST_F(LimiterTest, KeyIsTheOneInRedis) {
  const Limiter limiter(client_, PerHour(10));
  limiter.Allow("user");
  redisReply* reply = redis_server_command(server_, "KEYS *");
  ASSERT_EQ(reply->elements, 1u);
  EXPECT_EQ(limiter.Key("user"), reply->element[0]->str);
  freeReplyObject(reply);
  EXPECT_EQ(Thrown([&] { limiter.Key(""); }), DRL_ERR_IDENTITY);
  std::error_code error;
  EXPECT_EQ(limiter.Key("", error), "");
  EXPECT_EQ(error, MakeErrorCode(DRL_ERR_IDENTITY));
}

TEST_F(LimiterTest, AllowManyOfNoneIsAnError) {
  const Limiter limiter(client_, PerHour(5));
  EXPECT_EQ(Thrown([&] { limiter.AllowMany({}); }), DRL_ERR_CAPACITY);
}

TEST_F(LimiterTest, WithoutRedisTheFailStrategySpeaks) {
  const Client nowhere(kNowhere);
  LimiterOptions policy;
  policy.limits = {PerHour(5)};
  const Decision open = Limiter(nowhere, policy).Allow("user");
  EXPECT_TRUE(open);
  EXPECT_TRUE(open.degraded());
  EXPECT_NE(open.message[0], 0);
  EXPECT_EQ(open.outcome, Outcome::kUndecided);
  EXPECT_NE(open.cause, DRL_OK);
  policy.fail_strategy = FailStrategy::kClosed;
  EXPECT_FALSE(Limiter(nowhere, policy).Allow("user"));
  policy.fail_strategy = FailStrategy::kError;
  const Limiter strict(nowhere, policy);
  EXPECT_GE(Thrown([&] { strict.Allow("user"); }), 100);
  std::error_code error;
  EXPECT_EQ(strict.AllowMany({{"a"}, {"b"}}, error).size(), 2u);
  EXPECT_TRUE(error);
  EXPECT_GE(Thrown([&] { strict.Reset("user"); }), 100);
}

}  // namespace
}  // namespace drl::test
