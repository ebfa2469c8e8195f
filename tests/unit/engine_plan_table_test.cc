#include "engine/plan_table.h"

#include <gtest/gtest.h>

namespace drl::engine {
namespace {

constexpr int64_t kSecond = 1'000'000;

core::Limits Made(int64_t rate, int64_t per_us, int64_t burst) {
  return {*core::Limit::Make({rate, per_us, burst, nullptr, {}}, "")};
}

class PlanTableTest : public testing::Test {
 protected:
  std::shared_ptr<const core::Plan> For(const std::string& name, core::Limits limits) {
    return table.For("default", name, std::move(limits), other);
  }

  PlanTable table;
  bool other = true;
};

TEST_F(PlanTableTest, EqualLimitsOfOneNameAreOnePlan) {
  const auto plan = For("x", Made(10, kSecond, 10));
  EXPECT_FALSE(other);
  EXPECT_EQ(For("x", Made(10, kSecond, 0)), plan);
  EXPECT_FALSE(other);
  EXPECT_NE(For("y", Made(10, kSecond, 10)), plan);
  EXPECT_FALSE(other);
  EXPECT_NE(table.For("api", "x", Made(10, kSecond, 10), other), plan);
  EXPECT_FALSE(other);
}

TEST_F(PlanTableTest, OtherLimitsOfOneNameAreToldOnce) {
  const auto plan = For("x", Made(10, kSecond, 10));
  EXPECT_NE(For("x", Made(10, kSecond, 3)), plan);
  EXPECT_TRUE(other);
  For("x", Made(10, kSecond, 4));
  EXPECT_FALSE(other);
  EXPECT_EQ(For("x", Made(10, kSecond, 10)), plan);
  EXPECT_FALSE(other);
  For("y", Made(1, kSecond, 1));
  For("y", Made(2, kSecond, 2));
  EXPECT_TRUE(other) << "of each name";
}

TEST_F(PlanTableTest, TheSameLimitsInOtherTermsAreNotToldOf) {
  const auto plan = For("x", Made(10, kSecond, 10));
  const auto terms = For("x", Made(20, 2 * kSecond, 10));
  EXPECT_FALSE(other) << "they share their buckets";
  EXPECT_NE(terms, plan) << "each tells its own terms";
  For("x", Made(10, kSecond, 3));
  EXPECT_TRUE(other);
}

TEST_F(PlanTableTest, BeyondItsBoundsPlansAreNotKept) {
  for (int64_t i = 1; i <= static_cast<int64_t>(PlanTable::kPlansOfNameMax); ++i) For("x", Made(i, kSecond, i));
  EXPECT_NE(For("x", Made(100, kSecond, 100)), For("x", Made(100, kSecond, 100)));
  EXPECT_EQ(For("x", Made(1, kSecond, 1)), For("x", Made(1, kSecond, 1)));
  for (size_t i = 1; i < PlanTable::kNamesMax; ++i) For("name-" + std::to_string(i), Made(1, kSecond, 1));
  EXPECT_NE(For("one more", Made(1, kSecond, 1)), For("one more", Made(1, kSecond, 1)));
  EXPECT_EQ(For("x", Made(1, kSecond, 1)), For("x", Made(1, kSecond, 1)));
}

}  // namespace
}  // namespace drl::engine
