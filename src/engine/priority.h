// Whether this thread is one that the system may leave standing while others run.
#pragma once

#include "base/clock.h"

namespace drl::engine {

// Nice above 0, SCHED_BATCH or SCHED_IDLE. A thread may change that at any time, which is noticed within kPriorityKnownFor of
// `now`.
inline constexpr base::Micros kPriorityKnownFor = 10'000;
[[nodiscard]] bool HasLowPriority(base::Micros now);

}  // namespace drl::engine
