// Error replies of Redis and Valkey as status codes.
#pragma once

#include <string_view>

#include "drl/status.h"

namespace drl::redis {

enum class ErrorKind {
  kNoScript,   // the script is not cached: load it and send again, nothing ran
  kRefused,    // nothing was charged: Redis refused before the first write
  kUnhealthy,  // as kRefused, and the connection is to be made anew (wrong role, credentials revoked)
  kUnknown,    // may have happened in the middle of the call
};

struct MappedError {
  drl_status code;
  ErrorKind kind;
};

// Looks for the code anywhere in the text: 6.x wraps what a script raised, 7.0 and later put it first.
[[nodiscard]] MappedError MapError(std::string_view text);

}  // namespace drl::redis
