// Random limits, costs and clocks: the awkward ones more often than chance would have them.
#pragma once

#include <vector>

#include "core/limit.h"
#include "seed.h"

namespace drl::test {

// Valid, of any magnitude.
core::Limit RandomLimit(Random& random);
// 1..8 of them.
core::Limits RandomLimits(Random& random);
// 0, small, about the burst, above it.
int64_t RandomCost(Random& random, const core::Limits& limits);
// Where the clock goes next: a little or far, forward or back, never before `earliest_us` or after `latest_us`.
int64_t RandomInstant(Random& random, const core::Limits& limits, int64_t now_us, int64_t earliest_us,
                      int64_t latest_us);

}  // namespace drl::test
