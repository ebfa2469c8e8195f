// The headers of a decision. Pure: the same input gives the same bytes, jitter included.
#pragma once

#include "base/status.h"
#include "drl/http.h"
#include "http/policy.h"

namespace drl::http {

// `options` as in the public header, its struct_size not looked at. On failure headers.count is 0.
base::Status RenderHeaders(const PolicySet& policies, const drl_decision& decision, const drl_header_options& options,
                           drl_headers& headers);

}  // namespace drl::http
