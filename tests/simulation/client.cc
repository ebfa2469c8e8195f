#include "client.h"

#include <array>

#include "credentials.h"
#include "engine/engine.h"
#include "sentinels.h"

namespace drl::simulation {
namespace {

using engine::Slot;

// What the callers of the engine do. Those who ask first in a threefold count block (they look at their answer when they are woken,
// and at their own deadline), the others are called back.
class Client final : public Subject, private engine::CompletionSink {
 public:
  explicit Client(const Setting& setting);
  ~Client() override;

  void Ask(size_t first) override;
  void Cancel(size_t request) override;
  void Turn() override;
  [[nodiscard]] bool has_news() const override { return rings_ || engine_.has_news(); }
  [[nodiscard]] Micros next_at() const override { return engine_.loop().NextTimer(); }
  [[nodiscard]] std::string Finish() override;

 private:
  static engine::EngineOptions OptionsOf(const Story& story);
  static std::unique_ptr<redis::Connector> ConnectorOf(const Setting& setting);
  static std::unique_ptr<redis::Credentials> CredentialsOf(const Setting& setting, bool& rings);
  static bool Blocks(size_t first) { return first % 3 == 0; }

  Slot* Prepare(size_t request, bool blocks);
  void Deliver(Slot& slot) override;
  void WakeBlocked();
  void Await(size_t request);
  void End(size_t request, const engine::Answer& answer);

