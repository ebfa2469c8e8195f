#include "nodes/link.h"

#include <algorithm>
#include <utility>

namespace drl::nodes {

using base::Micros;
using base::Result;
using base::Status;

Link::Link(const redis::Endpoint& endpoint, std::unique_ptr<redis::Connector> connector, redis::Credentials& credentials,
           Micros connect_timeout, uint64_t seed)
    : endpoint_(endpoint),
      connector_(std::move(connector)),
      credentials_(credentials),
      connect_timeout_(connect_timeout),
      backoff_(kWaitFirst, kWaitMax, seed),
      relapse_(kRelapseFirst, kRelapseMax, seed) {}

Micros Link::deadline() const { return std::min(PhaseDeadline(), connector_->watch_at()); }

Micros Link::PhaseDeadline() const {
  switch (phase_) {
    case Phase::kWaiting:
      return next_at_;
    case Phase::kReady:
      return INT64_MAX;
    case Phase::kConnecting:
      return connection_ != nullptr ? attempt_deadline_ : std::min(attempt_deadline_, connector_->next_at());
    default:
      return attempt_deadline_;
  }
}

void Link::Abandon() const {
  if (connection_ != nullptr) connection_->Abandon();
  connector_->Abandon();
}

void Link::Begin(Micros now) {
  moved_ = false;
  proven_ = false;
  attempt_deadline_ = now + connect_timeout_;
  refused_.reset();
  connector_->Begin(now);
  Connect();
}

void Link::Connect() {
  connection_.reset();
  login_.reset();
  asked_ = false;
  phase_ = Phase::kConnecting;
}

bool Link::Moved(Micros now) {
  moved_ = connector_->Moved(now, std::exchange(watch_due_, false));
  return moved_;
}

Link::Event Link::Advance(Micros now) {
  if (phase_ == Phase::kReady) return Event::kNone;
  if (phase_ == Phase::kConnecting && connection_ == nullptr) {
    watch_due_ = false;
  } else if (Moved(now)) {
    Begin(now);
  }
  if (phase_ == Phase::kWaiting) {
    if (now < next_at_) return Event::kNone;
    Begin(now);
  }
  if (now >= attempt_deadline_) return Fail(Late(), now);
  if (phase_ == Phase::kConnecting) return AdvanceConnecting(now);
  return AdvanceLoggingIn(now);
}

Status Link::Late() const {
  if (phase_ == Phase::kConnecting && refused_) return refusal_;
  if (phase_ == Phase::kConnecting && connection_ != nullptr) {
    return {DRL_ERR_AUTH, "the credentials callback has not answered within the connect time-out"};
  }
  const char* doing = phase_ == Phase::kConnecting ? connector_->doing() : "logging in to ";
  return {DRL_ERR_CONNECT, doing + name() + " took longer than the connect time-out"};
}

bool Link::Lose(const Status& why, bool idle, Micros now) {
  if (moved_) {
    Begin(now);
    return true;
  }
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
  if (connection_ != nullptr && phase_ != Phase::kConnecting) connector_->Shun();
  error_ = status;
  connection_.reset();
  login_.reset();
  refused_.reset();
  connector_->Stop();
  phase_ = Phase::kWaiting;
  next_at_ = now + backoff_.Next();
  if (demanded_) demand_from_ = now + kDemandEvery;
  demanded_ = false;
  return Event::kFailed;
}

// There may be newer credentials; or another server, which the connector knows of.
Link::Event Link::Refuse(const Status& why, Micros now) {
  if (why.code() == DRL_ERR_AUTH && !credentials_.fixed() && !refused_) {
    refused_ = handshake_.TakeLogin();
    refusal_ = why;
    connector_->Begin(now);
  } else if (!connector_->GoOn(why, now)) {
    return Fail(why, now);
  }
  Connect();
  return AdvanceConnecting(now);
}

Link::Event Link::AdvanceConnecting(Micros now) {
  const Status asked = AdvanceLogin(now);
  if (!asked.ok()) return Fail(asked, now);
  if (connection_ == nullptr) {
    Result<std::unique_ptr<redis::Transport>> made = connector_->Advance(now);
    if (!made.ok()) return Fail(made.status(), now);
    if (*made != nullptr) connection_ = std::make_unique<redis::Connection>(std::move(*made));
  }
  if (connection_ == nullptr) return Event::kNone;
  if (!login_) return AwaitLogin(now);
  phase_ = Phase::kLoggingIn;
  asked_at_ = now;
  heard_ = false;
  handshake_.Begin(endpoint_, std::move(*login_), connection_->out());
  login_.reset();
  return AdvanceLoggingIn(now);
}

// The connection waits for the credentials. Nothing is to come on it before something was said, but the server may refuse it.
Link::Event Link::AwaitLogin(Micros now) {
  const Result<bool> received = connection_->Receive();
  const Result<const redis::Reply*> reply = connection_->Next();
  heard_ = reply.ok() && *reply != nullptr;
  Status why;
  if (!reply.ok()) {
    why = reply.status();
  } else if (heard_) {
    why = {DRL_ERR_CONNECT, "Redis refused the connection: " + (*reply)->text};
  } else if (!received.ok()) {
    why = {DRL_ERR_CONNECT, received.status().message()};
  } else {
    return Event::kNone;
  }
  phase_ = Phase::kLoggingIn;
  return FailLogin(why, now);
}

// Gets the credentials, while the connector is at work.
Status Link::AdvanceLogin(Micros now) {
  if (login_) return {};
  if (!asked_) {
    Status status = credentials_.Begin();
    if (!status.ok()) return status;
    asked_ = true;
  }
  if (!credentials_.done()) return {};
  Result<redis::Login> given = credentials_.Take();
  if (!given.ok()) return given.status();
  if (refused_) {
    if (refused_->Same(*given)) {
      connector_->Shun();
      return refusal_;
    }
    *refused_ = {};
  }
  login_life_ = given->life();
  login_given_at_ = now;
  login_ = std::move(*given);
  return {};
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
    if (!status.ok()) return Refuse(status, now);
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
  if (heard_ || endpoint_.tls.on || !endpoint_.unix_path.empty()) return Refuse(why, now);
  return Refuse({why.code(), why.message() + " (does it want TLS, rediss://?)"}, now);
}

}  // namespace drl::nodes
