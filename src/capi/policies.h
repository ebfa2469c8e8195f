// The limits of a limiter as HTTP shows them: the one place where the layers core and http meet.
#pragma once

#include <vector>

#include "base/status.h"
#include "core/limit.h"
#include "http/policy.h"

namespace drl::capi {

// Fails with DRL_ERR_NAME where two limits would have the same name.
inline base::Result<http::PolicySet> CompilePolicies(const core::Limits& limits) {
  std::vector<http::Policy> policies;
  for (const core::Limit& limit : limits) {
    const core::Time fill = limit.burst_time();
    policies.push_back({limit.name(), limit.burst(), http::WindowSeconds(fill.us + (fill.rem > 0 ? 1 : 0))});
  }
  return http::PolicySet::Compile(policies);
}

}  // namespace drl::capi
