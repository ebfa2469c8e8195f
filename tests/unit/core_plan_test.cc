// Fingerprints against vectors of tools that know nothing of this library: with plan() of key_vectors.sh,
//     plan 10,100 1000000,60000000 10,100 | xxd -r -p | sha256sum | cut -c 1-32 | xxd -r -p | base64 | tr '+/' '-_' | cut -c 1-6
// core_key_test.cc reads more of them, inside keys.
#include "core/plan.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace drl::core {
namespace {

constexpr int64_t kSecond = 1'000'000;

struct Terms {
  int64_t rate;
  int64_t per_us;
  int64_t burst;
};

Plan Made(std::initializer_list<Terms> terms, const char* name = nullptr) {
  Limits limits;
  for (const Terms& one : terms) limits.push_back(*Limit::Make({one.rate, one.per_us, one.burst, name, {}}, ""));
  return Plan(limits);
}

std::string Fingerprint(std::initializer_list<Terms> terms, const char* name = nullptr) {
  return std::string(Made(terms, name).fingerprint());
}

TEST(Fingerprint, IsThatOfIndependentTools) {
  EXPECT_EQ(Fingerprint({{100, 60 * kSecond, 100}}), "-XQFtv");
  EXPECT_EQ(Fingerprint({{10, 60 * kSecond, 3}}), "PRyOLW");
  EXPECT_EQ(Fingerprint({{1, 1, 1}}), "mz2Lq0");
  EXPECT_EQ(Fingerprint({{kTokensMax, kTimeMaxUs, kTokensMax}}), "wehPbN");
  EXPECT_EQ(Fingerprint({{10, kSecond, 10}, {100, 60 * kSecond, 100}}), "k8nBkF");
  EXPECT_EQ(Fingerprint({{100, 60 * kSecond, 100}, {10, kSecond, 10}}), "TLKEMa");
}

TEST(Fingerprint, IsThatOfLowestTerms) {
  EXPECT_EQ(Fingerprint({{200, 120 * kSecond, 100}}), Fingerprint({{100, 60 * kSecond, 100}}));
  EXPECT_EQ(Fingerprint({{5, 3 * kSecond, 100}}), Fingerprint({{100, 60 * kSecond, 100}}));
}

TEST(Fingerprint, OfABurstThatIsNotGivenIsThatOfTheRate) {
  EXPECT_EQ(Fingerprint({{100, 60 * kSecond, 0}}), Fingerprint({{100, 60 * kSecond, 100}}));
  EXPECT_NE(Fingerprint({{200, 120 * kSecond, 0}}), Fingerprint({{100, 60 * kSecond, 0}})) << "another burst";
}

TEST(Fingerprint, DoesNotDependOnNames) {
  EXPECT_EQ(Fingerprint({{7, kSecond, 7}}, "burst"), Fingerprint({{7, kSecond, 7}}));
}

TEST(Fingerprint, TellsEveryDifferenceApart) {
  std::set<std::string> seen;
  for (int64_t rate = 1; rate <= 10; ++rate) {
    for (const int64_t per_us : {int64_t{997}, kSecond + 3}) {  // primes: all in lowest terms
      for (int64_t burst = 1; burst <= 10; ++burst) {
        EXPECT_TRUE(seen.insert(Fingerprint({{rate, per_us, burst}})).second);
        EXPECT_TRUE(seen.insert(Fingerprint({{rate, per_us, burst}, {1, kSecond, 1}})).second);
        EXPECT_TRUE(seen.insert(Fingerprint({{1, kSecond, 1}, {rate, per_us, burst}})).second);
      }
    }
  }
}

TEST(Plan, IsTheSameOnlyInTheSameTerms) {
  const Plan hundred = Made({{100, 60 * kSecond, 100}});
  EXPECT_TRUE(hundred.IsSame(Made({{100, 60 * kSecond, 0}}, "named")));
  EXPECT_FALSE(hundred.IsSame(Made({{200, 120 * kSecond, 100}}))) << "a decision tells the user's own numbers";
  EXPECT_FALSE(hundred.IsSame(Made({{100, 60 * kSecond, 99}})));
  EXPECT_FALSE(hundred.IsSame(Made({{100, 60 * kSecond, 100}, {100, 60 * kSecond, 100}})));
}

TEST(Plan, KnowsWhatCanNeverFit) {
  const Plan plan = Made({{100, kSecond, 10}, {5, kSecond, 5}});
  EXPECT_FALSE(plan.Never(5, 0));
  EXPECT_TRUE(plan.Never(6, 0));
  EXPECT_FALSE(plan.Never(3, 2));
  EXPECT_TRUE(plan.Never(3, 3));
  EXPECT_TRUE(plan.Never(kTokensMax, kTokensMax));
}

TEST(Plan, KnowsTheLengthOfItsAnswer) {
  EXPECT_EQ(Made({{10, kSecond, 10}}).reply_length(), 1u);
  EXPECT_EQ(Made({{10, kSecond, 10}, {7, 60 * kSecond, 7}}).reply_length(), 3u);
}

}  // namespace
}  // namespace drl::core
