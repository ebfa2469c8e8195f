// The seed of a random test: printed, and taken from DRL_TEST_SEED to run the same test again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace drl::test {

inline uint64_t Seed() {
  const char* given = std::getenv("DRL_TEST_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::printf("DRL_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

using Random = std::mt19937_64;

// Uniform in low..high, both included.
inline int64_t Uniform(Random& random, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

// 1..high, every order of magnitude as likely as the others.
inline int64_t LogUniform(Random& random, int64_t high) {
  int bits = 0;
  while (bits < 62 && (int64_t{1} << (bits + 1)) <= high) ++bits;
  const int64_t top = int64_t{1} << Uniform(random, 0, bits);
  return std::min(Uniform(random, top, 2 * top - 1), high);
}

inline bool OneIn(Random& random, int64_t n) { return Uniform(random, 1, n) == 1; }

}  // namespace drl::test
