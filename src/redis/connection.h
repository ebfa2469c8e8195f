// One connection to one address: a non-blocking socket, bytes out, replies in. Owned and used by the engine's loop alone.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "base/status.h"
#include "redis/reply_reader.h"
#include "redis/resolver.h"
#include "redis/resp.h"

namespace drl::redis {

class Connection {
 public:
  // Begins to connect. The socket is writable once that has ended, well or not. A peer that acknowledges nothing for
  // `silence_max` is dead.
  static base::Result<std::unique_ptr<Connection>> Open(const SocketAddress& address, const std::string& name,
                                                        base::Micros silence_max);

  // How the connecting ended; call when the socket is writable.
  base::Status FinishConnect();

  // Commands are appended here; Flush sends what the socket takes.
  RespWriter& out() { return out_; }
  base::Status Flush();
  // Reads what has come (at most one feed). True when there was something.
  base::Result<bool> Receive();
  // The next whole reply, or null. Borrowed until the next call.
  base::Result<const Reply*> Next() { return reader_.Next(); }

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool connecting() const { return connecting_; }
  [[nodiscard]] bool wants_write() const { return connecting_ || !out_.pending().empty(); }

 private:
  Connection(base::UniqueFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

  base::UniqueFd fd_;
  std::string name_;
  bool connecting_ = true;
  RespWriter out_;
  ReplyReader reader_;
  std::array<char, ReplyReader::kFeedMax> received_;  // not on the stack: it may be an application's, and small
};

}  // namespace drl::redis
