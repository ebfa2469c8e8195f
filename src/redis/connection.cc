#include "redis/connection.h"

namespace drl::redis {

using base::Result;
using base::Status;

Status Connection::Flush() {
  while (!out_.pending().empty()) {
    const Result<size_t> sent = transport_->Send(out_.pending());
    if (!sent.ok()) return sent.status();
    if (*sent == 0) return {};
    out_.Consume(*sent);
  }
  return {};
}

Result<bool> Connection::Receive() {
  const Result<size_t> got = transport_->Receive(received_);
  if (!got.ok()) return got.status();
  if (*got == 0) return false;
  Status status = reader_.Feed({received_.data(), *got});
  if (!status.ok()) return status;
  return true;
}

}  // namespace drl::redis
