#include "http/headers.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <string>
#include <vector>

namespace drl::http {
namespace {

constexpr int64_t kSecond = 1'000'000;

using Rendered = std::map<std::string, std::string>;

// A limit in force under its name.
struct Policy {
  std::string_view name;
  int64_t burst = 0;
  int64_t window_s = 0;  // in which an empty bucket fills
};

using Names = std::vector<std::string_view>;

PolicySet Policies(const Names& names) {
  base::Result<PolicySet> set = PolicySet::Compile(names);
  EXPECT_TRUE(set.ok()) << set.status().message();
  return std::move(*set);
}

const std::vector<Policy> kHundred = {{"burst", 100, 60}};
const std::vector<Policy> kTwo = {{"burst", 100, 60}, {"daily", 1000, 86400}};

drl_decision Decision(int32_t outcome, int64_t remaining, int64_t retry_us, int64_t reset_us) {
  drl_decision decision{};
  decision.outcome = outcome;
  decision.allowed = outcome == DRL_OUTCOME_ALLOWED ? 1 : 0;
  decision.limit = 100;
  decision.remaining = remaining;
  decision.retry_after_us = retry_us;
  decision.reset_after_us = reset_us;
  decision.decided_at_us = 1'700'000'000 * kSecond;
  return decision;
}

// `decision` with these limits in force.
drl_decision Under(const std::vector<Policy>& policies, drl_decision decision) {
  decision.limits_count = 0;
  for (const Policy& policy : policies) {
    decision.limits[decision.limits_count++] = {policy.burst, policy.window_s * kSecond, policy.burst, 0, 0};
  }
  return decision;
}

Names NamesOf(const std::vector<Policy>& policies) {
  Names names;
  for (const Policy& policy : policies) names.push_back(policy.name);
  return names;
}

drl_header_options Styles(int32_t styles) {
  drl_header_options options = DRL_HEADER_OPTIONS_INIT;
  options.styles = styles;
  return options;
}

Rendered Render(const std::vector<Policy>& policies, const drl_decision& decision,
                const drl_header_options& options = DRL_HEADER_OPTIONS_INIT) {
  drl_headers headers;
  const base::Status status = RenderHeaders(Policies(NamesOf(policies)), Under(policies, decision), options, headers);
  EXPECT_TRUE(status.ok()) << status.message();
  Rendered rendered;
  for (int32_t i = 0; i < headers.count; ++i) {
    const drl_header& item = headers.items[i];
    EXPECT_EQ(item.name[item.name_len], '\0');
    EXPECT_EQ(item.value[item.value_len], '\0');
    EXPECT_TRUE(rendered.emplace(item.name, item.value).second) << item.name << " twice";
  }
  return rendered;
}

drl_status CodeOf(const drl_decision& decision, const drl_header_options& options = DRL_HEADER_OPTIONS_INIT) {
  drl_headers headers;
  headers.count = 7;
  const base::Status status = RenderHeaders(Policies(NamesOf(kTwo)), decision, options, headers);
  EXPECT_EQ(headers.count > 0, status.ok());
  return status.code();
}

TEST(Headers, AllowedHasDraftAndLegacyByDefault) {
  const Rendered want = {{"RateLimit-Policy", R"("burst";q=100;w=60)"},
                         {"RateLimit", R"("burst";r=50;t=30)"},
                         {"RateLimit-Limit", "100"},
                         {"RateLimit-Remaining", "50"},
                         {"RateLimit-Reset", "30"}};
  EXPECT_EQ(Render(kHundred, Decision(DRL_OUTCOME_ALLOWED, 50, 0, 30 * kSecond)), want);
}

TEST(Headers, AllPoliciesAreListedWithTheStateOfTheBindingOne) {
  drl_decision decision = Decision(DRL_OUTCOME_ALLOWED, 7, 0, 30 * kSecond);
  decision.binding = 1;
  const Rendered got = Render(kTwo, decision);
  EXPECT_EQ(got.at("RateLimit-Policy"), R"("burst";q=100;w=60, "daily";q=1000;w=86400)");
  EXPECT_EQ(got.at("RateLimit"), R"("daily";r=7;t=30)");
  EXPECT_EQ(got.at("RateLimit-Limit"), "1000");
}

TEST(Headers, SecondsAreRoundedUp) {
  EXPECT_EQ(Render(kHundred, Decision(DRL_OUTCOME_ALLOWED, 99, 0, 1)).at("RateLimit-Reset"), "1");
  EXPECT_EQ(Render(kHundred, Decision(DRL_OUTCOME_ALLOWED, 99, 0, kSecond)).at("RateLimit-Reset"), "1");
  EXPECT_EQ(Render(kHundred, Decision(DRL_OUTCOME_ALLOWED, 99, 0, kSecond + 1)).at("RateLimit-Reset"), "2");
}

TEST(Headers, FullBucketResetsNow) {
  EXPECT_EQ(Render(kHundred, Decision(DRL_OUTCOME_ALLOWED, 100, 0, 0)).at("RateLimit"), R"("burst";r=100;t=0)");
}

TEST(Headers, DeniedSaysWhenToComeBackEverywhereAlike) {
  const Rendered got = Render(kHundred, Decision(DRL_OUTCOME_DENIED, 3, 2 * kSecond + 1, 58 * kSecond),
                              Styles(DRL_HEADERS_DRAFT | DRL_HEADERS_LEGACY | DRL_HEADERS_X));
  EXPECT_EQ(got.at("RateLimit"), R"("burst";r=3;t=3)");
  EXPECT_EQ(got.at("RateLimit-Reset"), "3");
  EXPECT_EQ(got.at("X-RateLimit-Reset"), "3");
  EXPECT_EQ(got.at("Retry-After"), "3");
}

TEST(Headers, DeniedNeverSaysNow) {
  const Rendered got = Render(kHundred, Decision(DRL_OUTCOME_DENIED, 0, 0, 0));
  EXPECT_EQ(got.at("Retry-After"), "1");
  EXPECT_EQ(got.at("RateLimit-Reset"), "1");
}

TEST(Headers, AllowedHasNoRetryAfter) {
  EXPECT_EQ(Render(kHundred, Decision(DRL_OUTCOME_ALLOWED, 0, 0, kSecond)).count("Retry-After"), 0u);
}

TEST(Headers, NeverHasNoRetryAfter) {
  const Rendered got = Render(kHundred, Decision(DRL_OUTCOME_NEVER, 40, -1, 36 * kSecond));
  EXPECT_EQ(got.count("Retry-After"), 0u);
  EXPECT_EQ(got.at("RateLimit"), R"("burst";r=40;t=36)");
}

TEST(Headers, NeverWithoutRedisClaimsNoState) {
  drl_decision decision = Decision(DRL_OUTCOME_NEVER, 0, -1, 0);
  decision.flags = DRL_DECISION_DEGRADED;
  const Rendered want = {{"RateLimit-Policy", R"("burst";q=100;w=60)"}, {"RateLimit-Limit", "100"}};
  EXPECT_EQ(Render(kHundred, decision), want);
}

TEST(Headers, DegradedClaimsNoState) {
  drl_decision decision = Decision(DRL_OUTCOME_UNDECIDED, 0, 0, 0);
  decision.allowed = 1;
  const Rendered want = {
      {"RateLimit-Policy", R"("burst";q=100;w=60)"}, {"RateLimit-Limit", "100"}, {"X-RateLimit-Limit", "100"}};
  EXPECT_EQ(Render(kHundred, decision, Styles(DRL_HEADERS_DRAFT | DRL_HEADERS_LEGACY | DRL_HEADERS_X)), want);
}

TEST(Headers, DegradedRefusalMayRetryAfterASecond) {
  EXPECT_EQ(Render(kHundred, Decision(DRL_OUTCOME_UNDECIDED, 0, 0, 0)).at("Retry-After"), "1");
}

TEST(Headers, StylesAreWrittenAlone) {
  const drl_decision decision = Decision(DRL_OUTCOME_ALLOWED, 50, 0, 30 * kSecond);
  EXPECT_EQ(Render(kHundred, decision, Styles(DRL_HEADERS_DRAFT)),
            (Rendered{{"RateLimit-Policy", R"("burst";q=100;w=60)"}, {"RateLimit", R"("burst";r=50;t=30)"}}));
  EXPECT_EQ(Render(kHundred, decision, Styles(DRL_HEADERS_X)),
            (Rendered{{"X-RateLimit-Limit", "100"}, {"X-RateLimit-Remaining", "50"}, {"X-RateLimit-Reset", "30"}}));
}

TEST(Headers, XResetMayBeAnInstant) {
  drl_header_options options = Styles(DRL_HEADERS_X | DRL_HEADERS_LEGACY);
  options.x_reset = DRL_X_RESET_EPOCH;
  drl_decision decision = Decision(DRL_OUTCOME_ALLOWED, 50, 0, 30 * kSecond);
  decision.decided_at_us += 1;
  const Rendered got = Render(kHundred, decision, options);
  EXPECT_EQ(got.at("X-RateLimit-Reset"), "1700000031");
  EXPECT_EQ(got.at("RateLimit-Reset"), "30");
}

TEST(Headers, NamesMayBeLowerCase) {
  drl_header_options options = Styles(31);
  options.lower_case = 1;
  const Rendered got = Render(kHundred, Decision(DRL_OUTCOME_DENIED, 0, kSecond, kSecond), options);
  EXPECT_EQ(got.size(), 11u);
  for (const auto& [name, value] : got) {
    EXPECT_EQ(name.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), std::string::npos) << name;
  }
}

TEST(Headers, RefusalsMayForbidCaching) {
  const drl_header_options options = Styles(DRL_HEADERS_DRAFT | DRL_HEADERS_CACHE_CONTROL);
  EXPECT_EQ(Render(kHundred, Decision(DRL_OUTCOME_DENIED, 0, 1, 1), options).at("Cache-Control"), "no-store");
  EXPECT_EQ(Render(kHundred, Decision(DRL_OUTCOME_ALLOWED, 0, 0, 1), options).count("Cache-Control"), 0u);
}

TEST(Headers, ScriptsMayReadWhatIsWritten) {
  const drl_header_options options = Styles(DRL_HEADERS_DRAFT | DRL_HEADERS_CORS | DRL_HEADERS_CACHE_CONTROL);
  EXPECT_EQ(Render(kHundred, Decision(DRL_OUTCOME_DENIED, 0, 1, 1), options).at("Access-Control-Expose-Headers"),
            "RateLimit-Policy, RateLimit, Retry-After");
}

TEST(Headers, JitterOnlyDelaysAndStaysBelowItsBound) {
  const drl_decision decision = Decision(DRL_OUTCOME_DENIED, 0, 2 * kSecond, 2 * kSecond);
  drl_header_options options = DRL_HEADER_OPTIONS_INIT;
  options.retry_jitter_us = 5 * kSecond;
  std::map<int, int> seen;
  for (int64_t seed = 0; seed < 1000; ++seed) {
    options.jitter_seed = seed;
    const Rendered got = Render(kHundred, decision, options);
    EXPECT_EQ(got.at("RateLimit-Reset"), "2");
    ++seen[std::stoi(got.at("Retry-After"))];
  }
  // 2 only where the jitter is exactly nothing; the rest alike, a fifth each.
  EXPECT_GE(seen.begin()->first, 2);
  EXPECT_LE(seen.rbegin()->first, 7);
  for (int seconds = 3; seconds <= 7; ++seconds) EXPECT_GT(seen[seconds], 120) << seconds;
}

TEST(Headers, EqualSeedsGiveEqualJitter) {
  drl_header_options options = DRL_HEADER_OPTIONS_INIT;
  options.retry_jitter_us = 3600 * kSecond;
  options.jitter_seed = -42;
  const drl_decision decision = Decision(DRL_OUTCOME_DENIED, 0, 1, 1);
  EXPECT_EQ(Render(kHundred, decision, options), Render(kHundred, decision, options));
}

TEST(Headers, JitterAppliesToDegradedRefusals) {
  drl_header_options options = DRL_HEADER_OPTIONS_INIT;
  options.retry_jitter_us = 86400 * kSecond;
  options.jitter_seed = 1;
  EXPECT_GT(std::stoi(Render(kHundred, Decision(DRL_OUTCOME_UNDECIDED, 0, 0, 0), options).at("Retry-After")), 1);
}

TEST(Headers, LargestLimiterFits) {
  std::vector<std::string> names;
  for (char c = 'a'; c < 'i'; ++c) names.push_back(std::string(63, '"') + c);
  std::vector<Policy> policies;
  const int64_t most = std::numeric_limits<int64_t>::max();
  for (const std::string& name : names) policies.push_back({name, most, most / kSecond});
  drl_decision decision = Decision(DRL_OUTCOME_DENIED, most, most, most);
  decision.binding = 7;
  decision.decided_at_us = most;
  drl_header_options options = Styles(31);
  options.x_reset = DRL_X_RESET_EPOCH;
  options.retry_jitter_us = 86400 * kSecond;
  const Rendered got = Render(policies, decision, options);
  EXPECT_EQ(got.size(), 11u);
  EXPECT_EQ(got.at("Retry-After").size(), 13u);
}

TEST(Headers, HostileNumbersStayIntegersOfStructuredFields) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  const int64_t least = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(Render(kHundred, Decision(DRL_OUTCOME_ALLOWED, least, least, least)).at("RateLimit"), R"("burst";r=0;t=0)");
  EXPECT_EQ(Render(kHundred, Decision(DRL_OUTCOME_ALLOWED, most, 0, 0)).at("RateLimit-Remaining"), "999999999999999");
}