  const Setting setting_;
  engine::Outcomes series_;
  std::vector<engine::Limiter*> limiters_;  // by plan
  nodes::FirstNamespace first_namespace_;
  bool rings_ = false;  // the descriptor that wakes the loop
  mutable engine::Engine engine_;
  std::vector<Slot*> slots_;     // of each request; null: it has ended
  std::vector<size_t> blocked_;  // whose callers wait
};

engine::EngineOptions Client::OptionsOf(const Story& story) {
  engine::EngineOptions options;
  options.timeout = story.timeout;
  options.connect_timeout = story.connect_timeout;
  options.queue_capacity = story.queue_capacity;
  options.requests_per_command_max = story.requests_per_command_max;
  options.spin = options.drive = false;
  if (story.watched) Sentinels::Describe(options.endpoint);
  return options;
}

std::unique_ptr<redis::Connector> Client::ConnectorOf(const Setting& setting) {
  const Story& story = setting.story;
  if (!story.watched) return setting.network.MakeConnector();
  return Sentinels::MakeConnector(setting.network, OptionsOf(story).endpoint, story.connect_timeout, story.seed);
}

// Every other client has some. Where all is well they come sooner than a request ends.
std::unique_ptr<redis::Credentials> Client::CredentialsOf(const Setting& setting, bool& rings) {
  if (setting.story.seed % 2 == 0) return nullptr;
  return std::make_unique<SimulatedCredentials>(setting.world, setting.story.connect_timeout / 4,
                                                setting.world.now() + setting.story.calm_from, rings);
}

Client::Client(const Setting& setting)
    : CompletionSink(true),
      setting_(setting),
      engine_(OptionsOf(setting.story), first_namespace_, 0,
              engine::Parts{setting.world, ConnectorOf(setting), setting.story.seed, CredentialsOf(setting, rings_)}) {
  for (const auto& plan : setting.catalogue.plans()) {
    limiters_.push_back(new engine::Limiter(plan, Catalogue::MakerOf(*plan), DRL_FAIL_ERROR, Catalogue::kNamespace, {}, series_));
  }
  first_namespace_.Set(Catalogue::kNamespace);
  engine_.LimiterOpened();
  engine_.loop().Begin();
}

Client::~Client() {
  for (engine::Limiter* limiter : limiters_) limiter->Unref();
}

void Client::Ask(size_t first) {
  Slot* newest = nullptr;
  Slot* oldest = nullptr;
  slots_.resize(setting_.told.size(), nullptr);
  for (size_t i = first; i < setting_.told.size(); ++i) {
    Slot* slot = Prepare(i, Blocks(first));
    if (slot == nullptr) continue;
    slots_[i] = slot;
    slot->next = newest;
    newest = slot;
    if (oldest == nullptr) oldest = slot;
  }
  if (newest == nullptr) return;
  engine_.StartAll(newest);
  if (!engine_.Submit(newest, oldest)) setting_.world.Fail("the engine takes nothing");
}

// Null: it has been answered at once.
Slot* Client::Prepare(size_t request, bool blocks) {
  const Told& told = setting_.told[request];
  const Catalogue::Item& item = setting_.catalogue.item(told.key);
  engine::Ask ask;
  ask.limiter = limiters_[item.plan];
  ask.identity = {reinterpret_cast<const uint8_t*>(item.identity.data()), item.identity.size()};
  ask.question = told.question;
  ask.kind = told.operation == core::Operation::kTake ? nodes::RequestKind::kAllow : nodes::RequestKind::kReset;
  ask.timeout = told.deadline - told.asked_at;
  ask.fail_strategy = DRL_FAIL_ERROR;
  base::Cause cause;
  Slot* slot = engine_.Prepare(ask, blocks ? nullptr : this, cause);
  if (slot == nullptr) {
    engine::Answer answer;
    answer.cause = cause.code;
    answer.charged = DRL_CHARGED_NO;
    End(request, answer);
  } else if (blocks) {
    blocked_.push_back(request);
    setting_.world.At(told.deadline, [this, request] { Await(request); });
  } else {
    slot->user = reinterpret_cast<void*>(request);
  }
  return slot;
}

void Client::End(size_t request, const engine::Answer& answer) {
  Told& told = setting_.told[request];
  slots_[request] = nullptr;
  ++told.ends;
  told.ended_at = setting_.world.now();
  told.cause = answer.cause;
  told.decided = answer.cause == DRL_OK;
  told.may_have_run = answer.charged != DRL_CHARGED_NO;
  if (!told.decided) return;
  told.server_us = answer.now_us;
  if (told.operation == core::Operation::kForget) return;
  const size_t limits = setting_.catalogue.keys().limits(told.key).size();
  told.mark = MarkOf(answer.verdict.allowed(), std::span(answer.verdict.debts).first(limits));
}

void Client::Deliver(Slot& slot) {
  End(reinterpret_cast<size_t>(slot.user), slot);
  engine_.Release(slot);
}

void Client::Cancel(size_t request) {
  Slot* slot = slots_[request];
  if (slot == nullptr || slot->sink == nullptr || !engine_.GiveUp(*slot, DRL_ERR_CANCELLED)) return;
  setting_.told[request].cancelled = true;
  engine::Answer answer;
  engine::Engine::FillGivenUp(*slot, answer);
  End(request, answer);
  engine_.Release(*slot);
}

// A caller that blocks was woken, or its deadline has come: it does not sleep again.
void Client::Await(size_t request) {
  Slot* slot = slots_[request];
  if (slot == nullptr) return;
  engine::Answer answer;
  const bool done = slot->fate.done();
  if (done) answer = *slot;
  const bool never = slot->never;  // then it charges nothing wherever it runs
  const bool sent = slot->fate.state() == nodes::Fate::kSent;
  drl_decision decision{};
  base::Sentence detail;
  (void)engine_.Await(*slot, false, decision, detail);
  if (!done) {
    answer.cause = DRL_ERR_TIMEOUT;
    answer.charged = never && sent ? DRL_CHARGED_UNKNOWN : decision.charged;
  }
  End(request, answer);
}

void Client::WakeBlocked() {
  std::erase_if(blocked_, [this](size_t request) {
    if (slots_[request] != nullptr && slots_[request]->fate.done()) Await(request);
    return slots_[request] == nullptr;
  });
}

void Client::Turn() {
  rings_ = false;
  while (engine_.loop().Receive(0)) continue;
  if (!engine_.loop().Turn()) setting_.world.Fail("the loop thinks that it is over");
  WakeBlocked();
}

std::string Client::Finish() {
  const size_t held_max = setting_.story.watched ? 1 + Sentinels::kCount : 1;
  if (setting_.network.held() > held_max) return "more than one connection is held: " + std::to_string(setting_.network.held());
  engine_.Stop();
  engine_.loop().Shutdown();
  WakeBlocked();
  if (engine_.load() != 0) return "slots are leaked: " + std::to_string(engine_.load());
  return {};
}

}  // namespace

std::unique_ptr<Subject> MakeClient(const Setting& setting) { return std::make_unique<Client>(setting); }

}  // namespace drl::simulation
