// Connects by plain sockets: finds out where the server is, then dials.
#pragma once

#include <memory>
#include <string>

#include "redis/connector.h"
#include "redis/dial.h"
#include "redis/locator.h"

namespace drl::redis {

class SocketConnector final : public Connector {
 public:
  // An attempt gives every address its turn within `patience`. A peer that acknowledges nothing for `silence_max` is dead.
  SocketConnector(const Endpoint& endpoint, base::Micros patience, base::Micros silence_max, const base::EventFd& wake)
      : name_(endpoint.Name()), patience_(patience), silence_max_(silence_max), locator_(LocatorOf(endpoint, wake)) {}

  void Begin(base::Micros now) override;
  base::Result<std::unique_ptr<Transport>> Advance(base::Micros now) override;
  void Stop() override { dial_.Stop(); }
  void Shun() override { ++first_address_; }

  [[nodiscard]] const char* doing() const override { return located_ ? "connecting to " : "resolving "; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] int poll_fd() const override { return dial_.poll_fd(); }
  [[nodiscard]] base::Micros next_at() const override { return dial_.next_at(); }
  void Abandon() const override { dial_.Abandon(); }

 private:
  base::Status DialAll(base::Micros now);

  const std::string name_;
  const base::Micros patience_;
  const base::Micros silence_max_;
  const std::unique_ptr<Locator> locator_;
  Dial dial_;
  bool located_ = false;
  size_t first_address_ = 0;  // the one to begin with: those before it took the connection, but not the login
};

}  // namespace drl::redis
