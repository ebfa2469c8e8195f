#include "redis/tls_connector.h"

#include <utility>

namespace drl::redis {

using base::Micros;
using base::Result;
using base::Status;

void TlsConnector::Begin(Micros now) {
  session_.reset();
  plain_->Begin(now);
}

void TlsConnector::Stop() {
  if (session_ != nullptr) plain_->Shun();
  session_.reset();
  plain_->Stop();
}

Result<std::unique_ptr<Transport>> TlsConnector::Advance(Micros now) {
  if (session_ == nullptr) {
    Status status = Connect(now);
    if (!status.ok()) return status;
    if (session_ == nullptr) return std::unique_ptr<Transport>();
  }
  const Result<bool> done = session_->Handshake();
  if (!done.ok()) return done.status();
  next_at_ = session_->handshake_wants_write() ? now + kLookAgain : INT64_MAX;
  if (!*done) return std::unique_ptr<Transport>();
  return std::unique_ptr<Transport>(std::move(session_));
}

// The files are read once somebody is there: many certificates take milliseconds.
Status TlsConnector::Connect(Micros now) {
  Result<std::unique_ptr<Transport>> plain = plain_->Advance(now);
  if (!plain.ok()) return plain.status();
  if (*plain == nullptr) return {};
  Result<TlsContext> context = MakeTlsContext(tls_);
  if (!context.ok()) return {DRL_ERR_CONNECT, "cannot connect to " + name() + ": " + context.status().message()};
  session_ = std::make_unique<TlsTransport>(std::move(*context), std::move(*plain), tls_, host_, name());
  return {};
}

void TlsConnector::Abandon() const {
  if (session_ != nullptr) session_->Abandon();
  plain_->Abandon();
}

}  // namespace drl::redis
