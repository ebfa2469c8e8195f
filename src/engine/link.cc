#include "engine/link.h"

#include <unistd.h>

#include <algorithm>

namespace drl::engine {
namespace {

using base::Micros;
using base::Result;
using base::Status;

constexpr const char* kDoing[] = {"waiting for ", "resolving ", "connecting to ", "logging in to ", ""};  // by phase

}  // namespace

Link::Link(const redis::Endpoint& endpoint, Micros connect_timeout, Micros silence_max, const base::EventFd& wake,
           uint64_t seed)
    : endpoint_(endpoint),
      connect_timeout_(connect_timeout),
      silence_max_(silence_max),
      backoff_(kWaitFirst, kWaitMax, seed),
      relapse_(kRelapseFirst, kRelapseMax, seed),
      resolver_(wake) {}

Micros Link::deadline() const {
  switch (phase_) {
    case Phase::kWaiting:
      return next_at_;
    case Phase::kReady:
      return INT64_MAX;
    case Phase::kConnecting:
      return std::min(attempt_deadline_, dial_.next_at());
    default:
      return attempt_deadline_;
  }
}

void Link::Abandon() const {
  if (connection_ != nullptr) close(connection_->fd());
  dial_.Abandon();
}

void Link::Begin(Micros now) {
  connection_.reset();
  proven_ = false;
  attempt_deadline_ = now + connect_timeout_;
  phase_ = Phase::kResolving;
}

Link::Event Link::Advance(Micros now) {
  if (phase_ == Phase::kWaiting) {
    if (now < next_at_) return Event::kNone;
    Begin(now);
  }
  if (phase_ == Phase::kReady) return Event::kNone;
  if (now >= attempt_deadline_) {
    return Fail({DRL_ERR_CONNECT, kDoing[static_cast<size_t>(phase_)] + endpoint_.Name() +
                                      " took longer than the connect time-out"},
                now);
  }
  if (phase_ == Phase::kResolving) return AdvanceResolving(now);
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
  if (connection_ != nullptr) ++first_address_;
  error_ = status;
  connection_.reset();
  dial_.Stop();
  phase_ = Phase::kWaiting;
  next_at_ = now + backoff_.Next();
  if (demanded_) demand_from_ = now + kDemandEvery;
  demanded_ = false;
  return Event::kFailed;
}

Link::Event Link::AdvanceResolving(Micros now) {
  redis::Addresses addresses = redis::NumericAddresses(endpoint_);
  if (addresses.empty()) {
    if (!resolver_.running()) {
      Status status = resolver_.Start(endpoint_);
      if (!status.ok()) return Fail(status, now);
    }
    if (!resolver_.done()) return Event::kNone;
    Result<redis::Addresses> found = resolver_.Take();
    if (!found.ok()) return Fail(found.status(), now);
    addresses = redis::Interleaved(*found);
  }
  if (!addresses.empty()) {
    const auto shift = static_cast<redis::Addresses::difference_type>(first_address_ % addresses.size());
    std::rotate(addresses.begin(), addresses.begin() + shift, addresses.end());
  }
  dial_.Begin(std::move(addresses), endpoint_.Name(), connect_timeout_, silence_max_, now);
  phase_ = Phase::kConnecting;
  return AdvanceConnecting(now);
}

Link::Event Link::AdvanceConnecting(Micros now) {
  Result<std::unique_ptr<redis::Connection>> first = dial_.Advance(now);
  if (!first.ok()) return Fail(first.status(), now);
  if (*first == nullptr) return Event::kNone;
  connection_ = std::move(*first);
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
      error_ = {};
      ready_since_ = now;
      demanded_ = false;
      return Event::kReady;
    }
  }
  if (!received.ok()) return Fail({DRL_ERR_CONNECT, received.status().message()}, now);
  if (!flushed.ok()) return Fail({DRL_ERR_CONNECT, flushed.message()}, now);
  return Event::kNone;
}

}  // namespace drl::engine
