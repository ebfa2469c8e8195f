// What callers were told, for comparison with what Redis charged.
#pragma once

#include <drl/drl.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "handles.h"

namespace drl::test {

struct Tally {
  int64_t calls = 0;
  int64_t charged = 0;  // tokens that callers were told of as charged
  int64_t unknown = 0;  // tokens of which they were told that nobody knows
  int64_t undecided = 0;
  int64_t slowest_us = 0;

  void Count(const drl_decision& decision, int64_t took_us = 0) {
    ++calls;
    if (decision.charged == DRL_CHARGED_YES) charged += decision.cost;
    if (decision.charged == DRL_CHARGED_UNKNOWN) unknown += decision.cost;
    if (decision.outcome == DRL_OUTCOME_UNDECIDED) ++undecided;
    slowest_us = std::max(slowest_us, took_us);
  }
  void Add(const Tally& other) {
    calls += other.calls;
    charged += other.charged;
    unknown += other.unknown;
    undecided += other.undecided;
    slowest_us = std::max(slowest_us, other.slowest_us);
  }
};

// Threads that call until they are told to stop, each with an identity ("caller-<n>") and a tally of its own.
class Callers {
 public:
  Callers(const Limiter& limiter, int count) : tallies_(static_cast<size_t>(count)) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, &limiter, i] { Run(limiter, Identity(i), tallies_[static_cast<size_t>(i)]); });
    }
  }
  ~Callers() { Stop(); }

  static std::string Identity(int caller) { return "caller-" + std::to_string(caller); }

  const std::vector<Tally>& Stop() {
    stop_.store(true);
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    return tallies_;
  }

 private:
  void Run(const Limiter& limiter, const std::string& identity, Tally& tally) {
    while (!stop_.load(std::memory_order_relaxed)) {
      const SteadyClock::time_point start = SteadyClock::now();
      const Answer answer = Allow(limiter, identity);
      tally.Count(answer.decision, MicrosSince(start));
      // A refusal comes in a microsecond: leave some processor to Redis.
      if (answer.decision.outcome == DRL_OUTCOME_UNDECIDED) std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }

  std::atomic<bool> stop_{false};
  std::vector<Tally> tallies_;
  std::vector<std::thread> threads_;
};

inline Tally Sum(const std::vector<Tally>& tallies) {
  Tally sum;
  for (const Tally& tally : tallies) sum.Add(tally);
  return sum;
}

// Every caller was told the truth: what Redis charged is what it was told, or up to what it was told nobody knows.
inline void ExpectTruth(const std::vector<Tally>& tallies, const Limiter& ledger) {
  for (size_t i = 0; i < tallies.size(); ++i) {
    const int64_t charged = ChargedInRedis(ledger, Callers::Identity(static_cast<int>(i)));
    EXPECT_GE(charged, tallies[i].charged) << "caller " << i << " was told of charges that Redis did not make";
    EXPECT_LE(charged, tallies[i].charged + tallies[i].unknown) << "caller " << i << " was charged without being told";
  }
}

}  // namespace drl::test
