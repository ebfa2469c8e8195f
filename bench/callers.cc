// Blocking callers through the C interface, on the same work as the benches of the bindings. Prints decisions per second.
#include <cstdio>
#include <cstdlib>

#include "crowd.h"
#include "subject.h"

using namespace drl::bench;

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s REDIS_URL_OR_UNIX_SOCKET CALLERS SECONDS\n", argv[0]);
    return 2;
  }
  Subject subject(argv[1], DRL_SPIN_ADAPTIVE);
  const auto names = Identities();
  const CrowdResult result = RunCrowd(std::atoi(argv[2]), std::atof(argv[3]), 0, [&](int caller, size_t i) {
    subject.Decide(names[(i * 31 + static_cast<size_t>(caller) * 977) % kIdentities]);
  });
  std::printf("%.0f\n", result.per_second);
  return 0;
}
