// One of many processes on one key: calls for some seconds with costs 1 to 100 and writes what it was told to stdout.
//
//   drl_flood_worker <redis_url> <rate> <burst> <seconds> <seed>
//
// Output: pairs of int64_t, the Redis time of a decision and the cost charged; at the end the first and the last denial with 0.
// Exits with 1 when a call was not decided by Redis: the test would prove nothing.
#include <drl/drl.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

namespace {

int Fail(const char* what, const char* message) {
  std::fprintf(stderr, "drl_flood_worker: %s: %s\n", what, message);
  return 1;
}

int Flood(drl_limiter* limiter, int64_t seconds, uint64_t seed, std::vector<int64_t>& told) {
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<int64_t> costs(1, 100);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  int64_t first_denial_us = 0;
  int64_t last_denial_us = 0;
  while (std::chrono::steady_clock::now() < until) {
    drl_error error{};
    drl_decision decision{};
    const int64_t cost = costs(random);
    const drl_status status = drl_limiter_allow(limiter, "shared", 6, cost, &decision, &error);
    if (status != DRL_OK || decision.cause != DRL_OK) return Fail("undecided", error.message);
    if (decision.charged == DRL_CHARGED_YES) told.insert(told.end(), {decision.decided_at_us, cost});
    if (decision.outcome == DRL_OUTCOME_DENIED) last_denial_us = decision.decided_at_us;
    if (first_denial_us == 0) first_denial_us = last_denial_us;
  }
  told.insert(told.end(), {first_denial_us, 0, last_denial_us, 0});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return Fail("usage", "redis_url rate burst seconds seed");
  drl_error error{};
  drl_client* client = nullptr;
  drl_limiter* limiter = nullptr;
  drl_client_options at = DRL_CLIENT_OPTIONS_INIT;
  at.redis_url = argv[1];
  at.timeout_us = 20'000'000;
  drl_limiter_options policy = DRL_LIMITER_OPTIONS_INIT;
  policy.rate = std::atoll(argv[2]);
  policy.per_us = 1'000'000;
  policy.burst = std::atoll(argv[3]);
  if (drl_client_open(&at, &client, &error) != DRL_OK) return Fail("client", error.message);
  if (drl_limiter_open(client, &policy, &limiter, &error) != DRL_OK) return Fail("limiter", error.message);
  std::vector<int64_t> told;
  const int failed = Flood(limiter, std::atoll(argv[4]), std::strtoull(argv[5], nullptr, 10), told);
  drl_limiter_close(limiter);
  drl_client_close(client);
  if (failed == 0 && std::fwrite(told.data(), sizeof told[0], told.size(), stdout) != told.size()) return 1;
  return failed;
}
