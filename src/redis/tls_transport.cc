#include "redis/tls_transport.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <new>
#include <utility>

#include "redis/tls_errors.h"

namespace drl::redis {
namespace {

using base::Result;
using base::Status;

// The name of a host as certificates have it.
std::string WithoutEnd(std::string host) {
  const size_t zone = host.find('%');  // of an IPv6 address
  if (zone != std::string::npos && host.find(':') != std::string::npos) host.resize(zone);
  if (host.ends_with('.')) host.pop_back();
  return host;
}

}  // namespace

// What OpenSSL reads from and writes to. Its callbacks let no exception through OpenSSL.
struct TlsTransport::Wire {
  explicit Wire(std::unique_ptr<Transport> transport) : plain(std::move(transport)) {}

  static BIO* Attach(Wire& wire) {
    BIO_METHOD* const method = wire.method.get();
    if (method == nullptr || BIO_meth_set_read(method, Read) != 1 || BIO_meth_set_write(method, Write) != 1 ||
        BIO_meth_set_ctrl(method, Control) != 1) {
      throw std::bad_alloc();
    }
    BIO* bio = BIO_new(method);
    if (bio == nullptr) throw std::bad_alloc();
    BIO_set_data(bio, &wire);
    BIO_set_init(bio, 1);
    return bio;
  }

  static int Read(BIO* bio, char* room, int length) {
    Wire& wire = *static_cast<Wire*>(BIO_get_data(bio));
    const size_t got = wire.Try([&] { return wire.plain->Receive({room, static_cast<size_t>(length)}); });
    return Answer(bio, wire, got, BIO_FLAGS_READ);
  }

  static int Write(BIO* bio, const char* bytes, int length) {
    Wire& wire = *static_cast<Wire*>(BIO_get_data(bio));
    const size_t sent = wire.Try([&] { return wire.plain->Send({bytes, static_cast<size_t>(length)}); });
    return Answer(bio, wire, sent, BIO_FLAGS_WRITE);
  }

  static long Control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static int Answer(BIO* bio, const Wire& wire, size_t bytes, int direction) {
    BIO_clear_retry_flags(bio);
    if (bytes > 0) return static_cast<int>(bytes);
    if (wire.error.ok()) BIO_set_flags(bio, direction | BIO_FLAGS_SHOULD_RETRY);
    return -1;
  }

  // How many bytes went; 0: none now, or, with an error, never again.
  template <typename Move>
  size_t Try(Move move) {
    try {
      Result<size_t> moved = move();
      if (moved.ok()) return *moved;
      error = moved.status();
    } catch (const std::bad_alloc&) {
      error = Status(DRL_ERR_CONNECTION_LOST, "out of memory");  // short: it needs none
    }
    return 0;
  }

  struct MethodDeleter {
    void operator()(BIO_METHOD* gone) const { BIO_meth_free(gone); }
  };

  const std::unique_ptr<Transport> plain;
  Status error;
  const std::unique_ptr<BIO_METHOD, MethodDeleter> method{BIO_meth_new(BIO_TYPE_SOURCE_SINK, "libdrl")};
};

void TlsTransport::SslDeleter::operator()(ssl_st* ssl) const { SSL_free(ssl); }

TlsTransport::TlsTransport(TlsContext context, std::unique_ptr<Transport> plain, const Tls& tls, std::string host,
                           std::string name)
    : name_(std::move(name)),
      verify_(tls.verify),
      wire_(std::make_unique<Wire>(std::move(plain))),
      ssl_(SSL_new(context.get())) {
  const QuietErrors errors;
  if (ssl_ == nullptr) throw std::bad_alloc();
  BIO* bio = Wire::Attach(*wire_);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_connect_state(ssl_.get());
  SSL_set_mode(ssl_.get(), SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_set_read_ahead(ssl_.get(), 1);  // a record by one look at the socket, not two
  Expect(WithoutEnd(std::move(host)), tls);
}

// Names in the certificate's subject do not count, where anything may stand, and no part of a name is a wildcard.
void TlsTransport::Expect(const std::string& host, const Tls& tls) {
  X509_VERIFY_PARAM* param = SSL_get0_param(ssl_.get());
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const std::unique_ptr<ASN1_OCTET_STRING, decltype(&ASN1_OCTET_STRING_free)> address(a2i_IPADDRESS(host.c_str()),
                                                                                     ASN1_OCTET_STRING_free);
  if (address == nullptr && SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) != 1) throw std::bad_alloc();
  if (!tls.verify || !tls.check_hostname) return;
  const int set = address != nullptr ? X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str())
                                     : X509_VERIFY_PARAM_set1_host(param, host.data(), host.size());
  if (set != 1) throw std::bad_alloc();
}

