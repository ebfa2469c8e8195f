// The engine of one process: the I/O thread, and what callers do on their side of it.
#pragma once

#include <memory>
#include <thread>

#include "drl/decision.h"
#include "engine/callback.h"
#include "engine/limiter.h"
#include "engine/loop.h"

namespace drl::engine {

// What a user asks, checked.
struct Ask {
  Limiter* limiter = nullptr;
  std::span<const uint8_t> identity;
  core::Question question;
  nodes::RequestKind kind = nodes::RequestKind::kAllow;
  base::Micros timeout = 0;    // 0: the client's
  int32_t fail_strategy = DRL_FAIL_OPEN;
};

// What an engine works with.
struct Parts {
  const base::Clock& clock;                     // outlives it
  std::unique_ptr<redis::Connector> connector;  // null: the one that leads to the endpoint
  uint64_t seed;                                // of jitter
  std::unique_ptr<redis::Credentials> credentials = nullptr;  // null: those that the options name
};

class Engine {
 public:
  // Starts the I/O thread. `generation` tells a forked child that this engine is its parent's.
  static base::Result<Engine*> Start(const EngineOptions& options, const nodes::FirstNamespace& space, uint64_t generation);
  // An engine without a thread, whose loop is turned by whoever has it.
  Engine(const EngineOptions& options, const nodes::FirstNamespace& space, uint64_t generation, Parts parts);
  ~Engine();
  [[nodiscard]] Loop& loop() { return loop_; }
  // Whether the loop is to be turned before its next timer.
  [[nodiscard]] bool has_news() const { return shared_.has_news(); }
  // Requests waiting or under way.
  [[nodiscard]] int64_t load() const { return shared_.load(); }

  // Ends every request with DRL_ERR_CLOSED and the thread. Idempotent.
  void Stop();
  // In a forked child: gives up the parent's descriptors and nothing else; the engine is never used again. Idempotent: by the
  // second time the numbers may be another's.
  void Abandon();

  // A slot for a request, ready to be submitted; null with the cause when it can be answered at once (open breaker, full queue, no
  // time left). Counts the cause.
  Slot* Prepare(const Ask& ask, CompletionSink* sink, base::Cause& cause);
  // The time of slots, linked by `next`, begins.
  void StartAll(Slot* newest) const {
    const base::Micros now = clock_.now();
    for (nodes::Request* request = newest; request != nullptr; request = request->next) {
      request->deadline += now - request->submitted_at;
      request->submitted_at = now;
    }
  }
  // Notes what was asked, with a reference to the limiter.
  static void Take(const Ask& ask, nodes::Asked& asked);
  // Hands slots, linked by `next` from the newest to the oldest, to the I/O thread. When the engine is closed, false, and
  // they are the caller's to Discard.
  bool Submit(Slot* newest, Slot* oldest);
  // The same for slots whose owner will Await them. If the I/O thread has nothing to do, this thread does its work for them:
  // then it blocks like Await.
  bool SubmitAndDrive(Slot* newest, Slot* oldest);
  // Has the I/O thread call back with an answer that is known at once. For a request made in a callback, which would otherwise
  // be called from inside itself without end. Not ok when it cannot: then nobody is called.
  base::Cause AnswerLater(const Ask& ask, const base::Cause& cause, drl_decision_callback callback, void* user);
  // Drops both references of a slot that was not submitted.
  void Discard(Slot& slot);
  // Sleeps until a submitted slot has ended or its deadline is over; then the answer. Drops the owner's reference.
  // With CLOSED or a cause, `detail` is the sentence for a person.
  drl_status Await(Slot& slot, bool lone, drl_decision& decision, base::Sentence& detail);
  // Whether so little is under way that waiting threads may spin.
  [[nodiscard]] bool lone() const { return shared_.load() <= kSpinnersMax; }
  // Ends a request from the owner's side. True when it had not ended yet.
  bool GiveUp(Slot& slot, drl_status cause);
  // What to tell whoever asked: what the function returns, the decision, and the sentence for a person.
  static drl_status Conclude(const nodes::Asked& asked, int32_t fail_strategy, const Answer& answer, drl_decision& decision,
                             base::Sentence& detail);
  // The same of a slot that has ended.
  static drl_status Conclude(const Slot& slot, drl_decision& decision, base::Sentence& detail);
  // How a request ended that its owner gave up.
  static void FillGivenUp(const Slot& slot, Answer& answer);
  void Release(Slot& slot) { shared_.pool.Release(slot); }
  // Readable once every request has ended and no other will come.
  [[nodiscard]] int over() const { return over_.get(); }
  // Shows a decision to the application's hook.
  void Observe(const Limiter& limiter, drl_status status, const drl_decision& decision) const {
    const Observer& observer = options_.observer;
    if (observer.callback == nullptr) return;
    observer.callback(limiter.key_namespace().c_str(), limiter.name().c_str(), status, &decision, observer.user);
  }

  // Sleeps until the server has run the script once; at the deadline, why it has not.
  base::Status WaitReady(base::Micros timeout);
  // The first limiter was opened.
  void LimiterOpened();
  [[nodiscard]] LogRing& log() { return shared_.log; }
  void ReadStats(drl_stats& stats) const;
  [[nodiscard]] uint64_t generation() const { return generation_; }
  [[nodiscard]] CompletionSink& callback_sink() { return callback_sink_; }

 private:
  [[nodiscard]] bool IsAlone(const Slot& newest);
  bool Drive(Slot* newest);
  void Wait(Slot& slot, bool lone);
  void SleepOn(Slot& slot);
  void TimeOut(Slot& slot);
  bool SpinOn(const Slot& slot) const;
  [[nodiscard]] bool LetsWait(nodes::Node& node);
  [[nodiscard]] bool WouldMissDeadline(const nodes::Node& node, base::Micros timeout) const;
  void Fill(const Ask& ask, CompletionSink* sink, Slot& slot) const;

  const EngineOptions options_;
  const uint64_t generation_;
  const base::Clock& clock_;
  Shared shared_;
  CallbackSink callback_sink_{*this};
  nodes::Notes notes_;
  Loop loop_;
  nodes::Topology topology_;
  Spin spin_;
  base::EventFd over_;
  std::thread thread_;
  std::atomic<bool> abandoned_{false};
  // When a blocking caller last met another's request.
  static constexpr base::Micros kAloneAfter = 1'000;
  alignas(64) std::atomic<base::Micros> met_at_{-2 * kAloneAfter};
};

// The answer of a limiter whose request ended without Redis: DRL_OK with the fail strategy's decision, or the cause.
drl_status Degrade(const core::Plan& plan, const core::Question& question, int32_t fail_strategy, drl_status cause,
                   int32_t charged, drl_decision& decision);
inline drl_status Degrade(const Ask& ask, drl_status cause, drl_decision& decision) {
  return Degrade(ask.limiter->plan(), ask.question, ask.fail_strategy, cause, DRL_CHARGED_NO, decision);
}

}  // namespace drl::engine
