#include "engine/engine.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <system_error>

#include "base/futex.h"
#include "base/random.h"
#include "engine/priority.h"
#include "redis/connectors.h"

namespace drl::engine {
namespace {

using base::Micros;

// The I/O thread takes no signals: they belong to the application's threads.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

// A peer that acknowledges nothing for the longest of the time-outs is dead; a packet or two may be lost on a sound way.
redis::Patience PatienceOf(const EngineOptions& options) {
  return {options.connect_timeout, std::max<Micros>({1'000'000, options.timeout, options.connect_timeout})};
}

std::unique_ptr<redis::Credentials> CredentialsOf(const EngineOptions& options, const base::EventFd& wake) {
  if (options.credentials == nullptr) return redis::FixedCredentials(options.endpoint);
  return redis::AskedCredentials(SourceOf(options.credentials), wake);
}

}  // namespace

base::Result<Engine*> Engine::Start(const EngineOptions& options, const nodes::FirstNamespace& space, uint64_t generation) {
  const base::Result<uint64_t> seed = base::RandomSeed();
  if (!seed.ok()) return seed.status();
  static const base::MachineClock clock;
  auto engine = std::make_unique<Engine>(options, space, generation, Parts{clock, nullptr, *seed});
  if (!engine->shared_.pool.valid()) return base::Status(DRL_ERR_MEMORY, "no memory for the submission queue");
  if (!engine->shared_.log.valid()) return base::Status(DRL_ERR_MEMORY, "no memory for the log");
  if (!engine->shared_.wakeup.bell().valid() || !engine->over_.valid() || !engine->shared_.log.event().valid()) {
    return base::Status(DRL_ERR_SYSTEM, "cannot make an eventfd");
  }
  try {
    const SignalsBlocked blocked;
    engine->thread_ = std::thread([loop = &engine->loop_] { loop->Run(); });
  } catch (const std::system_error& error) {
    return base::Status(DRL_ERR_SYSTEM, std::string("cannot start the I/O thread: ") + error.what());
  }
  pthread_setname_np(engine->thread_.native_handle(), "drl-io");
  return engine.release();
}

Engine::Engine(const EngineOptions& options, const nodes::FirstNamespace& space, uint64_t generation, Parts parts)
    : options_(options),
      generation_(generation),
      clock_(parts.clock),
      shared_(options_),
      loop_(options_, shared_, clock_, topology_, notes_),
      topology_(std::make_unique<nodes::Node>(
          nodes::NodeOptions{options.timeout, options.connect_timeout, options.requests_per_command_max}, options_.endpoint,
          parts.connector != nullptr ? std::move(parts.connector)
                                     : redis::ConnectorTo(options_.endpoint, PatienceOf(options), shared_.wakeup.bell()),
          parts.credentials != nullptr ? std::move(parts.credentials) : CredentialsOf(options_, shared_.wakeup.bell()),
          nodes::Surroundings{clock_, loop_.endings(), notes_, space, parts.seed})),
      spin_(options.spin) {}

Engine::~Engine() { Stop(); }

void Engine::Abandon() {
  if (abandoned_.exchange(true, std::memory_order_relaxed)) return;
  close(shared_.wakeup.bell().get());
  close(over_.get());
  close(shared_.log.event().get());
  for (const auto& node : topology_.nodes()) node->Abandon();
}

void Engine::Stop() {
  for (const auto& node : topology_.nodes()) node->readiness().Close();
  shared_.stopping.store(true, std::memory_order_seq_cst);
  shared_.Wake();
  if (thread_.joinable()) thread_.join();
  over_.Signal();
}

Slot* Engine::Prepare(const Ask& ask, CompletionSink* sink, base::Cause& cause) {
  nodes::Node& node = topology_.AnyNode();
  Slot* slot = nullptr;
  if (node.breaker().refuses() && !LetsWait(node)) {
    bool first = false;
    cause = node.breaker().Refuse(first);
    if (first) shared_.Wake();
  } else if (WouldMissDeadline(node, ask.timeout > 0 ? ask.timeout : options_.timeout)) {
    cause = {DRL_ERR_SHED, "too many requests are waiting to meet the deadline"};
  } else if ((slot = shared_.pool.Acquire()) == nullptr) {
    cause = {DRL_ERR_QUEUE_FULL, "queue_capacity_max requests are waiting"};
  }
  if (slot == nullptr) {
    CountCause(shared_.counters, *ask.limiter, cause.code);
    return nullptr;
  }
  Fill(ask, sink, *slot);
  return slot;
}

void Engine::Take(const Ask& ask, nodes::Asked& asked) {
  ask.limiter->Ref();
  asked = {ask.kind, ask.limiter, &ask.limiter->plan(), ask.question};
}

bool Engine::LetsWait(nodes::Node& node) {
  bool first = false;
  const bool waits = node.breaker().LetsWait(clock_.now(), first);
  if (first) shared_.Wake();
  return waits;
}

void Engine::Fill(const Ask& ask, CompletionSink* sink, Slot& slot) const {
  const Micros timeout = ask.timeout > 0 ? ask.timeout : options_.timeout;
  Take(ask, slot);
  slot.fail_strategy = ask.fail_strategy;
  ask.limiter->keys().Make(ask.identity, slot.key);
  slot.never = slot.plan->Never(ask.question.cost, ask.question.headroom);
  slot.timeout_class = static_cast<uint8_t>(std::bit_width(static_cast<uint64_t>(timeout)));
  slot.sink = sink;
  slot.submitted_at = clock_.now();
  slot.deadline = slot.submitted_at + timeout;
}

// Half of the time is for the way to Redis and back, and for the estimate's error: a crowd that is served just too late has cost
// Redis as much as one that is served.
bool Engine::WouldMissDeadline(const nodes::Node& node, Micros timeout) const {
  const int64_t ahead = shared_.load();
  return ahead > core::kRequestsPerCommandMax && ahead * node.service_time().ns() / 1000 > timeout / 2;
}

bool Engine::Submit(Slot* newest, Slot* oldest) {
  if (!shared_.submissions.Push(newest, oldest)) return false;
  shared_.Wake();
  return true;
}

bool Engine::SubmitAndDrive(Slot* newest, Slot* oldest) {
  return (IsAlone(*newest) && Drive(newest)) || Submit(newest, oldest);
}

// Whether nobody else has had a request under way of late: callers who meet would take the loop out of each other's hands.
bool Engine::IsAlone(const Slot& newest) {
  int64_t own = 0;
  for (const nodes::Request* request = &newest; request != nullptr; request = request->next) ++own;
  const Micros since = newest.submitted_at - met_at_.load(std::memory_order_relaxed);
  if (shared_.load() <= own) return since > kAloneAfter;
  if (since > kAloneAfter / 4) met_at_.store(newest.submitted_at, std::memory_order_relaxed);  // not each of a crowd
  return false;
}

bool Engine::Drive(Slot* newest) {
  if (!options_.drive || shared_.has_news() || !shared_.baton.lies()) return false;
  if (HasLowPriority(newest->submitted_at) || !shared_.baton.Take()) return false;
  shared_.wakeup.Awake();
  const bool finished = loop_.Drive(newest, shared_.lone_trial.on() ? spin_.budget() : 0);
  const bool news = !shared_.wakeup.Announce();
  const bool work_left = !finished || news;
  const bool awaited = shared_.baton.Return(work_left);
  if (work_left && !awaited) shared_.Wake();
  return true;
}

base::Cause Engine::AnswerLater(const Ask& ask, const base::Cause& cause, drl_decision_callback callback,
                                void* user) {
  Slot* slot = shared_.pool.Acquire();
  if (slot == nullptr) return {DRL_ERR_QUEUE_FULL, "queue_capacity_max requests are waiting"};
  Take(ask, *slot);
  slot->fail_strategy = ask.fail_strategy;
  slot->sink = &callback_sink_;
  slot->callback = callback;
  slot->user = user;
  slot->cause = cause.code;
  slot->charged = DRL_CHARGED_NO;
  slot->SetDetail(cause.sentence.view());
  if (shared_.answered.Push(slot, slot)) {
    shared_.Wake();
    return {};
  }
  Discard(*slot);
  return {DRL_ERR_CLOSED, base::StatusMessage(DRL_ERR_CLOSED)};
}

void Engine::Discard(Slot& slot) {
  Release(slot);
  Release(slot);
}

bool Engine::GiveUp(Slot& slot, drl_status cause) {
  const bool given_up = slot.fate.GiveUp([&](bool sent) {
    slot.given_up_cause = cause;
    slot.given_up_charged = sent ? DRL_CHARGED_UNKNOWN : DRL_CHARGED_NO;
  });
  if (given_up) CountCause(shared_.counters, slot.limiter(), cause);
  return given_up;
}

void Engine::Wait(Slot& slot, bool lone) {
  if (!lone || !SpinOn(slot)) SleepOn(slot);
  const Micros latency = clock_.now() - slot.submitted_at;
  spin_.Observe(latency);
  if (lone) shared_.lone_trial.Observe(latency);
}

void Engine::SleepOn(Slot& slot) {
  slot.sleeper.store(1, std::memory_order_seq_cst);
  while (true) {
    const uint32_t state = slot.fate.word().load(std::memory_order_seq_cst);
    if (state == nodes::Fate::kDone) return;
    if (clock_.now() >= slot.deadline) return TimeOut(slot);
    base::FutexWait(slot.fate.word(), state, slot.deadline);
  }
}

void Engine::TimeOut(Slot& slot) {
  if (!GiveUp(slot, DRL_ERR_TIMEOUT)) return;
  const bool sent = slot.given_up_charged == DRL_CHARGED_UNKNOWN;
  if (topology_.NodeOf(slot.key).breaker().CountTimeout(slot.submitted_at, sent)) shared_.Wake();
}

// A few callers may spin: the answer of an idle Redis comes sooner than a sleeping thread wakes. A crowd must not: it would
// take the processor from Redis and the I/O thread.
bool Engine::SpinOn(const Slot& slot) const {
  const Micros budget = spin_.budget();
  if (budget == 0 || !shared_.lone_trial.on()) return false;
  const Micros until = clock_.now() + budget;
  do {
    for (int i = 0; i < 32; ++i) {
      if (slot.fate.done()) return true;
      base::CpuPause();
    }
    base::YieldCpu();
  } while (clock_.now() < until);
  return false;
}

drl_status Engine::Await(Slot& slot, bool lone, drl_decision& decision, base::Sentence& detail) {
  Wait(slot, lone);
  const drl_status status = Conclude(slot, decision, detail);
  if (slot.kind == nodes::RequestKind::kAllow) Observe(slot.limiter(), status, decision);
  Release(slot);
  return status;
}

void Engine::FillGivenUp(const Slot& slot, Answer& answer) {
  answer.cause = slot.given_up_cause;
  answer.charged = slot.given_up_charged;
  answer.SetDetail(base::StatusMessage(slot.given_up_cause));
}

drl_status Engine::Conclude(const Slot& slot, drl_decision& decision, base::Sentence& detail) {
  if (!slot.fate.given_up()) return Conclude(slot, slot.fail_strategy, slot, decision, detail);
  Answer answer;  // the loop may still write the slot's
  FillGivenUp(slot, answer);
  return Conclude(slot, slot.fail_strategy, answer, decision, detail);
}

drl_status Engine::Conclude(const nodes::Asked& asked, int32_t fail_strategy, const Answer& answer, drl_decision& decision,
                            base::Sentence& detail) {
  if (answer.cause == DRL_OK) {
    if (asked.kind == nodes::RequestKind::kAllow) {
      core::FillDecision(answer.verdict, *asked.plan, asked.question, answer.now_us, decision);
    } else {
      decision = {};
    }
    return DRL_OK;
  }
  detail = std::string_view(answer.detail);
  const drl_status status = Degrade(*asked.plan, asked.question, fail_strategy, answer.cause, answer.charged, decision);
  return asked.kind == nodes::RequestKind::kReset ? answer.cause : status;
}

drl_status Degrade(const core::Plan& plan, const core::Question& question, int32_t fail_strategy, drl_status cause,
                   int32_t charged, drl_decision& decision) {
  const bool open = fail_strategy == DRL_FAIL_OPEN && base::IsDegraded(cause);
  core::FillDegraded(plan, question, open, cause, charged, decision);
  if (!base::IsDegraded(cause)) return cause;  // closed, cancelled
  return fail_strategy == DRL_FAIL_ERROR && decision.outcome != DRL_OUTCOME_NEVER ? cause : DRL_OK;
}

base::Status Engine::WaitReady(Micros timeout) {
  nodes::Readiness& readiness = topology_.AnyNode().readiness();
  const nodes::Readiness::Waiter waiter(readiness);
  if (timeout > 0 && !readiness.ready()) {
    readiness.Ask();
    shared_.Wake();
  }
  return readiness.Wait(clock_, clock_.now() + timeout);
}

void Engine::LimiterOpened() {
  if (topology_.AnyNode().readiness().LimiterOpened()) shared_.Wake();
}

void Engine::ReadStats(drl_stats& stats) const {
  stats = DRL_STATS_INIT;
  shared_.counters.Read(stats);
  stats.queue_depth = std::max<int64_t>(0, shared_.load());
  for (const auto& node : topology_.nodes()) AddNode(node->counters(), stats);
  const nodes::Breaker& breaker = topology_.AnyNode().breaker();
  stats.breaker = breaker.state();
  stats.breaker_opened = breaker.times_opened();
}

}  // namespace drl::engine
