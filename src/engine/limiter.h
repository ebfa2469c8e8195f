// What a limiter is to the engine: limits, keys, fail strategy. Immutable and counted by reference, since calls in flight
// may outlive the handle.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "core/key.h"
#include "core/limit.h"
#include "core/reply.h"
#include "engine/counters.h"

namespace drl::engine {

class Limiter {
 public:
  // `series` counts for it, and lives as long as the client.
  Limiter(core::Limits limits, core::KeyMaker keys, int32_t fail_strategy, std::string key_namespace, std::string name,
          Outcomes& series)
      : limits_(std::move(limits)),
        keys_(std::move(keys)),
        fail_strategy_(fail_strategy),
        key_namespace_(std::move(key_namespace)),
        name_(std::move(name)),
        reply_length_(core::VerdictLength(limits_)),
        series_(series) {}

  void Ref() { references_.fetch_add(1, std::memory_order_relaxed); }
  void Unref() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  [[nodiscard]] const core::Limits& limits() const { return limits_; }
  [[nodiscard]] const core::KeyMaker& keys() const { return keys_; }
  [[nodiscard]] int32_t fail_strategy() const { return fail_strategy_; }
  [[nodiscard]] const std::string& key_namespace() const { return key_namespace_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Outcomes& series() const { return series_; }
  // Integers of one decision in the script's reply.
  [[nodiscard]] size_t reply_length() const { return reply_length_; }

  // Whether no wait would ever make `cost` fit.
  [[nodiscard]] bool Never(int64_t cost) const {
    for (const core::Limit& limit : limits_) {
      if (cost > limit.burst()) return true;
    }
    return false;
  }

 private:
  ~Limiter() = default;

  const core::Limits limits_;
  const core::KeyMaker keys_;
  const int32_t fail_strategy_;
  const std::string key_namespace_;
  const std::string name_;
  const size_t reply_length_;
  Outcomes& series_;
  std::atomic<int64_t> references_{1};
};

// A request ended without Redis's decision: for the client and for the limiter.
inline void CountCause(Counters& counters, const Limiter& limiter, drl_status cause) {
  counters.outcomes.CountCause(cause);
  limiter.series().CountCause(cause);
}

}  // namespace drl::engine
