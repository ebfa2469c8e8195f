// One connection to a server: commands out, replies in, over a transport. Owned and used by whoever runs the loop.
#pragma once

#include <array>
#include <memory>
#include <utility>

#include "base/status.h"
#include "redis/reply_reader.h"
#include "redis/resp.h"
#include "redis/transport.h"

namespace drl::redis {

class Connection {
 public:
  explicit Connection(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}

  // Commands are appended here; Flush sends what the transport takes.
  RespWriter& out() { return out_; }
  base::Status Flush();
  // Reads what has come (at most one feed). True when there was something.
  base::Result<bool> Receive();
  // There is more to receive, which the descriptor does not show.
  [[nodiscard]] bool buffered() const { return transport_->buffered(); }
  // The next whole reply, or null. Borrowed until the next call.
  base::Result<const Reply*> Next() { return reader_.Next(); }

  [[nodiscard]] int fd() const { return transport_->fd(); }
  [[nodiscard]] bool wants_write() const { return !out_.pending().empty(); }
  // In a forked child: gives up the parent's descriptor and nothing else.
  void Abandon() const { transport_->Abandon(); }

 private:
  const std::unique_ptr<Transport> transport_;
  RespWriter out_;
  ReplyReader reader_;
  std::array<char, ReplyReader::kFeedMax> received_;  // not on the stack: it may be an application's, and small
};

}  // namespace drl::redis
