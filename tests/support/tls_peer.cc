#include "tls_peer.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>

#include <memory>

namespace drl::test {
namespace {

// False when the test is over before something has come.
bool Await(const Peer& peer, int fd) {
  pollfd item{fd, POLLIN, 0};
  while (!peer.stopping()) {
    if (poll(&item, 1, 5) > 0) return true;
  }
  return false;
}

// Until the client goes.
void HearAll(Peer& peer, int fd) {
  char bytes[4096];
  while (Await(peer, fd)) {
    const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0) return;
    peer.Hear(bytes, static_cast<size_t>(got));
  }
}

int ConnectTo(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
  return fd;
}

std::shared_ptr<SSL_CTX> ContextOf(const TlsPeerOptions& options) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), options.version_max);
  if (SSL_CTX_use_certificate(context.get(), options.identity.x509()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), options.identity.private_key()) != 1) {
    std::abort();
  }
  if (options.chain.empty()) return context;
  BIO* bio = BIO_new_mem_buf(options.chain.data(), static_cast<int>(options.chain.size()));
  SSL_CTX_add0_chain_cert(context.get(), PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
  BIO_free(bio);
  return context;
}

void ServeTls(Peer& peer, SSL* ssl, int fd) {
  SSL_set_fd(ssl, fd);
  const timeval patience{0, 5'000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  int done = SSL_accept(ssl);
  while (done != 1 && !peer.stopping() && SSL_get_error(ssl, done) == SSL_ERROR_WANT_READ) done = SSL_accept(ssl);
  if (done != 1) return;
  char bytes[4096];
  while (!peer.stopping()) {
    const int got = SSL_read(ssl, bytes, sizeof bytes);
    if (got <= 0 && SSL_get_error(ssl, got) != SSL_ERROR_WANT_READ) return;
    if (got > 0) peer.Hear(bytes, static_cast<size_t>(got));
  }
}

}  // namespace

Peer::~Peer() {
  stopping_ = true;
  shutdown(listener_.fd(), SHUT_RDWR);
  thread_.join();
}

std::string Peer::heard() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return heard_;
}

void Peer::Hear(const char* bytes, size_t count) {
  const std::lock_guard<std::mutex> lock(mutex_);
  heard_.append(bytes, count);
}

void Peer::Run() {
  signal(SIGPIPE, SIG_IGN);  // OpenSSL's sockets raise it
  for (int fd = accept(listener_.fd(), nullptr, nullptr); fd >= 0; fd = accept(listener_.fd(), nullptr, nullptr)) {
    ++accepted_;
    serve_(*this, fd);
    close(fd);
  }
}

Peer::Serve Says(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer, int fd) {
    send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    HearAll(peer, fd);
  };
}

Peer::Serve CutsAfter(size_t bytes, int port) {
  return [bytes, port](Peer& peer, int client) {
    const int server = ConnectTo(port);
    char some[4096];
    size_t left = bytes;
    while (left > 0 && !peer.stopping()) {
      pollfd items[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      poll(items, 2, 5);
      if (items[0].revents != 0) {
        const ssize_t got = recv(client, some, sizeof some, 0);
        if (got <= 0 || send(server, some, static_cast<size_t>(got), MSG_NOSIGNAL) < 0) break;
        peer.Hear(some, static_cast<size_t>(got));
      }
      if (items[1].revents != 0) {
        const ssize_t got = recv(server, some, std::min(sizeof some, left), 0);
        if (got <= 0 || send(client, some, static_cast<size_t>(got), MSG_NOSIGNAL) < 0) break;
        left -= static_cast<size_t>(got);
      }
    }
    close(server);
  };
}

Peer::Serve SpeaksTls(const TlsPeerOptions& options) {
  return [context = ContextOf(options)](Peer& peer, int fd) {
    SSL* ssl = SSL_new(context.get());
    ServeTls(peer, ssl, fd);
    SSL_free(ssl);
  };
}

}  // namespace drl::test
