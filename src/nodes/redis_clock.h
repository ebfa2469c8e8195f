// Redis's clock seen from here: the deadline of a request travels in Redis time.
//
// A reply that was asked for at `sent` and came at `received` holds a Redis time t of some instant between the two, so the offset
// (Redis minus local) lies in [t - received, t - sent]. The offset kept starts at the low end of the first such interval and
// moves only when a later interval forces it: it errs low, so a deadline is never too late, and by less than one round trip.
// A step of Redis's clock, either way, is followed by the first reply that shows it.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace drl::nodes {

class RedisClock {
 public:
  void Learn(int64_t redis_us, base::Micros sent, base::Micros received) {
    const int64_t low = redis_us - received;
    offset_ = known_ ? std::clamp(offset_, low, std::max(low, redis_us - sent)) : low;
    known_ = true;
  }

  [[nodiscard]] int64_t FromLocal(base::Micros local) const { return local + offset_; }
  // A new connection may lead to another server.
  void Forget() { known_ = false; }

 private:
  bool known_ = false;
  int64_t offset_ = 0;
};

}  // namespace drl::nodes
