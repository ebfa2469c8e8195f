// The life of the connection to one server: connect, log in, be ready; then lost, and made anew.
//
// Whoever runs the loop turns it by Advance. How long it waits before it begins again:
//   - after an attempt that failed, with full jitter, 100 ms doubling to 5 s, so that many clients do not fall on a returning
//     Redis at once. When somebody asks, not at all: but of attempts that were asked for, each begins kDemandEvery after the one
//     before has failed.
//   - after the loss of a sound connection (it has answered a command, or nothing was under way on it), not at all: nobody need
//     notice. But when it has lived for less than kSoundLife, up to 1 ms doubling to 100 ms, so that a server that closes what it
//     has just accepted does not keep anybody busy.
//   - when the connector says that the server is elsewhere by now, not at all.
//
// Each attempt asks for the credentials while it connects, and fails when they do not come before its time is over. What comes later
// is the next attempt's, else whoever always takes a little longer would never be heard. What the server refuses may be old, or have
// been changed since it was asked for: whoever gave it is asked once more, and what it says now, if that is another, is tried within
// the same attempt.
#pragma once

#include <memory>
#include <optional>

#include "base/backoff.h"
#include "redis/connection.h"
#include "redis/connector.h"
#include "redis/credentials.h"
#include "redis/handshake.h"

namespace drl::nodes {

class Link {
 public:
  static constexpr base::Micros kWaitFirst = 100'000;
  static constexpr base::Micros kWaitMax = 5'000'000;
  static constexpr base::Micros kDemandEvery = 350'000;
  static constexpr base::Micros kSoundLife = 1'000'000;
  static constexpr base::Micros kRelapseFirst = 1'000;
  static constexpr base::Micros kRelapseMax = 100'000;

  enum class Phase { kWaiting, kConnecting, kLoggingIn, kReady };
  enum class Event { kNone, kReady, kFailed };

  // `endpoint` and the credentials say how to log in, the connector how to get there.
  Link(const redis::Endpoint& endpoint, std::unique_ptr<redis::Connector> connector, redis::Credentials& credentials,
       base::Micros connect_timeout, uint64_t seed);

  // Begins an attempt now; Advance carries it on.
  void Begin(base::Micros now);
  // Does what can be done without blocking. kFailed: error() says why, and the wait for the next attempt has begun.
  Event Advance(base::Micros now);
  // Closes a ready connection that failed, `idle` when its peer closed it while nothing was under way. False when it was not
  // sound: that is a failed attempt.
  bool Lose(const base::Status& why, bool idle, base::Micros now);
  // Whether the server is elsewhere by now: a ready connection is then to be given up by Lose, which begins anew at once.
  bool Moved(base::Micros now);
  // What watch_fd stands for has something to do.
  void WatchDue() { watch_due_ = true; }
  [[nodiscard]] bool watch_due() const { return watch_due_; }
  // Drops whatever was under way, for want of memory, and waits for the next attempt.
  void GiveUp(base::Micros now) noexcept { Fail({DRL_ERR_CONNECT, "out of memory"}, now); }  // short: it needs none
  // A command was answered.
  void Proven() {
    proven_ = true;
    demanded_ = false;
    backoff_.Reset();
  }
  // Somebody wants an answer: no longer wait than until demand_from().
  void OnDemand() {
    next_at_ = std::min(next_at_, demand_from_);
    demanded_ = true;
  }
  // From when on an attempt may be begun at once because somebody asks.
  [[nodiscard]] base::Micros demand_from() const { return demand_from_; }

  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] bool ready() const { return phase_ == Phase::kReady; }
  [[nodiscard]] redis::Connection& connection() { return *connection_; }
  // Of the last failure; none since the connection was last ready.
  [[nodiscard]] const base::Status& error() const { return error_; }
  // The server, for messages.
  [[nodiscard]] const std::string& name() const { return connector_->name(); }
  // Waits because an attempt failed, not for a breath after the loss of a sound connection.
  [[nodiscard]] bool failed() const { return phase_ == Phase::kWaiting && !error_.ok(); }
  // After kReady: Redis's clock, and the local interval in which it was read.
  [[nodiscard]] int64_t redis_time_us() const { return handshake_.redis_time_us(); }
  [[nodiscard]] base::Micros asked_at() const { return asked_at_; }
  [[nodiscard]] const std::string& remark() const { return handshake_.remark(); }
  // Until when what it logged in by is good: so long, 0 for ever, from then on.
  [[nodiscard]] base::Micros login_life() const { return login_life_; }
  [[nodiscard]] base::Micros login_given_at() const { return login_given_at_; }

  // What to wait for: a socket (-1: none), another that is the connector's (see watch_fd there), and when to call Advance in any case.
  [[nodiscard]] int poll_fd() const { return connection_ == nullptr ? connector_->poll_fd() : connection_->fd(); }
  [[nodiscard]] bool wants_write() const { return connection_ != nullptr && connection_->wants_write(); }
  [[nodiscard]] int watch_fd() const { return connector_->watch_fd(); }
  [[nodiscard]] base::Micros deadline() const;

  // In a forked child: gives up the parent's descriptors and nothing else.
  void Abandon() const;

 private:
  Event Fail(const base::Status& status, base::Micros now);
  Event Refuse(const base::Status& status, base::Micros now);
  [[nodiscard]] base::Micros PhaseDeadline() const;
  Event AdvanceConnecting(base::Micros now);
  Event AdvanceLoggingIn(base::Micros now);
  Event FailLogin(const base::Status& why, base::Micros now);
  base::Status AdvanceLogin(base::Micros now);
  Event AwaitLogin(base::Micros now);
  [[nodiscard]] base::Status Late() const;
  void Connect();

  const redis::Endpoint& endpoint_;
  const std::unique_ptr<redis::Connector> connector_;
  redis::Credentials& credentials_;
  const base::Micros connect_timeout_;
  Phase phase_ = Phase::kWaiting;
  bool heard_ = false;  // a reply, since the login began
  bool proven_ = false;
  bool demanded_ = false;
  bool moved_ = false;
  bool watch_due_ = false;
  bool asked_ = false;  // for credentials, by this attempt
  std::optional<redis::Login> login_;  // from when they are there until they are used
  std::optional<redis::Login> refused_;  // by the server, in this attempt; empty once another is tried
  base::Status refusal_;
  base::Micros login_life_ = 0;
  base::Micros login_given_at_ = 0;
  base::Micros attempt_deadline_ = 0;
  base::Micros next_at_ = 0;
  base::Micros demand_from_ = 0;
  base::Micros asked_at_ = 0;
  base::Micros ready_since_ = 0;
  base::Backoff backoff_;
  base::Backoff relapse_;
  base::Status error_;
  std::unique_ptr<redis::Connection> connection_;
  redis::Handshake handshake_;
};

}  // namespace drl::nodes
