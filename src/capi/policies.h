// The limits of a limiter as HTTP shows them: the one place where the layers core and http meet.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "core/limit.h"
#include "http/policy.h"

namespace drl::capi {

// Fails with DRL_ERR_NAME where two limits would have the same name.
inline base::Result<http::PolicySet> CompilePolicies(const core::Limits& limits) {
  std::vector<std::string_view> names;
  for (const core::Limit& limit : limits) names.push_back(limit.name());
  return http::PolicySet::Compile(names);
}

}  // namespace drl::capi
