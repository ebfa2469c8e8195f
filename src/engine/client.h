// A client: the engine of each process, and the operations of limiters on it. Counted by reference: the handle, limiters and
// queues each hold one, so that closing them in any order is safe.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/fork.h"
#include "drl/queue.h"
#include "engine/callback.h"
#include "engine/engine.h"
#include "engine/metrics.h"
#include "engine/plan_table.h"

namespace drl::engine {

// What a function that asked many says as a whole: of the first request that failed, or, where none did, of the first that Redis
// did not decide.
class Summary {
 public:
  // In any order.
  void Add(size_t index, drl_status status, const base::Cause& cause) {
    const bool failed = status != DRL_OK;
    if (failed == failed_ ? index >= index_ : failed_) return;
    failed_ = failed;
    index_ = index;
    cause_ = cause;
  }
  // What the function returns.
  [[nodiscard]] drl_status status() const { return failed_ ? cause_.code : DRL_OK; }
  [[nodiscard]] const base::Cause& cause() const { return cause_; }

 private:
  bool failed_ = false;
  size_t index_ = SIZE_MAX;
  base::Cause cause_;
};

class Client {
 public:
  static base::Result<Client*> Open(EngineOptions options, std::vector<uint8_t> identity_secret);

  void Ref() { references_.fetch_add(1, std::memory_order_relaxed); }
  void Unref() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  // Ends everything under way; later requests answer DRL_ERR_CLOSED.
  void Close();

  [[nodiscard]] std::span<const uint8_t> identity_secret() const { return identity_secret_; }
  // The engine of this process, started if need be; null when the client is closed or no thread can be had (`why`).
  Engine* engine(base::Status& why);

  // Blocks.
  void Decide(std::span<const Ask> asks, drl_decision* decisions, Summary& summary);
  // The callback form.
  base::Cause DecideLater(const Ask& ask, drl_decision_callback callback, void* user);

  // The lines of the log that nobody took yet, and the descriptor that says so; -1 where there is none.
  [[nodiscard]] int log_fd();
  base::Status DrainLog(std::span<drl_log_line> lines, size_t& taken, int64_t& dropped);

  base::Status ReadStats(drl_stats& stats);
  base::Status WaitReady(base::Micros timeout);
  // The plan of these limits; the log is told once where the namespace and name are known with others.
  std::shared_ptr<const core::Plan> PlanFor(const std::string& key_namespace, const std::string& name, core::Limits limits);
  // The counters of all limiters with this namespace and name, for one that opens.
  Outcomes& SeriesFor(const std::string& key_namespace, const std::string& name);
  // Prometheus text.
  base::Result<std::string> Metrics();

 private:
  Client(EngineOptions options, std::vector<uint8_t> identity_secret)
      : options_(std::move(options)), identity_secret_(std::move(identity_secret)) {}
  ~Client();

  static drl_status AnswerAtOnce(Engine& engine, const Ask& ask, drl_status cause, drl_decision& decision);
  static Slot* PrepareAll(Engine& engine, std::span<const Ask> asks, std::span<Slot*> slots, drl_decision* decisions,
                          Summary& summary);
  static void AwaitAll(Engine& engine, std::span<Slot* const> slots, drl_decision* decisions, Summary& summary);

  const EngineOptions options_;
  const std::vector<uint8_t> identity_secret_;
  base::PerProcess<Engine> engine_;
  SeriesTable series_;
  PlanTable plans_;
  nodes::FirstNamespace first_namespace_;
  std::atomic<bool> closed_{false};
  std::atomic<int64_t> references_{1};
};

}  // namespace drl::engine
