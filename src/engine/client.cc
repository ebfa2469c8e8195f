#include "engine/client.h"

#include <memory>

namespace drl::engine {

using base::Result;
using base::Status;

Result<Client*> Client::Open(EngineOptions options, std::vector<uint8_t> identity_secret) {
  Client* client = new Client(std::move(options), std::move(identity_secret));
  Result<Engine*> engine = Engine::Start(client->options_, client->first_namespace_, base::ForkGeneration());
  if (!engine.ok()) {
    client->Unref();
    return engine.status();
  }
  client->engine_.Set(*engine);
  return client;
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
    return *fresh;
  });
}

drl_status Client::Decide(const Request& request, drl_decision& decision, std::string& detail) {
  return DecideMany({&request, 1}, &decision, detail);
}

// One request and many take the same way: all slots are handed over at once, so that they travel in one call.
drl_status Client::DecideMany(std::span<const Request> requests, drl_decision* decisions, std::string& detail) {
  constexpr size_t kOnStack = 16;
  Slot* few[kOnStack];
  std::unique_ptr<Slot*[]> many(requests.size() > kOnStack ? new Slot*[requests.size()] : nullptr);
  Slot** slots = many ? many.get() : few;

  Status why;
  Engine* engine = this->engine(why);
  if (engine == nullptr) {
    detail = why.message();
    return why.code();
  }
  drl_status status = DRL_OK;
  Slot* newest = nullptr;
  Slot* oldest = nullptr;
  for (size_t i = 0; i < requests.size(); ++i) {
    slots[i] = engine->Prepare(requests[i], nullptr, why);
    if (slots[i] == nullptr) {
      const drl_status failed = AnswerAtOnce(*engine, requests[i], why.code(), decisions[i]);
      if (status == DRL_OK) status = failed;
      if (detail.empty()) detail = why.message();
      continue;
    }
    slots[i]->next = newest;
    newest = slots[i];
    if (oldest == nullptr) oldest = newest;
  }
  if (requests.size() > 1) {  // the first must not pay for the hashing of the last
    const base::Micros now = base::MonotonicMicros();
    for (Slot* slot = newest; slot != nullptr; slot = slot == oldest ? nullptr : slot->next) Engine::Start(*slot, now);
  }
  if (newest == nullptr) return status;
  if (!engine->SubmitAndDrive(newest, oldest)) {
    for (size_t i = 0; i < requests.size(); ++i) {
      if (slots[i] != nullptr) engine->Discard(*slots[i]);
    }
    detail = base::StatusMessage(DRL_ERR_CLOSED);
    return DRL_ERR_CLOSED;
  }
  const drl_status awaited = AwaitMany(*engine, requests, {slots, requests.size()}, decisions, detail);
  return awaited == DRL_OK ? status : awaited;
}

drl_status Client::AnswerAtOnce(Engine& engine, const Request& request, drl_status cause, drl_decision& decision) {
  const drl_status status = Degrade(request, cause, decision);
  if (request.kind == SlotKind::kReset) return cause;
  engine.Observe(*request.limiter, status, decision);
  return status;
}

// The last request is answered last, so waiting for it first costs one sleep instead of many.
drl_status Client::AwaitMany(Engine& engine, std::span<const Request> requests, std::span<Slot* const> slots,
                             drl_decision* decisions, std::string& detail) {
  drl_status status = DRL_OK;
  const bool lone = engine.lone();
  for (size_t i = requests.size(); i-- > 0;) {
    if (slots[i] == nullptr) continue;
    std::string sentence;
    const drl_status one = engine.Await(*slots[i], lone, decisions[i], sentence);
    if (one != DRL_OK) status = one;
    if (!sentence.empty()) detail = std::move(sentence);
  }
  return status;
}

Status Client::DecideLater(const Request& request, drl_decision_callback callback, void* user) {
  Status why;
  Engine* engine = this->engine(why);
  if (engine == nullptr) return why;
  Slot* slot = engine->Prepare(request, &engine->callback_sink(), why);
  if (slot == nullptr && InCallback()) return engine->AnswerLater(request, why, callback, user);
  if (slot == nullptr) {
    drl_decision decision;
    const drl_status status = AnswerAtOnce(*engine, request, why.code(), decision);
    CallBack(callback, status, decision, why.message(), user);
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
