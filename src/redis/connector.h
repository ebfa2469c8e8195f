// How a connection to a server is made: an attempt at a time, without blocking.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "redis/transport.h"

namespace drl::redis {

class Connector {
 public:
  Connector() = default;
  virtual ~Connector() = default;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  // Begins an attempt, and drops one under way.
  virtual void Begin(base::Micros now) = 0;
  // Does what can be done now. Null while nothing is decided; an error when the attempt has failed.
  virtual base::Result<std::unique_ptr<Transport>> Advance(base::Micros now) = 0;
  // Drops the attempt under way, if any.
  virtual void Stop() = 0;
  // The server that the last attempt reached is none: the next one is to begin elsewhere, if there is a choice.
  virtual void Shun() = 0;

  // Where somebody else says where the server is, as sentinels do.
  //
  // What the attempt reached is not what was sought: it does not log in, which is why. Whether the attempt goes on elsewhere.
  virtual bool GoOn(const base::Status& /*why*/, base::Micros /*now*/) { return false; }
  // Between attempts, and while what one of them made is in use: whether the server is elsewhere by now. Then the next attempt
  // knows where. `due` when watch_fd was readable.
  virtual bool Moved(base::Micros /*now*/, bool /*due*/) { return false; }
  // Readable when Moved has something to do, which it also has at that time; during an attempt they stand for Advance. -1: there
  // is nothing to poll.
  [[nodiscard]] virtual int watch_fd() const { return -1; }
  [[nodiscard]] virtual base::Micros watch_at() const { return INT64_MAX; }

  // For messages: what the attempt under way is at, such as "resolving"; and the server, without credentials.
  [[nodiscard]] virtual const char* doing() const = 0;
  [[nodiscard]] virtual const std::string& name() const = 0;
  // Readable when Advance has something to do, which it also has at that time. -1: there is nothing to poll.
  [[nodiscard]] virtual int poll_fd() const = 0;
  [[nodiscard]] virtual base::Micros next_at() const = 0;
  // In a forked child: gives up the parent's descriptors and nothing else.
  virtual void Abandon() const = 0;
};

}  // namespace drl::redis