// The window is the time in which an empty bucket fills, not the period that the rate is given in.
std::string PolicyOf(int64_t rate, int64_t per_us, int64_t burst) {
  drl_decision decision = Decision(DRL_OUTCOME_ALLOWED, 0, 0, 0);
  decision.limits_count = 1;
  decision.limits[0] = {rate, per_us, burst, 0, 0};
  drl_headers headers;
  EXPECT_TRUE(RenderHeaders(Policies({"x"}), decision, Styles(DRL_HEADERS_DRAFT), headers).ok());
  return headers.items[0].value;
}

TEST(Headers, WindowIsTheTimeInWhichABucketFills) {
  EXPECT_EQ(PolicyOf(100, 60 * kSecond, 100), R"("x";q=100;w=60)");
  EXPECT_EQ(PolicyOf(100, 60 * kSecond, 300), R"("x";q=300;w=180)");
  EXPECT_EQ(PolicyOf(7, 60 * kSecond, 1), R"("x";q=1;w=9)");
  EXPECT_EQ(PolicyOf(1, 60 * kSecond + 1, 1), R"("x";q=1;w=61)");
}

TEST(Headers, WindowIsAtLeastASecond) {
  EXPECT_EQ(PolicyOf(1, 1, 1), R"("x";q=1;w=1)");
  EXPECT_EQ(PolicyOf(1, 0, 1), R"("x";q=1;w=1)");
}

