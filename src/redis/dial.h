// Connects to the first of several addresses that answers, as RFC 8305 advises: IPv6 and IPv4 in turn, each address some time after
// the one before or as soon as that has failed, while the earlier ones go on. The first connection wins, the others are closed.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "base/status.h"
#include "redis/resolver.h"
#include "redis/socket.h"

namespace drl::redis {

// The families in turn, each in its own order, that of the first address first.
[[nodiscard]] Addresses Interleaved(const Addresses& addresses);

class Dial {
 public:
  static constexpr base::Micros kStagger = 250'000;
  static constexpr size_t kUnderWayMax = 8;

  // Begins afresh, in the order given. Within `patience` every address has its turn.
  void Begin(Addresses addresses, std::string name, base::Micros patience, base::Micros silence_max, base::Micros now);
  // Does what can be done without blocking. Null while nothing is decided; an error when all have failed.
  base::Result<std::unique_ptr<Socket>> Advance(base::Micros now);
  // Closes whatever is under way.
  void Stop();

  // Readable when Advance has something to do, which it also has at that time. -1: nothing is under way.
  [[nodiscard]] int poll_fd() const { return events_.get(); }
  [[nodiscard]] base::Micros next_at() const { return next_ < addresses_.size() ? next_at_ : INT64_MAX; }

  // In a forked child: gives up the parent's descriptors and nothing else.
  void Abandon() const;

 private:
  [[nodiscard]] bool AnyUnderWay() const;
  std::unique_ptr<Socket> TakeConnected(base::Micros now);
  void TryNext(base::Micros now);
  void Failed(const base::Status& why, base::Micros now);

  Addresses addresses_;
  std::string name_;
  size_t next_ = 0;
  base::Micros stagger_ = kStagger;
  base::Micros silence_max_ = 0;
  base::Micros next_at_ = 0;
  base::Status error_;
  base::UniqueFd events_;  // an epoll
  std::array<std::unique_ptr<Socket>, kUnderWayMax> under_way_;
};

}  // namespace drl::redis
