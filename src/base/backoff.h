// Full-jitter exponential back-off: the n-th wait is uniform in 0 .. min(longest, first * 2^n), so that the clients of a
// Redis that comes back do not arrive together.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "base/clock.h"

namespace drl::base {

class Backoff {
 public:
  Backoff(Micros first, Micros longest, uint64_t seed) : first_(first), longest_(longest), window_(first), random_(seed) {}

  [[nodiscard]] Micros Next() {
    const Micros wait = std::uniform_int_distribution<Micros>(0, window_)(random_);
    window_ = std::min(window_ * 2, longest_);
    return wait;
  }
  void Reset() { window_ = first_; }

 private:
  Micros first_;
  Micros longest_;
  Micros window_;
  std::minstd_rand random_;
};

}  // namespace drl::base