TEST(Headers, HostileLimitsStayIntegersOfStructuredFields) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  const int64_t least = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(PolicyOf(1, most, most), R"("x";q=999999999999999;w=999999999999999)");
  EXPECT_EQ(PolicyOf(least, least, least), R"("x";q=0;w=1)");
  EXPECT_EQ(PolicyOf(0, kSecond, 1), R"("x";q=1;w=1)");
}

TEST(Headers, DecisionThatWasNeverMadeIsRefused) {
  EXPECT_EQ(CodeOf(drl_decision{}), DRL_ERR_OPTION);
  EXPECT_EQ(CodeOf(Under(kTwo, Decision(5, 0, 0, 0))), DRL_ERR_OPTION);
}

TEST(Headers, DecisionOfAnotherLimiterIsRefused) {
  drl_decision decision = Under(kTwo, Decision(DRL_OUTCOME_ALLOWED, 0, 0, 0));
  EXPECT_EQ(CodeOf(decision), DRL_OK);
  EXPECT_EQ(CodeOf(Under(kHundred, decision)), DRL_ERR_OPTION);
  decision.binding = 2;
  EXPECT_EQ(CodeOf(decision), DRL_ERR_OPTION);
  decision.binding = -1;
  EXPECT_EQ(CodeOf(decision), DRL_ERR_OPTION);
  decision.binding = 0;
  for (const int32_t count : {-1, 0, 1, 3, 9}) {
    decision.limits_count = count;
    EXPECT_EQ(CodeOf(decision), DRL_ERR_OPTION) << count;
  }
}