TlsTransport::~TlsTransport() {
  if (!established_ || over_) return;
  const QuietErrors errors;
  SSL_shutdown(ssl_.get());
}

Result<bool> TlsTransport::Handshake() {
  const QuietErrors errors;
  const int done = SSL_do_handshake(ssl_.get());
  if (done != 1) {
    const int why = SSL_get_error(ssl_.get(), done);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return false;
    over_ = true;
    return HandshakeFailure();
  }
  if (verify_ && SSL_get_verify_result(ssl_.get()) != X509_V_OK) {
    over_ = true;
    return HandshakeFailure();
  }
  established_ = true;
  return true;
}

bool TlsTransport::handshake_wants_write() const { return SSL_want_write(ssl_.get()); }

Status TlsTransport::HandshakeFailure() const {
  const long verdict = SSL_get_verify_result(ssl_.get());
  if (verify_ && verdict != X509_V_OK) {
    return {DRL_ERR_CONNECT, "the certificate of " + name_ + " is refused: " + X509_verify_cert_error_string(verdict)};
  }
  if (!wire_->error.ok()) return {DRL_ERR_CONNECT, "in the TLS handshake: " + wire_->error.message()};
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_WRONG_VERSION_NUMBER) {
    return {DRL_ERR_CONNECT, name_ + " does not speak TLS: " + QuietErrors::Reason()};
  }
  return {DRL_ERR_CONNECT, "the TLS handshake with " + name_ + " failed: " + QuietErrors::Reason()};
}

// One record, so that it has left or not. What was begun is carried on with as many bytes as before: with more, OpenSSL might finish it
// and begin another, and would tell of neither.
Result<size_t> TlsTransport::Send(std::string_view bytes) {
  const QuietErrors errors;
  wire_->error = {};
  size_t sent = 0;
  const size_t record = begun_ > 0 ? begun_ : std::min<size_t>(bytes.size(), SSL3_RT_MAX_PLAIN_LENGTH);
  const int done = SSL_write_ex(ssl_.get(), bytes.data(), record, &sent);
  begun_ = done == 1 ? 0 : record;
  if (done == 1) return sent;
  const int why = SSL_get_error(ssl_.get(), done);
  if (why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ) return size_t{0};
  over_ = true;
  return Loss("writing to ");
}

// All records that have come, as far as there is room: what OpenSSL has read, no poll shows.
Result<size_t> TlsTransport::Receive(std::span<char> room) {
  if (!loss_.ok()) return loss_;
  const QuietErrors errors;
  wire_->error = {};  // that we cannot write need not be the reason: the server may have said it
  size_t got = 0;
  buffered_ = true;
  while (buffered_ && got < room.size()) {
    const Result<size_t> some = ReceiveSome(room.subspan(got));
    if (!some.ok()) {
      loss_ = some.status();
      break;
    }
    got += *some;
    buffered_ = *some > 0 && SSL_has_pending(ssl_.get()) == 1;
  }
  if (got == 0 && !loss_.ok()) return loss_;
  return got;
}

Result<size_t> TlsTransport::ReceiveSome(std::span<char> room) {
  size_t got = 0;
  const int done = SSL_read_ex(ssl_.get(), room.data(), room.size(), &got);
  if (done == 1) return got;
  const int why = SSL_get_error(ssl_.get(), done);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return size_t{0};
  over_ = why != SSL_ERROR_ZERO_RETURN;
  return Loss("reading from ");
}

Status TlsTransport::Loss(const char* doing) const {
  if (!wire_->error.ok()) return wire_->error;
  const unsigned long error = ERR_peek_error();
  if (error == 0) return {DRL_ERR_CONNECTION_LOST, name_ + " closed the connection"};
  std::string why = doing + name_ + ": " + QuietErrors::Reason();
  if (ERR_GET_REASON(error) == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED) why += " (ssl_certfile)";
  return {DRL_ERR_CONNECTION_LOST, std::move(why)};
}

int TlsTransport::fd() const { return wire_->plain->fd(); }
void TlsTransport::Abandon() const { wire_->plain->Abandon(); }

}  // namespace drl::redis
