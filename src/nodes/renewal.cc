#include "nodes/renewal.h"

#include <algorithm>
#include <utility>

namespace drl::nodes {

using base::Micros;

void Renewal::Begin(Micros life, Micros given_at, Micros now) {
  retry_.Reset();
  complaints_.Forget();
  if (life == 0) return Rest(INT64_MAX);
  constexpr Micros kLifeMax = 365 * int64_t{86'400'000'000};
  const Micros eighth = std::min(life, kLifeMax) / 8;
  const Micros wait = 5 * eighth + std::uniform_int_distribution<Micros>(0, eighth)(random_);
  Rest(std::max(given_at + wait, now + kEveryMin));
}

void Renewal::Rest(Micros until) {
  state_ = State::kResting;
  next_at_ = until;
  login_ = {};
}

const redis::Login* Renewal::Advance(Micros now) {
  if (state_ == State::kSaying || (state_ == State::kResting && now < next_at_)) return nullptr;
  if (state_ == State::kResting) {
    const base::Status status = credentials_.Begin();
    if (!status.ok()) {
      Fail(status.message(), now);
      return nullptr;
    }
    state_ = State::kAsking;
    next_at_ = now + patience_;
  }
  return TakeAnswer(now);
}

const redis::Login* Renewal::TakeAnswer(Micros now) {
  if (!credentials_.done()) {
    if (now < next_at_) return nullptr;
    Complain("the credentials callback has not answered within the connect time-out", now);
    next_at_ = INT64_MAX;  // it will be heard when it does
    return nullptr;
  }
  base::Result<redis::Login> given = credentials_.Take();
  if (!given.ok()) {
    Fail(given.status().message(), now);
    return nullptr;
  }
  login_ = std::move(*given);
  given_at_ = now;
  state_ = State::kSaying;
  next_at_ = INT64_MAX;
  return &login_;
}

void Renewal::Accepted(Micros now) { Begin(login_.life(), given_at_, now); }

void Renewal::Refused(const std::string& error, Micros now) { Fail(login_.Harmless(error), now); }

void Renewal::Fail(const std::string& why, Micros now) {
  Complain(why, now);
  Rest(now + std::max(retry_.Next(), kRetryMin));
}

void Renewal::Complain(const std::string& why, Micros now) {
  notes_.Complain(complaints_, "logging in again before the credentials expire: " + why, now);
}

}  // namespace drl::nodes