TEST(Headers, UnknownOptionsAreRefused) {
  const drl_decision decision = Under(kTwo, Decision(DRL_OUTCOME_ALLOWED, 0, 0, 0));
  EXPECT_EQ(CodeOf(decision), DRL_OK);
  EXPECT_EQ(CodeOf(decision, Styles(32)), DRL_ERR_OPTION);
  EXPECT_EQ(CodeOf(decision, Styles(-1)), DRL_ERR_OPTION);
  drl_header_options options = DRL_HEADER_OPTIONS_INIT;
  options.x_reset = 2;
  EXPECT_EQ(CodeOf(decision, options), DRL_ERR_OPTION);
  options = DRL_HEADER_OPTIONS_INIT;
  options.lower_case = 2;
  EXPECT_EQ(CodeOf(decision, options), DRL_ERR_OPTION);
  options = DRL_HEADER_OPTIONS_INIT;
  options.retry_jitter_us = -1;
  EXPECT_EQ(CodeOf(decision, options), DRL_ERR_OPTION);
  options.retry_jitter_us = 86400 * kSecond + 1;
  EXPECT_EQ(CodeOf(decision, options), DRL_ERR_OPTION);
}

TEST(PolicySet, NamesTheNameless) {
  EXPECT_EQ(Policies({""}).name(0), "default");
  const PolicySet three = Policies({"", "daily", ""});
  EXPECT_EQ(three.name(0), "limit-1");
  EXPECT_EQ(three.name(1), "daily");
  EXPECT_EQ(three.name(2), "limit-3");
}

