#include <gmock/gmock.h>

#include <vector>

#include "redis_test.h"

namespace drl::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::vector<std::pair<std::string, std::string>> Pairs(const std::vector<Header>& headers) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const Header& header : headers) pairs.emplace_back(header.name, header.value);
  return pairs;
}

class HttpTest : public RedisTest {
 protected:
  Client client_{Options()};
  Limiter limiter_{client_, PerMinute(2)};
};

TEST_F(HttpTest, HeadersOfAnAllowedDecision) {
  EXPECT_THAT(Pairs(limiter_.Headers(limiter_.Allow("user"))),
              ElementsAre(Pair("RateLimit-Policy", "\"default\";q=2;w=60"), Pair("RateLimit", "\"default\";r=1;t=30"),
                          Pair("RateLimit-Limit", "2"), Pair("RateLimit-Remaining", "1"),
                          Pair("RateLimit-Reset", "30")));
}

TEST_F(HttpTest, HeaderOptionsAreHeard) {
  limiter_.Allow("user", 2);
  const Decision denied = limiter_.Allow("user");
  HeaderOptions options;
  options.styles = DRL_HEADERS_X | DRL_HEADERS_CACHE_CONTROL;
  options.x_reset = XReset::kEpoch;
  options.lower_case = true;
  const std::string epoch = std::to_string(REDIS_SERVER_START_TIME_US / 1'000'000 + 30);
  EXPECT_THAT(Pairs(limiter_.Headers(denied, options)),
              ElementsAre(Pair("x-ratelimit-limit", "2"), Pair("x-ratelimit-remaining", "0"),
                          Pair("x-ratelimit-reset", epoch), Pair("retry-after", "30"),
                          Pair("cache-control", "no-store")));
  options.retry_jitter = hours(25);
  EXPECT_EQ(Thrown([&] { limiter_.Headers(denied, options); }), DRL_ERR_OPTION);
}

TEST_F(HttpTest, DecisionThatWasNeverMadeHasNoHeaders) {
  EXPECT_EQ(Thrown([&] { limiter_.Headers(Decision()); }), DRL_ERR_OPTION);
  EXPECT_EQ(Thrown([&] { limiter_.MakeProblem(Decision()); }), DRL_ERR_OPTION);
}

TEST_F(HttpTest, ProblemOfARefusal) {
  EXPECT_EQ(limiter_.MakeProblem(limiter_.Allow("user", 2)).http_status, 200);
  const Problem problem = limiter_.MakeProblem(limiter_.Allow("user"), "slow down", "/hello");
  EXPECT_EQ(problem.http_status, 429);
  EXPECT_THAT(problem.body, HasSubstr("quota-exceeded"));
  EXPECT_THAT(problem.body, HasSubstr("\"detail\":\"slow down\""));
  EXPECT_THAT(problem.body, HasSubstr("\"instance\":\"/hello\""));
  EXPECT_EQ(limiter_.MakeProblem(limiter_.Allow("user", 3)).http_status, 429);
}

TEST_F(HttpTest, ProblemWithoutRedisIs503) {
  LimiterOptions policy;
  policy.limits = {PerMinute(2)};
  policy.fail_strategy = FailStrategy::kClosed;
  const Limiter closed(Client(kNowhere), policy);
  EXPECT_EQ(closed.MakeProblem(closed.Allow("user")).http_status, 503);
}

TEST(Resolver, TrustsNobodyByDefault) {
  const Resolver resolver;
  EXPECT_STREQ(resolver.header(), "");
  EXPECT_EQ(resolver.Resolve("203.0.113.7:1234"), "203.0.113.7");
  EXPECT_EQ(resolver.Resolve({}), "unknown");
}

TEST(Resolver, TakesTheWordOfTrustedProxies) {
  ResolverOptions options;
  options.trust = Trust::kNetworks;
  options.networks = {"10.0.0.0/8", "2001:db8:ffff::/48"};
  const Resolver resolver(options);
  EXPECT_STREQ(resolver.header(), "x-forwarded-for");
  EXPECT_EQ(resolver.Resolve("10.0.0.1", {"1.2.3.4, 198.51.100.1", "2001:db8:ffff::2"}), "198.51.100.1");
  EXPECT_EQ(resolver.Resolve("203.0.113.7", {"198.51.100.1"}), "203.0.113.7");
}

TEST(Resolver, EveryOptionIsHeard) {
  ResolverOptions options;
  options.trust = Trust::kHops;
  options.hops = 1;
  options.header = ForwardHeader::kForwarded;
  options.ipv4_prefix_len = 24;
  options.ipv6_prefix_len = 48;
  const Resolver resolver(options);
  std::error_code error;
  EXPECT_EQ(resolver.Resolve("10.0.0.1", {"for=198.51.100.1"}, error), "198.51.100.0/24");
  EXPECT_EQ(resolver.Resolve("10.0.0.1", {"for=\"[2001:db8:1:2::3]\""}, error), "2001:db8:1::/48");
  EXPECT_FALSE(error);
}

TEST(Resolver, WrongNetworkIsNamed) {
  ResolverOptions options;
  options.trust = Trust::kNetworks;
  options.networks = {"10.0.0.0/8", std::string("10.0.0.0/8\0", 11)};
  EXPECT_EQ(Thrown([&] { const Resolver resolver(options); }), DRL_ERR_ADDRESS);
  options.networks = {"10.0.0.1/8"};
  EXPECT_EQ(Thrown([&] { const Resolver resolver(options); }), DRL_ERR_ADDRESS);
  std::error_code error;
  const Resolver none(options, error);
  EXPECT_EQ(error, MakeErrorCode(DRL_ERR_ADDRESS));
  EXPECT_STREQ(none.header(), "");
}

}  // namespace
}  // namespace drl::test
