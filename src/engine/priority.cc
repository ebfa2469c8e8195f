#include "engine/priority.h"

#include <sched.h>
#include <sys/resource.h>

namespace drl::engine {
namespace {

// Linux: 0 is the calling thread, for nice too. Whoever may not ask has no low priority.
bool AskTheSystem() {
  const int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
  if (policy == SCHED_IDLE || policy == SCHED_BATCH) return true;
  return policy == SCHED_OTHER && getpriority(PRIO_PROCESS, 0) > 0;
}

thread_local base::Micros known_until = 0;
thread_local bool low = false;

}  // namespace

bool HasLowPriority(base::Micros now) {
  if (now >= known_until) {
    low = AskTheSystem();
    known_until = now + kPriorityKnownFor;
  }
  return low;
}

}  // namespace drl::engine
