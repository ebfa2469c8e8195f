#include "engine/client.h"

#include <algorithm>
#include <memory>

#include "redis/tls_context.h"

namespace drl::engine {

using base::Result;
using base::Status;

Result<Client*> Client::Open(EngineOptions options, std::vector<uint8_t> identity_secret) {
  const auto drop = [](Client* unfinished) { unfinished->Unref(); };
  std::unique_ptr<Client, decltype(drop)> client(new Client(std::move(options), std::move(identity_secret)), drop);
  Result<Engine*> engine = Engine::Start(client->options_, client->first_namespace_, base::ForkGeneration());
  if (!engine.ok()) return engine.status();
  client->engine_.Set(*engine);
  const std::string warning = redis::TlsWarning(client->options_.endpoint);
  if (!warning.empty()) (*engine)->log().Write(DRL_LOG_WARNING, warning);
  return client.release();
}

Client::~Client() {
  Engine* engine = engine_.Inherited();
  if (engine != nullptr && engine->generation() == base::ForkGeneration()) delete engine;
}

void Client::Close() {
  closed_.store(true, std::memory_order_seq_cst);
  Engine* engine = engine_.Inherited();
  if (engine->generation() == base::ForkGeneration()) {
    engine->Stop();
  } else {
    engine->Abandon();
  }
}

Engine* Client::engine(Status& why) {
  if (closed_.load(std::memory_order_relaxed)) {
    why = {DRL_ERR_CLOSED, base::StatusMessage(DRL_ERR_CLOSED)};
    return nullptr;
  }
  return engine_.Get([&](Engine* inherited) -> Engine* {
    Result<Engine*> fresh = Engine::Start(options_, first_namespace_, base::ForkGeneration());
    if (!fresh.ok()) {
      why = fresh.status();
      return nullptr;
    }
    inherited->Abandon();
    series_.Restart();
    plans_.Restart();
    return *fresh;
  });
}

// One request and many take the same way: all slots are handed over at once, so that they travel in one command.
void Client::Decide(std::span<const Ask> asks, drl_decision* decisions, Summary& summary) {
  constexpr size_t kOnStack = 16;
  Slot* few[kOnStack];
  std::unique_ptr<Slot*[]> many(asks.size() > kOnStack ? new Slot*[asks.size()] : nullptr);
  const std::span<Slot*> slots(many ? many.get() : few, asks.size());

  Status why;
  Engine* engine = this->engine(why);
  if (engine == nullptr) return summary.Add(0, why.code(), why);
  Slot* newest = PrepareAll(*engine, asks, slots, decisions, summary);
  if (newest == nullptr) return;
  Slot* oldest = *std::find_if(slots.begin(), slots.end(), [](const Slot* slot) { return slot != nullptr; });
  if (engine->SubmitAndDrive(newest, oldest)) return AwaitAll(*engine, slots, decisions, summary);
  for (Slot* slot : slots) {
    if (slot != nullptr) engine->Discard(*slot);
  }
  summary = {};
  summary.Add(0, DRL_ERR_CLOSED, {DRL_ERR_CLOSED, base::StatusMessage(DRL_ERR_CLOSED)});
}

// The slots of those that can be asked, linked from the newest, which it returns; the others are answered and have none.
Slot* Client::PrepareAll(Engine& engine, std::span<const Ask> asks, std::span<Slot*> slots, drl_decision* decisions,
                         Summary& summary) {
  Slot* newest = nullptr;
  for (size_t i = 0; i < asks.size(); ++i) {
    base::Cause cause;
    slots[i] = engine.Prepare(asks[i], nullptr, cause);
    if (slots[i] == nullptr) {
      summary.Add(i, AnswerAtOnce(engine, asks[i], cause.code, decisions[i]), cause);
      continue;
    }
    slots[i]->next = newest;
    newest = slots[i];
  }
  if (asks.size() == 1) return newest;
  engine.StartAll(newest);  // the first must not pay for the hashing of the last
  return newest;
}

drl_status Client::AnswerAtOnce(Engine& engine, const Ask& ask, drl_status cause, drl_decision& decision) {
  const drl_status status = Degrade(ask, cause, decision);
  if (ask.kind == nodes::RequestKind::kReset) return cause;
  engine.Observe(*ask.limiter, status, decision);
  return status;
}

// The last request is answered last, so waiting for it first costs one sleep instead of many.
void Client::AwaitAll(Engine& engine, std::span<Slot* const> slots, drl_decision* decisions, Summary& summary) {
  const bool lone = engine.lone();
  for (size_t i = slots.size(); i-- > 0;) {
    if (slots[i] == nullptr) continue;
    base::Cause cause;
    const drl_status status = engine.Await(*slots[i], lone, decisions[i], cause.sentence);
    cause.code = decisions[i].cause;
    if (!cause.ok()) summary.Add(i, status, cause);
  }
}

base::Cause Client::DecideLater(const Ask& ask, drl_decision_callback callback, void* user) {
  Status why;
  Engine* engine = this->engine(why);
  if (engine == nullptr) return why;
  base::Cause cause;
  Slot* slot = engine->Prepare(ask, &engine->callback_sink(), cause);
  if (slot == nullptr && InCallback()) return engine->AnswerLater(ask, cause, callback, user);
  if (slot == nullptr) {
    drl_decision decision;
    const drl_status status = AnswerAtOnce(*engine, ask, cause.code, decision);
    CallBack(callback, status, decision, cause.sentence.view(), user);
    return {};
  }
  slot->callback = callback;
  slot->user = user;
  if (engine->Submit(slot, slot)) return {};
  engine->Discard(*slot);
  return {DRL_ERR_CLOSED, base::StatusMessage(DRL_ERR_CLOSED)};
}

int Client::log_fd() {
  Status why;
  Engine* engine = this->engine(why);
  return engine == nullptr ? -1 : engine->log().event().get();
}

Status Client::DrainLog(std::span<drl_log_line> lines, size_t& taken, int64_t& dropped) {
  Status why;
  Engine* engine = this->engine(why);
  if (engine != nullptr) taken = engine->log().Drain(lines, dropped);
  return why;
}

Status Client::WaitReady(base::Micros timeout) {
  Status why;
  Engine* engine = this->engine(why);
  return engine == nullptr ? why : engine->WaitReady(timeout);
}

Status Client::ReadStats(drl_stats& stats) {
  Status why;
  Engine* engine = closed_.load(std::memory_order_relaxed) ? engine_.Inherited() : this->engine(why);
  if (engine == nullptr) return why;
  engine->ReadStats(stats);
  return {};
}

std::shared_ptr<const core::Plan> Client::PlanFor(const std::string& key_namespace, const std::string& name,
                                                  core::Limits limits) {
  bool other = false;
  auto plan = plans_.For(key_namespace, name, std::move(limits), other);
  Status why;
  Engine* engine = other ? this->engine(why) : nullptr;
  if (engine != nullptr) {
    engine->log().Write(DRL_LOG_WARNING, "limiter '" + name + "' of namespace '" + key_namespace +
                                            "' was opened with other limits than before: each has buckets of its own");
  }
  return plan;
}

Outcomes& Client::SeriesFor(const std::string& key_namespace, const std::string& name) {
  Status why;
  Engine* engine = first_namespace_.Set(key_namespace) ? this->engine(why) : nullptr;
  if (engine != nullptr) engine->LimiterOpened();
  return series_.For(key_namespace, name);
}

Result<std::string> Client::Metrics() {
  drl_stats stats = DRL_STATS_INIT;
  Status status = ReadStats(stats);
  if (!status.ok()) return status;
  return RenderMetrics(stats, series_);
}

}  // namespace drl::engine
