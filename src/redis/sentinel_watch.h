// The conversation with one sentinel: who is the master, and then, on the same connection, who becomes it (+switch-master).
//
// A connection is lost, and made anew, without a word to anybody. A sentinel is asked only once on each: one that tells of switches
// takes no other questions.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/backoff.h"
#include "redis/connection.h"
#include "redis/connector.h"
#include "redis/credentials.h"
#include "redis/endpoint.h"

namespace drl::redis {

// The way to a server, which outlives its connector.
using MakeConnector = std::function<std::unique_ptr<Connector>(const Endpoint&)>;

class SentinelWatch {
 public:
  static constexpr base::Micros kWaitFirst = 100'000;
  static constexpr base::Micros kWaitMax = 5'000'000;
  static constexpr base::Micros kSoundLife = 1'000'000;

  enum class Event { kNone, kAnswered, kSwitched, kFailed };

  // `sentinel` says where it is and how to log in, `master` which name to ask for.
  SentinelWatch(Endpoint sentinel, std::string master, base::Micros patience, uint64_t seed, const MakeConnector& make);

  // Asks anew, on a new connection.
  void Begin(base::Micros now);
  // Does what can be done without blocking: to be called again until there is no event.
  Event Advance(base::Micros now);

  // It may still answer.
  [[nodiscard]] bool pending() const { return phase_ == Phase::kConnecting || (phase_ == Phase::kTalking && step_ <= Step::kAsk); }
  // The master that it named last.
  [[nodiscard]] const Host& master() const { return master_; }
  // Why it has not answered, of the last failure.
  [[nodiscard]] const base::Status& error() const { return error_; }

  // What to wait for: a descriptor (-1: none), and when to call Advance in any case.
  [[nodiscard]] int poll_fd() const { return connection_ == nullptr ? connector_->poll_fd() : connection_->fd(); }
  [[nodiscard]] bool wants_write() const { return connection_ != nullptr && connection_->wants_write(); }
  [[nodiscard]] base::Micros next_at() const;
  // It waits for what no descriptor shows.
  [[nodiscard]] bool hidden() const { return phase_ != Phase::kWaiting && poll_fd() < 0; }

  // In a forked child: gives up the parent's descriptors and nothing else.
  void Abandon() const;

 private:
  enum class Phase { kWaiting, kConnecting, kTalking };
  // What the next reply answers.
  enum class Step { kAuth, kSetName, kAsk, kSubscribe, kListen };

  Event Fail(drl_status code, const std::string& why, base::Micros now);
  Event Connect(base::Micros now);
  Event Talk(base::Micros now);
  Event Take(const Reply& reply, base::Micros now);
  Event TakeError(const Reply& reply, base::Micros now);
  Event TakeAnswer(const Reply& reply, base::Micros now);
  Event TakeMessage(const Reply& reply);
  void Say();
  void Command(std::initializer_list<std::string_view> words);

  const Endpoint endpoint_;
  const Login login_;
  const std::string wanted_;
  const base::Micros patience_;
  const std::unique_ptr<Connector> connector_;
  base::Backoff backoff_;
  Phase phase_ = Phase::kWaiting;
  Step step_ = Step::kAuth;
  base::Micros deadline_ = INT64_MAX;  // of the attempt, or when the next begins
  base::Micros answered_at_ = 0;
  bool more_ = false;  // has come, perhaps
  Host master_;
  base::Status error_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace drl::redis
