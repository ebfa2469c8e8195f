#include "nodes/link.h"

#include <algorithm>
#include <utility>

namespace drl::nodes {

using base::Micros;
using base::Result;
using base::Status;

Link::Link(const redis::Endpoint& endpoint, std::unique_ptr<redis::Connector> connector, Micros connect_timeout, uint64_t seed)
    : endpoint_(endpoint),
      connector_(std::move(connector)),
      connect_timeout_(connect_timeout),
      backoff_(kWaitFirst, kWaitMax, seed),
      relapse_(kRelapseFirst, kRelapseMax, seed) {}

Micros Link::deadline() const {
  switch (phase_) {
    case Phase::kWaiting:
      return next_at_;
    case Phase::kReady:
      return INT64_MAX;
    case Phase::kConnecting:
      return std::min(attempt_deadline_, connector_->next_at());
    default:
      return attempt_deadline_;
  }
}

void Link::Abandon() const {
  if (connection_ != nullptr) connection_->Abandon();
  connector_->Abandon();
}

void Link::Begin(Micros now) {
  connection_.reset();
  proven_ = false;
  attempt_deadline_ = now + connect_timeout_;
  connector_->Begin(now);
  phase_ = Phase::kConnecting;
}

Link::Event Link::Advance(Micros now) {
  if (phase_ == Phase::kWaiting) {
    if (now < next_at_) return Event::kNone;
    Begin(now);
  }
  if (phase_ == Phase::kReady) return Event::kNone;
  if (now >= attempt_deadline_) {
    const char* doing = phase_ == Phase::kConnecting ? connector_->doing() : "logging in to ";
    return Fail({DRL_ERR_CONNECT, doing + name() + " took longer than the connect time-out"}, now);
  }
  if (phase_ == Phase::kConnecting) return AdvanceConnecting(now);
  return AdvanceLoggingIn(now);
}

bool Link::Lose(const Status& why, bool idle, Micros now) {
  if (!proven_ && !idle) {
    Fail(why, now);
    return false;
  }
  if (now - ready_since_ >= kSoundLife) {
    relapse_.Reset();
    Begin(now);
    return true;
  }
  connection_.reset();
  phase_ = Phase::kWaiting;
  next_at_ = now + relapse_.Next();
  demand_from_ = std::max(demand_from_, next_at_);
  return true;
}

// What took the connection, but does not log in, is not begun with again.
Link::Event Link::Fail(const Status& status, Micros now) {
  if (connection_ != nullptr) connector_->Shun();
  error_ = status;
  connection_.reset();
  connector_->Stop();
  phase_ = Phase::kWaiting;
  next_at_ = now + backoff_.Next();
  if (demanded_) demand_from_ = now + kDemandEvery;
  demanded_ = false;
  return Event::kFailed;
}

Link::Event Link::AdvanceConnecting(Micros now) {
  Result<std::unique_ptr<redis::Transport>> made = connector_->Advance(now);
  if (!made.ok()) return Fail(made.status(), now);
  if (*made == nullptr) return Event::kNone;
  connection_ = std::make_unique<redis::Connection>(std::move(*made));
  phase_ = Phase::kLoggingIn;
  asked_at_ = now;
  heard_ = false;
  handshake_.Begin(endpoint_, connection_->out());
  return AdvanceLoggingIn(now);
}

Link::Event Link::AdvanceLoggingIn(Micros now) {
  const Status flushed = connection_->Flush();
  Result<bool> received = connection_->Receive();
  // What came before the connection was closed says why ("-ERR max number of clients reached").
  while (true) {
    Result<const redis::Reply*> reply = connection_->Next();
    if (!reply.ok()) return FailLogin(reply.status(), now);
    if (*reply == nullptr) break;
    heard_ = true;
    Status status = handshake_.Accept(**reply);
    if (!status.ok()) return Fail(status, now);
    if (handshake_.done()) {
      phase_ = Phase::kReady;
      error_ = {};
      ready_since_ = now;
      return Event::kReady;
    }
  }
  if (!received.ok()) return FailLogin({DRL_ERR_CONNECT, received.status().message()}, now);
  if (!flushed.ok()) return FailLogin({DRL_ERR_CONNECT, flushed.message()}, now);
  return Event::kNone;
}

// A server that wants TLS answers plain text with bytes that are no reply, or with none.
Link::Event Link::FailLogin(const Status& why, Micros now) {
  if (heard_ || endpoint_.tls.on || !endpoint_.unix_path.empty()) return Fail(why, now);
  return Fail({why.code(), why.message() + " (does it want TLS, rediss://?)"}, now);
}

}  // namespace drl::nodes
