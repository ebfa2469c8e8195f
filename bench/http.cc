// What HTTP costs a request: headers and a client address, beside one SHA-256 on the same machine in the same run.
//
// The median of many short batches is the figure; the mean beside it shows how much the machine was disturbed.
#include <sodium.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "http/headers.h"
#include "http/problem.h"
#include "http/resolver.h"

namespace drl::http {
namespace {

constexpr int kBatches = 400;
constexpr int kCallsPerBatch = 500;

struct Cost {
  double median_ns;
  double mean_ns;
};

// Keeps the compiler from dropping the work.
template <typename T>
void Keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

// A figure of work that failed early would look splendid.
void Expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "http_bench: wrong %s\n", what);
  std::exit(1);
}

Cost Measure(const std::function<void(int)>& call) {
  for (int i = 0; i < kCallsPerBatch; ++i) call(i);
  std::vector<double> batches;
  for (int batch = 0; batch < kBatches; ++batch) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kCallsPerBatch; ++i) call(i);
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
    batches.push_back(taken.count() / kCallsPerBatch);
  }
  std::sort(batches.begin(), batches.end());
  return {batches[kBatches / 2], std::accumulate(batches.begin(), batches.end(), 0.0) / kBatches};
}

void Row(const char* what, const Cost& cost, const Cost& sha, const char* goal) {
  const double ratio = cost.median_ns / sha.median_ns;
  std::printf("%-44s %10.0f %10.0f %10.2f   %s\n", what, cost.median_ns, cost.mean_ns, ratio, goal);
}

drl_decision Decision(int32_t outcome) {
  drl_decision decision{};
  decision.outcome = outcome;
  decision.remaining = 57;
  decision.retry_after_us = outcome == DRL_OUTCOME_DENIED ? 1'234'567 : 0;
  decision.reset_after_us = 23'456'789;
  decision.decided_at_us = 1'700'000'000'000'000;
  return decision;
}

// A limit in force under its name.
struct Policy {
  std::string_view name;
  int64_t burst;
  int64_t window_s;
};

Cost HeadersCost(const std::vector<Policy>& policies, drl_decision decision) {
  std::vector<std::string_view> names;
  for (const Policy& policy : policies) {
    names.push_back(policy.name);
    decision.limits[decision.limits_count++] = {policy.burst, policy.window_s * 1'000'000, policy.burst, 0, 0};
  }
  const base::Result<PolicySet> set = PolicySet::Compile(names);
  const drl_header_options options = DRL_HEADER_OPTIONS_INIT;
  drl_headers headers;
  Expect(RenderHeaders(*set, decision, options, headers).ok() && headers.count >= 5, "headers");
  return Measure([&](int i) {
    decision.remaining = i;
    Keep(RenderHeaders(*set, decision, options, headers).ok());
    Keep(headers);
  });
}

Cost ProblemCost() {
  const base::Result<PolicySet> set = PolicySet::Compile(std::vector<std::string_view>{"default"});
  drl_decision decision = Decision(DRL_OUTCOME_DENIED);
  decision.limits_count = 1;
  std::vector<char> body(DRL_PROBLEM_SIZE_MAX);
  Problem problem;
  Expect(RenderProblem(*set, decision, {}, body, problem).ok() && problem.http_status == 429, "problem");
  return Measure([&](int) {
    Keep(RenderProblem(*set, decision, {}, body, problem).ok());
    Keep(body[0]);
  });
}

Cost ResolveCost(int32_t header, const std::string& line, std::string_view want) {
  drl_resolver_options options = DRL_RESOLVER_OPTIONS_INIT;
  options.trust = DRL_TRUST_PRIVATE;
  options.header = header;
  const base::Result<Resolver> resolver = Resolver::Compile(options);
  const drl_header_line spans[] = {{line.data(), line.size()}};
  char text[DRL_CLIENT_ADDRESS_SIZE];
  TextWriter checked(text);
  resolver->Resolve("10.0.0.1", spans, checked);
  Expect(checked.Since(0) == want, "identity");
  return Measure([&](int) {
    TextWriter out(text);
    resolver->Resolve("10.0.0.1", spans, out);
    Keep(text);
  });
}

std::string Repeated(const std::string& element, int times) {
  std::string line = element;
  while (--times > 0) line += ", " + element;
  return line;
}

Cost Sha256Cost() {
  unsigned char digest[crypto_hash_sha256_BYTES] = {};
  return Measure([&](int) {
    crypto_hash_sha256(digest, digest, sizeof digest);
    Keep(digest);
  });
}

void Run() {
  const Cost sha = Sha256Cost();
  std::printf("%-44s %10s %10s %10s   %s\n", "", "median ns", "mean ns", "x SHA-256", "goal");
  Row("SHA-256 of 32 bytes", sha, sha, "");
  const std::vector<Policy> one = {{"default", 100, 60}};
  const std::vector<Policy> three = {{"burst", 100, 1}, {"hourly", 10000, 3600}, {"daily", 100000, 86400}};
  Row("default headers, one limit, allowed", HeadersCost(one, Decision(DRL_OUTCOME_ALLOWED)), sha, "< 300 ns");
  Row("default headers, one limit, denied", HeadersCost(one, Decision(DRL_OUTCOME_DENIED)), sha, "< 300 ns");
  Row("default headers, three limits, allowed", HeadersCost(three, Decision(DRL_OUTCOME_ALLOWED)), sha, "");
  Row("problem body, 429", ProblemCost(), sha, "");
  Row("X-Forwarded-For, 3 hops, IPv4 client",
      ResolveCost(0, "203.0.113.7, 10.0.0.3, 10.0.0.2", "203.0.113.7"), sha, "< 500 ns");
  Row("X-Forwarded-For, 3 hops, IPv6",
      ResolveCost(0, "2001:db8:cafe::17, fd00::3, fd00::2", "2001:db8:cafe::/64"), sha, "< 500 ns");
  Row("Forwarded, 3 hops",
      ResolveCost(1, "for=203.0.113.7;proto=https, for=10.0.0.3, for=10.0.0.2", "203.0.113.7"), sha, "");
  // The dearest input that the bounds allow: 64 trusted hops, and 16 KiB that are one element.
  Row("Forwarded, 64 hops", ResolveCost(1, Repeated("for=10.0.0.9", 64), "10.0.0.9"), sha, "");
  Row("Forwarded, 16 KiB of quotation marks", ResolveCost(1, "for=" + std::string(20000, '"'), "10.0.0.1"), sha, "");
}

}  // namespace
}  // namespace drl::http

int main() {
  if (sodium_init() < 0) return 1;
  drl::http::Run();
  return 0;
}
