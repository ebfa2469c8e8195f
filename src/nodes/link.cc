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

Micros Link::deadline() const { return std::min(PhaseDeadline(), connector_->watch_at()); }

Micros Link::PhaseDeadline() const {
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
  moved_ = false;
  proven_ = false;
  attempt_deadline_ = now + connect_timeout_;
  connector_->Begin(now);
  phase_ = Phase::kConnecting;
}

bool Link::Moved(Micros now) {
  moved_ = connector_->Moved(now, std::exchange(watch_due_, false));
  return moved_;
}

Link::Event Link::Advance(Micros now) {
  if (phase_ == Phase::kReady) return Event::kNone;
  if (phase_ == Phase::kConnecting) {
    watch_due_ = false;
  } else if (Moved(now)) {
    Begin(now);
  }
  if (phase_ == Phase::kWaiting) {
    if (now < next_at_) return Event::kNone;
    Begin(now);
  }
  if (now >= attempt_deadline_) {
    const char* doing = phase_ == Phase::kConnecting ? connector_->doing() : "logging in to ";
    return Fail({DRL_ERR_CONNECT, doing + name() + " took longer than the connect time-out"}, now);
  }
  if (phase_ == Phase::kConnecting) return AdvanceConnecting(now);
  return AdvanceLoggingIn(now);
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

// The connector may know another server that is better.
Link::Event Link::Refuse(const Status& status, Micros now) {
  if (!connector_->GoOn(status, now)) return Fail(status, now);
  connection_.reset();
  phase_ = Phase::kConnecting;
  return AdvanceConnecting(now);
}

Link::Event Link::AdvanceConnecting(Micros now) {
  Result<std::unique_ptr<redis::Transport>> made = connector_->Advance(now);
  if (!made.ok()) return Fail(made.status(), now);
  if (*made == nullptr) return Event::kNone;
  connection_ = std::make_unique<redis::Connection>(std::move(*made));
  phase_ = Phase::kLoggingIn;
  asked_at_ = now;
  handshake_.Begin(endpoint_, connection_->out());
  return AdvanceLoggingIn(now);
}

Link::Event Link::AdvanceLoggingIn(Micros now) {
  const Status flushed = connection_->Flush();
  Result<bool> received = connection_->Receive();
  // What came before the connection was closed says why ("-ERR max number of clients reached").
  while (true) {
    Result<const redis::Reply*> reply = connection_->Next();
    if (!reply.ok()) return Refuse(reply.status(), now);
    if (*reply == nullptr) break;
    Status status = handshake_.Accept(**reply);
    if (!status.ok()) return Refuse(status, now);
    if (handshake_.done()) {
      phase_ = Phase::kReady;
      error_ = {};
      ready_since_ = now;
      return Event::kReady;
    }
  }
  if (!received.ok()) return Refuse({DRL_ERR_CONNECT, received.status().message()}, now);
  if (!flushed.ok()) return Refuse({DRL_ERR_CONNECT, flushed.message()}, now);
  return Event::kNone;
}

}  // namespace drl::nodes
