// Connects by TLS: over what another connector has connected, a handshake in which the server shows who it is. Files are read for
// each attempt. Whoever fails here was reached, but is not begun with again. There is no way back to plain bytes.
#pragma once

#include <memory>
#include <string>

#include "redis/connector.h"
#include "redis/endpoint.h"
#include "redis/tls_context.h"
#include "redis/tls_transport.h"

namespace drl::redis {

class TlsConnector final : public Connector {
 public:
  // `tls` outlives the connector. `host`: whom the server's certificate is to name.
  TlsConnector(std::unique_ptr<Connector> plain, const Tls& tls, std::string host)
      : plain_(std::move(plain)), tls_(tls), host_(std::move(host)) {}

  void Begin(base::Micros now) override;
  base::Result<std::unique_ptr<Transport>> Advance(base::Micros now) override;
  void Stop() override;
  void Shun() override { plain_->Shun(); }

  [[nodiscard]] const char* doing() const override { return session_ != nullptr ? "the TLS handshake with " : plain_->doing(); }
  [[nodiscard]] const std::string& name() const override { return plain_->name(); }
  [[nodiscard]] int poll_fd() const override { return session_ != nullptr ? session_->fd() : plain_->poll_fd(); }
  [[nodiscard]] base::Micros next_at() const override { return session_ != nullptr ? next_at_ : plain_->next_at(); }
  void Abandon() const override;

 private:
  // Sockets are polled for what comes; in a handshake, what we say hardly ever finds no room.
  static constexpr base::Micros kLookAgain = 5'000;

  base::Status Connect(base::Micros now);

  const std::unique_ptr<Connector> plain_;
  const Tls& tls_;
  const std::string host_;
  std::unique_ptr<TlsTransport> session_;  // in its handshake
  base::Micros next_at_ = INT64_MAX;
};

}  // namespace drl::redis
