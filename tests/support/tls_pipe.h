// A TLS server and the way to it, within a test and on its thread: what passes, and how much, is up to the test.
#pragma once

#include <openssl/ssl.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "certificates.h"
#include "redis/transport.h"

namespace drl::test {

struct Pipe {
  std::string to_server;
  std::string to_client;
  size_t room = SIZE_MAX;  // bytes that still pass to the server
  bool closed = false;     // by the server
  int abandoned = 0;
};

// The client's end.
class PipeTransport final : public redis::Transport {
 public:
  explicit PipeTransport(Pipe& pipe) : pipe_(pipe) {}

  base::Result<size_t> Send(std::string_view bytes) override {
    const size_t taken = std::min(bytes.size(), pipe_.room);
    pipe_.to_server.append(bytes.substr(0, taken));
    pipe_.room -= taken;
    return taken;
  }
  base::Result<size_t> Receive(std::span<char> room) override {
    if (pipe_.to_client.empty() && pipe_.closed) return base::Status(DRL_ERR_CONNECTION_LOST, "the pipe closed the connection");
    const size_t got = pipe_.to_client.copy(room.data(), room.size());
    pipe_.to_client.erase(0, got);
    return got;
  }
  [[nodiscard]] int fd() const override { return -1; }
  void Abandon() const override { ++pipe_.abandoned; }

 private:
  Pipe& pipe_;
};

// The server's end.
class PipeServer {
 public:
  PipeServer(Pipe& pipe, const Identity& identity, int version_max = 0)
      : pipe_(pipe), context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free), ssl_(nullptr, SSL_free) {
    SSL_CTX_use_certificate(context_.get(), identity.x509());
    SSL_CTX_use_PrivateKey(context_.get(), identity.private_key());
    SSL_CTX_set_max_proto_version(context_.get(), version_max);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl_.get());
  }

  // Takes what has come and answers. The bytes that the client said, decrypted.
  std::string Turn() {
    BIO_write(SSL_get_rbio(ssl_.get()), pipe_.to_server.data(), static_cast<int>(pipe_.to_server.size()));
    pipe_.to_server.clear();
    std::string said;
    char bytes[4096];
    int got = SSL_read(ssl_.get(), bytes, sizeof bytes);
    for (; got > 0; got = SSL_read(ssl_.get(), bytes, sizeof bytes)) said.append(bytes, static_cast<size_t>(got));
    end_ = SSL_get_error(ssl_.get(), got);
    Push();
    return said;
  }
  void Say(const std::string& bytes) {
    SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    Push();
  }
  // What OpenSSL holds back, on its way.
  void Push() {
    char bytes[4096];
    for (int got = 1; got > 0;) {
      got = BIO_read(SSL_get_wbio(ssl_.get()), bytes, sizeof bytes);
      if (got > 0) pipe_.to_client.append(bytes, static_cast<size_t>(got));
    }
  }

  // Why the last Turn heard no more: SSL_ERROR_WANT_READ, or _ZERO_RETURN after a good-bye.
  [[nodiscard]] int end() const { return end_; }
  [[nodiscard]] SSL* ssl() { return ssl_.get(); }

 private:
  Pipe& pipe_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
  int end_ = SSL_ERROR_NONE;
};

}  // namespace drl::test
