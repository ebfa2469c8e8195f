// What a limiter is to the engine: a plan, keys, fail strategy. Immutable and counted by reference, since requests under way
// may outlive the handle.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "core/key.h"
#include "core/plan.h"
#include "core/reply.h"
#include "engine/counters.h"
#include "nodes/request.h"

namespace drl::engine {

class Limiter : public nodes::Scope {
 public:
  // `series` counts for it, and lives as long as the client.
  Limiter(std::shared_ptr<const core::Plan> plan, core::KeyMaker keys, int32_t fail_strategy, std::string key_namespace,
          std::string name, Outcomes& series)
      : plan_(std::move(plan)),
        keys_(std::move(keys)),
        fail_strategy_(fail_strategy),
        key_namespace_(std::move(key_namespace)),
        name_(std::move(name)),
        series_(series) {}

  void Ref() { references_.fetch_add(1, std::memory_order_relaxed); }
  void Unref() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  [[nodiscard]] const core::Plan& plan() const { return *plan_; }
  [[nodiscard]] const core::KeyMaker& keys() const { return keys_; }
  [[nodiscard]] int32_t fail_strategy() const { return fail_strategy_; }
  [[nodiscard]] const std::string& key_namespace() const { return key_namespace_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Outcomes& series() const { return series_; }

 private:
  ~Limiter() = default;

  const std::shared_ptr<const core::Plan> plan_;
  const core::KeyMaker keys_;
  const int32_t fail_strategy_;
  const std::string key_namespace_;
  const std::string name_;
  Outcomes& series_;
  std::atomic<int64_t> references_{1};
};

// What is asked of the engine is asked of a limiter.
inline Limiter& LimiterOf(const nodes::Asked& asked) { return static_cast<Limiter&>(*asked.scope); }

// A request ended without Redis's decision: for the client and for the limiter.
inline void CountCause(Counters& counters, const Limiter& limiter, drl_status cause) {
  counters.outcomes.CountCause(cause);
  limiter.series().CountCause(cause);
}

}  // namespace drl::engine
