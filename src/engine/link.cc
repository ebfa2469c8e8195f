#include "engine/link.h"

#include <poll.h>

namespace drl::engine {
namespace {

using base::Micros;
using base::Result;
using base::Status;

bool Writable(int fd) {
  pollfd item{fd, POLLOUT, 0};
  return poll(&item, 1, 0) > 0;
}

}  // namespace

Link::Link(const redis::Endpoint& endpoint, Micros connect_timeout, const base::EventFd& wake, uint64_t seed)
    : endpoint_(endpoint), connect_timeout_(connect_timeout), backoff_(kWaitFirst, kWaitMax, seed), resolver_(wake) {}

Micros Link::deadline() const {
  switch (phase_) {
    case Phase::kWaiting:
      return next_at_;
    case Phase::kReady:
      return INT64_MAX;
    default:
      return attempt_deadline_;
  }
}

void Link::Begin(Micros now) {
  connection_.reset();
  proven_ = false;
  attempt_deadline_ = now + connect_timeout_;
  addresses_ = redis::NumericAddresses(endpoint_);
  next_address_ = 0;
  phase_ = Phase::kResolving;
}

Link::Event Link::Advance(Micros now) {
  if (phase_ == Phase::kWaiting) {
    if (now < next_at_) return Event::kNone;
    Begin(now);
  }
  if (phase_ == Phase::kReady) return Event::kNone;
  if (now >= attempt_deadline_) {
    const char* doing = phase_ == Phase::kResolving    ? "resolving "
                        : phase_ == Phase::kConnecting ? "connecting to "
                                                       : "logging in to ";
    return Fail({DRL_ERR_CONNECT, std::string(doing) + endpoint_.Name() + " took longer than the connect time-out"},
                now);
  }
  if (phase_ == Phase::kResolving) return AdvanceResolving(now);
  if (phase_ == Phase::kConnecting) return AdvanceConnecting(now);
  return AdvanceLoggingIn(now);
}

void Link::Lose(Micros now) {
  connection_.reset();
  if (proven_) {
    Begin(now);
  } else {
    Wait(now);
  }
}

void Link::Wait(Micros now) {
  phase_ = Phase::kWaiting;
  waiting_since_ = now;
  next_at_ = now + backoff_.Next();
}

Link::Event Link::Fail(const Status& status, Micros now) {
  error_ = status;
  connection_.reset();
  Wait(now);
  return Event::kFailed;
}

Link::Event Link::AdvanceResolving(Micros now) {
  if (addresses_.empty()) {
    if (!resolver_.running()) {
      Status status = resolver_.Start(endpoint_);
      if (!status.ok()) return Fail(status, now);
    }
    if (!resolver_.done()) return Event::kNone;
    Result<redis::Addresses> found = resolver_.Take();
    if (!found.ok()) return Fail(found.status(), now);
    addresses_ = std::move(*found);
  }
  return TryNextAddress(now);
}

Link::Event Link::TryNextAddress(Micros now) {
  while (next_address_ < addresses_.size()) {
    Result<std::unique_ptr<redis::Connection>> opened =
        redis::Connection::Open(addresses_[next_address_++], endpoint_.Name());
    if (opened.ok()) {
      connection_ = std::move(*opened);
      phase_ = Phase::kConnecting;
      return AdvanceConnecting(now);
    }
    error_ = opened.status();
  }
  return Fail(addresses_.empty() ? Status(DRL_ERR_RESOLVE, "the host has no address") : Status(error_), now);
}

Link::Event Link::AdvanceConnecting(Micros now) {
  if (!Writable(connection_->fd())) return Event::kNone;
  Status status = connection_->FinishConnect();
  if (!status.ok()) {
    error_ = status;
    return TryNextAddress(now);
  }
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
    if (!reply.ok()) return Fail(reply.status(), now);
    if (*reply == nullptr) break;
    Status status = handshake_.Accept(**reply);
    if (!status.ok()) return Fail(status, now);
    if (handshake_.done()) {
      phase_ = Phase::kReady;
      return Event::kReady;
    }
  }
  if (!received.ok()) return Fail({DRL_ERR_CONNECT, received.status().message()}, now);
  if (!flushed.ok()) return Fail({DRL_ERR_CONNECT, flushed.message()}, now);
  return Event::kNone;
}

}  // namespace drl::engine
