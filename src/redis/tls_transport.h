// Encrypted bytes over another transport, which OpenSSL reads and writes through a BIO of our own: its socket BIO would raise SIGPIPE.
//
// What has left: OpenSSL encrypts up to 16 KiB into a record, and nobody can read a part of one. Send answers for the bytes of a record
// when all of it is on its way, and else for none of them. Nothing but a further Send carries on a record that was begun: what Send did
// not answer for does not leave.
#pragma once

#include <memory>
#include <string>

#include "redis/tls_context.h"
#include "redis/transport.h"

struct ssl_st;

namespace drl::redis {

class TlsTransport final : public Transport {
 public:
  // `host`: whom the server's certificate is to name, unless `tls` lets it be. `name` is for messages. Throws std::bad_alloc.
  TlsTransport(TlsContext context, std::unique_ptr<Transport> plain, const Tls& tls, std::string host, std::string name);
  // Says good-bye, if that can be done at once.
  ~TlsTransport() override;

  // Carries on until the server has shown who it is, which is true; to be called before anything is sent or received.
  base::Result<bool> Handshake();
  // The handshake goes on when the socket is writable, not readable.
  [[nodiscard]] bool handshake_wants_write() const;

  base::Result<size_t> Send(std::string_view bytes) override;
  base::Result<size_t> Receive(std::span<char> room) override;
  [[nodiscard]] bool buffered() const override { return buffered_; }
  [[nodiscard]] int fd() const override;
  void Abandon() const override;

 private:
  struct Wire;
  struct SslDeleter {
    void operator()(ssl_st* ssl) const;
  };

  base::Result<size_t> ReceiveSome(std::span<char> room);
  void Expect(const std::string& host, const Tls& tls);
  [[nodiscard]] base::Status HandshakeFailure() const;
  [[nodiscard]] base::Status Loss(const char* doing) const;

  const std::string name_;
  const bool verify_;
  const std::unique_ptr<Wire> wire_;
  std::unique_ptr<ssl_st, SslDeleter> ssl_;
  bool established_ = false;
  bool over_ = false;
  size_t begun_ = 0;  // bytes of the record of which a part may be on its way
  bool buffered_ = false;
  base::Status loss_;  // to be told by the next Receive: something came before it
};

}  // namespace drl::redis
