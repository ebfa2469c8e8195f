// The problem body (RFC 9457) of a refusal.
#pragma once

#include <span>
#include <string_view>

#include "base/status.h"
#include "drl/http.h"
#include "http/policy.h"

namespace drl::http {

struct Problem {
  int32_t http_status = 200;
  size_t length = 0;  // of the body, without its NUL; 0 for 200
};

// What the caller adds; empty is left out. At most DRL_PROBLEM_TEXT_MAX bytes each.
struct ProblemTexts {
  std::string_view detail;
  std::string_view instance;
};

// Writes the body and a NUL. `problem` is also set when the buffer is too small (DRL_ERR_BUFFER, the body then empty).
base::Status RenderProblem(const PolicySet& policies, const drl_decision& decision, const ProblemTexts& texts,
                           std::span<char> body, Problem& problem);

}  // namespace drl::http
