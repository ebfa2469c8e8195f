// Error replies of Redis and Valkey as status codes.
#pragma once

#include <string_view>

#include "drl/status.h"

namespace drl::redis {

enum class ErrorKind {
  kNoScript,   // the script is not cached: load it and send again, nothing ran
  kRefused,    // nothing was charged: Redis refused before the first write
  kUnhealthy,  // as kRefused, and the connection is to be made anew (wrong role, credentials revoked)
  kUnknown,    // may have happened in the middle of the command
};

struct MappedError {
  drl_status code;
  ErrorKind kind;
};

// Reads the code where it stands: at the head of the text, or of what 6.x wraps around it when a script raised it. What follows may
// hold names that users chose. A missing permission is kRefused for the command itself and kUnknown for one inside the script.
// What the script itself says ("DRL ...", lua/README.md) was charged nowhere.
[[nodiscard]] MappedError MapError(std::string_view text);

}  // namespace drl::redis
