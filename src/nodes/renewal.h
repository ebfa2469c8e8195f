// Logging in again on a live connection, before the credentials that it logged in by expire.
//
//   kResting   nothing to do before next_at: between five and six eighths of their life after they were given, at random, so that many
//              clients do not ask at once; but not within kEveryMin. Credentials that do not expire: never
//   kAsking    whoever has them was asked. Nobody waits: an answer that is long in coming is complained of, and taken when it comes
//   kSaying    AUTH is under way
//
// Whatever fails is complained of and tried again with back-off, after they have expired too: the connection is good until the server
// says otherwise. None of it holds a request back.
#pragma once

#include <random>
#include <string>

#include "base/backoff.h"
#include "base/repeats.h"
#include "nodes/notes.h"
#include "redis/credentials.h"

namespace drl::nodes {

class Renewal {
 public:
  static constexpr base::Micros kEveryMin = 100'000;
  static constexpr base::Micros kRetryMin = 10'000;
  static constexpr base::Micros kRetryFirst = 100'000;
  static constexpr base::Micros kRetryMax = 10'000'000;

  // An answer that takes longer than `patience` is complained of.
  Renewal(redis::Credentials& credentials, base::Micros patience, Notes& notes, uint64_t seed)
      : credentials_(credentials), patience_(patience), notes_(notes), retry_(kRetryFirst, kRetryMax, seed), random_(seed) {}

  // A new connection, logged in by credentials with so long a life (0: for ever), given at that time.
  void Begin(base::Micros life, base::Micros given_at, base::Micros now);
  // It is lost: whoever makes the next one asks anew.
  void Lost() { Rest(INT64_MAX); }
  // Asks in time. The login to be said to the server, once it is there, until the reply; else null.
  const redis::Login* Advance(base::Micros now);
  // What the server said: an error, or not.
  void Accepted(base::Micros now);
  void Refused(const std::string& error, base::Micros now);

  // When Advance has something to do in any case.
  [[nodiscard]] base::Micros next_at() const { return next_at_; }

 private:
  enum class State { kResting, kAsking, kSaying };

  const redis::Login* TakeAnswer(base::Micros now);
  void Fail(const std::string& why, base::Micros now);
  void Complain(const std::string& why, base::Micros now);
  void Rest(base::Micros until);

  redis::Credentials& credentials_;
  const base::Micros patience_;
  Notes& notes_;
  State state_ = State::kResting;
  base::Micros next_at_ = INT64_MAX;
  redis::Login login_;  // while it is being said
  base::Micros given_at_ = 0;
  base::Backoff retry_;
  base::Repeats complaints_;
  std::minstd_rand random_;
};

}  // namespace drl::nodes