TEST(PolicySet, EscapesQuotesAndBackslashes) { EXPECT_EQ(Policies({R"(a"b\c)"}).quoted(0), R"("a\"b\\c")"); }

TEST(PolicySet, RefusesNamesThatNoStringCanHold) {
  const std::string longest(64, 'x');
  const std::string too_long(65, 'x');
  EXPECT_TRUE(PolicySet::Compile(Names{longest}).ok());
  for (const std::string& name : {too_long, std::string("a\nb"), std::string("a\rb"), std::string("a\0b", 3),
                                  std::string("\x7f"), std::string("caf\xC3\xA9"), std::string("\t")}) {
    EXPECT_EQ(PolicySet::Compile(Names{name}).status().code(), DRL_ERR_NAME) << name;
  }
}

TEST(PolicySet, RefusesTwoOfOneName) {
  EXPECT_EQ(PolicySet::Compile(Names{"a", "a"}).status().code(), DRL_ERR_NAME);
  EXPECT_EQ(PolicySet::Compile(Names{"limit-2", ""}).status().code(), DRL_ERR_NAME);
}

TEST(PolicySet, HasOneToEight) {
  EXPECT_EQ(PolicySet::Compile({}).status().code(), DRL_ERR_LIMITS);
  EXPECT_TRUE(PolicySet::Compile(Names(8)).ok());
  EXPECT_EQ(PolicySet::Compile(Names(9)).status().code(), DRL_ERR_LIMITS);
}

}  // namespace
}  // namespace drl::http
