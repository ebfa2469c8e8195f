// The life of the connection: resolve, connect to each address, log in, be ready; after a failure wait and begin again.
//
// The I/O thread calls Advance in its loop. Waits between attempts have full jitter, 100 ms doubling to 5 s, so that many
// clients do not fall on a returning Redis at once; while calls are being refused for want of a connection, no wait is longer
// than kWaitMaxOnDemand, so that real decisions come back soon.
#pragma once

#include <memory>
#include <optional>

#include "base/backoff.h"
#include "base/fd.h"
#include "redis/connection.h"
#include "redis/handshake.h"
#include "redis/resolver.h"

namespace drl::engine {

class Link {
 public:
  static constexpr base::Micros kWaitFirst = 100'000;
  static constexpr base::Micros kWaitMax = 5'000'000;
  static constexpr base::Micros kWaitMaxOnDemand = 350'000;

  enum class Phase { kWaiting, kResolving, kConnecting, kLoggingIn, kReady };
  enum class Event { kNone, kReady, kFailed };

  Link(const redis::Endpoint& endpoint, base::Micros connect_timeout, const base::EventFd& wake, uint64_t seed);

  // Begins an attempt now; Advance carries it on.
  void Begin(base::Micros now);
  // Does what can be done without blocking. kFailed: error() says why, and the wait for the next attempt has begun.
  Event Advance(base::Micros now);
  // Closes a ready connection that failed, and either begins again at once or, if it never answered a call, waits.
  void Lose(base::Micros now);
  // A call was answered: the next loss is answered by an immediate attempt.
  void Proven() {
    proven_ = true;
    backoff_.Reset();
  }
  // Somebody wants an answer: the wait is cut to kWaitMaxOnDemand after it began.
  void OnDemand() { next_at_ = std::min(next_at_, waiting_since_ + kWaitMaxOnDemand); }

  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] bool ready() const { return phase_ == Phase::kReady; }
  [[nodiscard]] redis::Connection& connection() { return *connection_; }
  [[nodiscard]] const base::Status& error() const { return error_; }
  // After kReady: Redis's clock, and the local interval in which it was read.
  [[nodiscard]] int64_t redis_time_us() const { return handshake_.redis_time_us(); }
  [[nodiscard]] base::Micros asked_at() const { return asked_at_; }

  // What to wait for: a socket (-1: none), and when to call Advance in any case.
  [[nodiscard]] int poll_fd() const { return connection_ == nullptr ? -1 : connection_->fd(); }
  [[nodiscard]] bool wants_write() const { return connection_ != nullptr && connection_->wants_write(); }
  [[nodiscard]] base::Micros deadline() const;
  [[nodiscard]] base::Micros waiting_since() const { return waiting_since_; }

 private:
  Event Fail(const base::Status& status, base::Micros now);
  Event TryNextAddress(base::Micros now);
  Event AdvanceResolving(base::Micros now);
  Event AdvanceConnecting(base::Micros now);
  Event AdvanceLoggingIn(base::Micros now);
  void Wait(base::Micros now);

  const redis::Endpoint& endpoint_;
  const base::Micros connect_timeout_;
  Phase phase_ = Phase::kWaiting;
  bool proven_ = false;
  base::Micros attempt_deadline_ = 0;
  base::Micros waiting_since_ = 0;
  base::Micros next_at_ = 0;
  base::Micros asked_at_ = 0;
  base::Backoff backoff_;
  base::Status error_;
  redis::Resolver resolver_;
  redis::Addresses addresses_;
  size_t next_address_ = 0;
  std::unique_ptr<redis::Connection> connection_;
  redis::Handshake handshake_;
};

}  // namespace drl::engine
