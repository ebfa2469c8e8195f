// One submitting thread, 1,024 requests in flight, through a completion queue. Prints decisions per second.
#include <cstdio>
#include <vector>

#include "samples.h"
#include "subject.h"

using namespace drl::bench;

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s REDIS_UNIX_SOCKET\n", argv[0]);
    return 2;
  }
  constexpr int32_t kInFlight = 1024;
  constexpr int64_t kDecisions = 500'000;
  Subject subject(argv[1], DRL_SPIN_ADAPTIVE);
  const auto names = Identities();
  drl_error error{};
  drl_queue* queue = nullptr;
  Check(drl_queue_open(subject.client(), nullptr, &queue, &error), error);
  std::vector<drl_completion> completions(kInFlight);
  int64_t submitted = 0;
  int64_t done = 0;
  const double start = NowUs();
  while (done < kDecisions) {
    while (submitted - done < kInFlight && submitted < kDecisions) {
      const std::string& name = names[static_cast<size_t>(submitted * 31 % kIdentities)];
      Check(drl_queue_submit(queue, subject.limiter(), name.data(), name.size(), 1, submitted++, &error), error);
    }
    int32_t count = 0;
    Check(drl_queue_wait(queue, -1, completions.data(), kInFlight, &count, &error), error);
    for (int32_t i = 0; i < count; ++i) {
      const drl_completion& completion = completions[static_cast<size_t>(i)];
      if (completion.status != DRL_OK || completion.decision.outcome != DRL_OUTCOME_ALLOWED) {
        std::fprintf(stderr, "bench: a decision failed: %s, outcome %d, cause %s\n", drl_status_name(completion.status), completion.decision.outcome, drl_status_name(completion.decision.cause));
        return 1;
      }
    }
    done += count;
  }
  std::printf("%.0f\n", static_cast<double>(kDecisions) / (NowUs() - start) * 1e6);
  drl_queue_close(queue);
  return 0;
}
