#include "base/backoff.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace drl::base {
namespace {

// What two thousand clients drew.
std::vector<uint64_t> Seeds() {
  std::mt19937 random(20'260'101);
  std::vector<uint64_t> seeds(2'000);
  for (uint64_t& seed : seeds) seed = random();
  return seeds;
}

Micros LongestOf(Backoff backoff, int at) {
  Micros wait = 0;
  for (int i = 0; i <= at; ++i) wait = backoff.Next();
  return wait;
}

// The longest of many back-offs at one place is close to the window of that place.
Micros WindowAt(int at) {
  Micros longest = 0;
  for (const uint64_t seed : Seeds()) longest = std::max(longest, LongestOf(Backoff(1'000, 50'000, seed), at));
  return longest;
}

TEST(Backoff, DoublesItsWindow) {
  for (int at = 0; at < 5; ++at) {
    EXPECT_LE(WindowAt(at), 1'000 << at);
    EXPECT_GT(WindowAt(at), (1'000 << at) * 9 / 10);
  }
}

TEST(Backoff, StopsGrowingAtItsLongest) {
  EXPECT_LE(WindowAt(40), 50'000);
  EXPECT_GT(WindowAt(40), 45'000);
}

TEST(Backoff, SpreadsClientsOverTheWholeWindow) {
  int early = 0;
  for (const uint64_t seed : Seeds()) early += Backoff(1'000, 50'000, seed).Next() < 500 ? 1 : 0;
  EXPECT_GT(early, 800);
  EXPECT_LT(early, 1'200);
}

TEST(Backoff, BeginsAgainAfterReset) {
  Backoff backoff(1'000, 50'000, 7);
  for (int i = 0; i < 20; ++i) (void)backoff.Next();
  backoff.Reset();
  EXPECT_LE(backoff.Next(), 1'000);
}

}  // namespace
}  // namespace drl::base
