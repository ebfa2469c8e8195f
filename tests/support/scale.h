// How much of a long test to run: everything in a plain build, less under a sanitizer, or 1/DRL_TEST_SCALE of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace drl::test {

#if defined(__SANITIZE_THREAD__)
inline constexpr int64_t kDefaultDivisor = 20;
inline constexpr int64_t kSlowness = 20;
inline constexpr bool kSanitized = true;
#elif defined(__SANITIZE_ADDRESS__)
inline constexpr int64_t kDefaultDivisor = 5;
inline constexpr int64_t kSlowness = 5;
inline constexpr bool kSanitized = true;
#else
inline constexpr int64_t kDefaultDivisor = 1;
inline constexpr int64_t kSlowness = 1;  // how much longer a bound on time may be
inline constexpr bool kSanitized = false;
#endif

inline int64_t Scaled(int64_t n) {
  const char* given = std::getenv("DRL_TEST_SCALE");
  const int64_t divisor = given == nullptr ? kDefaultDivisor : std::max<int64_t>(std::atoll(given), 1);
  return std::max<int64_t>(n / divisor, 1);
}

// Later than its deadline by more than this, a call was not merely waiting for a processor.
inline constexpr int64_t kSchedulingNoiseUs = 400'000 * (kSanitized ? 3 : 1);

}  // namespace drl::test
