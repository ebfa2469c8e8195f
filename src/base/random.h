// A seed from the kernel, for jitter. Not std::random_device: what that calls depends on the libstdc++ of the build, and linked in
// statically it asks for the newest glibc.
#pragma once

#include <sys/random.h>

#include <cerrno>
#include <cstdint>

#include "base/status.h"

namespace drl::base {

[[nodiscard]] inline Result<uint64_t> RandomSeed() {
  uint64_t seed = 0;
  ssize_t got = 0;
  do {
    got = getrandom(&seed, sizeof seed, 0);  // so few bytes come whole
  } while (got < 0 && errno == EINTR);
  if (got != sizeof seed) return Status(DRL_ERR_SYSTEM, "the kernel gives no random number");
  return seed;
}

}  // namespace drl::base
