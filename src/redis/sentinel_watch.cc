#include "redis/sentinel_watch.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "redis/error_map.h"
#include "redis/permission.h"

namespace drl::redis {
namespace {

using base::Micros;
using base::Result;
using base::Status;

constexpr std::string_view kChannel = "+switch-master";
constexpr int kReceivesMax = 16;  // at one time, however much a sentinel says

bool IsPort(int64_t port) { return port > 0 && port <= 65535; }

// It is written to logs, whoever said it.
bool IsName(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// The last word of a text, which is taken off.
std::string_view TakeLast(std::string_view& text) {
  const size_t space = text.rfind(' ');
  const std::string_view last = text.substr(space == std::string_view::npos ? 0 : space + 1);
  text = text.substr(0, space == std::string_view::npos ? 0 : space);
  return last;
}

// "<master> <old host> <old port> <new host> <new port>": the new address, empty when it is not about this master.
Host SwitchedTo(std::string_view message, std::string_view master) {
  const std::string_view port_text = TakeLast(message);
  const std::string_view host = TakeLast(message);
  TakeLast(message);
  TakeLast(message);
  int32_t port = 0;
  const auto [end, wrong] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (wrong != std::errc() || end != port_text.data() + port_text.size() || !IsPort(port) || message != master) return {};
  if (!IsName(host)) return {};
  return {std::string(host), port};
}

}  // namespace

SentinelWatch::SentinelWatch(Endpoint sentinel, std::string master, Micros patience, uint64_t seed, const MakeConnector& make)
    : endpoint_(std::move(sentinel)),
      login_(endpoint_.username, endpoint_.password),
      wanted_(std::move(master)),
      patience_(patience),
      connector_(make(endpoint_)),
      backoff_(kWaitFirst, kWaitMax, seed) {}

void SentinelWatch::Begin(Micros now) {
  connection_.reset();
  more_ = false;
  phase_ = Phase::kConnecting;
  deadline_ = now + patience_;
  connector_->Begin(now);
}

Micros SentinelWatch::next_at() const {
  if (more_) return 0;
  return phase_ == Phase::kConnecting ? std::min(deadline_, connector_->next_at()) : deadline_;
}

void SentinelWatch::Abandon() const {
  connector_->Abandon();
  if (connection_ != nullptr) connection_->Abandon();
}

SentinelWatch::Event SentinelWatch::Advance(Micros now) {
  if (phase_ == Phase::kWaiting) {
    if (now < deadline_) return Event::kNone;
    Begin(now);
  }
  if (now >= deadline_) return Fail(DRL_ERR_CONNECT, "it does not answer", now);
  return phase_ == Phase::kConnecting ? Connect(now) : Talk(now);
}

SentinelWatch::Event SentinelWatch::Fail(drl_status code, const std::string& why, Micros now) {
  error_ = {code, "sentinel " + Host{endpoint_.host, endpoint_.port}.Name() + ": " + why};
  if (connection_ != nullptr) connector_->Shun();
  connection_.reset();  // it may have said why
  connector_->Stop();
  more_ = false;
  if (phase_ == Phase::kTalking && step_ == Step::kListen && now - answered_at_ >= kSoundLife) backoff_.Reset();
  phase_ = Phase::kWaiting;
  deadline_ = now + backoff_.Next();
  return Event::kFailed;
}

SentinelWatch::Event SentinelWatch::Connect(Micros now) {
  Result<std::unique_ptr<Transport>> made = connector_->Advance(now);
  if (!made.ok()) return Fail(made.status().code(), made.status().message(), now);
  if (*made == nullptr) return Event::kNone;
  connection_ = std::make_unique<Connection>(std::move(*made));
  phase_ = Phase::kTalking;
  Say();
  return Talk(now);
}

// All in one write, so that no switch falls between the answer and what comes after it.
void SentinelWatch::Say() {
  step_ = Step::kSetName;
  if (!login_.password().empty()) {
    step_ = Step::kAuth;
    login_.Write(connection_->out());
  }
  Command({"CLIENT", "SETNAME", endpoint_.client_name});
  Command({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", wanted_});
  Command({"SUBSCRIBE", kChannel});
}

void SentinelWatch::Command(std::initializer_list<std::string_view> words) {
  connection_->out().Array(words.size());
  for (const std::string_view word : words) connection_->out().Bulk(word);
}

SentinelWatch::Event SentinelWatch::Talk(Micros now) {
  more_ = false;
  const Status flushed = connection_->Flush();
  for (int receives = 0;; ++receives) {
    while (true) {
      const Result<const Reply*> reply = connection_->Next();
      if (!reply.ok()) return Fail(reply.status().code(), reply.status().message(), now);
      if (*reply == nullptr) break;
      const Event event = Take(**reply, now);
      if (event == Event::kNone) continue;
      more_ = connection_ != nullptr;
      return event;
    }
    if (receives == kReceivesMax) {
      more_ = true;
      return Event::kNone;
    }
    const Result<bool> received = connection_->Receive();
    if (!received.ok()) return Fail(DRL_ERR_CONNECT, received.status().message(), now);
    if (!*received) break;
  }
  return flushed.ok() ? Event::kNone : Fail(DRL_ERR_CONNECT, flushed.message(), now);
}

SentinelWatch::Event SentinelWatch::Take(const Reply& reply, Micros now) {
  if (step_ == Step::kListen) return TakeMessage(reply);
  if (reply.type == Reply::Type::kError) return TakeError(reply, now);
  const Step step = step_;
  step_ = static_cast<Step>(static_cast<int>(step) + 1);
  return step == Step::kAsk ? TakeAnswer(reply, now) : Event::kNone;
}

SentinelWatch::Event SentinelWatch::TakeError(const Reply& reply, Micros now) {
  const drl_status code = MapError(reply.text).code;
  // Said before anything was asked, so it would be taken for the answer to an optional step.
  if (reply.text.starts_with("ERR max number of clients")) return Fail(DRL_ERR_CONNECT, reply.text, now);
  switch (step_) {
    case Step::kAuth:
      return Fail(DRL_ERR_AUTH, "logging in: " + login_.Harmless(reply.text), now);
    case Step::kSetName:  // can be done without
      step_ = Step::kAsk;
      return Event::kNone;
    case Step::kAsk:
      return Fail(code, ErrorSentence(reply.text, "SENTINEL GET-MASTER-ADDR-BY-NAME"), now);
    default:  // it may not be listened to, but it has answered
      step_ = Step::kListen;
      return Event::kNone;
  }
}

SentinelWatch::Event SentinelWatch::TakeAnswer(const Reply& reply, Micros now) {
  if (reply.type == Reply::Type::kNil) return Fail(DRL_ERR_RESOLVE, "it knows no master named '" + wanted_ + "'", now);
  const bool sound = reply.type == Reply::Type::kArray && reply.integers.size() == 2 && IsPort(reply.integers[1]);
  if (!sound || !IsName(reply.Word(0))) return Fail(DRL_ERR_PROTOCOL, "it does not answer as sentinels do", now);
  master_ = {std::string(reply.Word(0)), static_cast<int32_t>(reply.integers[1])};
  answered_at_ = now;
  deadline_ = INT64_MAX;
  error_ = {};
  return Event::kAnswered;
}

SentinelWatch::Event SentinelWatch::TakeMessage(const Reply& reply) {
  if (reply.Word(0) != "message" || reply.Word(1) != kChannel) return Event::kNone;
  Host to = SwitchedTo(reply.Word(2), wanted_);
  if (to.name.empty()) return Event::kNone;
  master_ = std::move(to);
  return Event::kSwitched;
}

}  // namespace drl::redis
