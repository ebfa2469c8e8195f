// Servers that nobody should talk to: one that listens on 127.0.0.1 and does to each of its connections, one after the other, what the
// test wants; it keeps what it heard.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "certificates.h"
#include "hung_listener.h"

namespace drl::test {

class Peer {
 public:
  using Serve = std::function<void(Peer& peer, int fd)>;

  explicit Peer(Serve serve) : serve_(std::move(serve)), thread_([this] { Run(); }) {}
  ~Peer();

  [[nodiscard]] int port() const { return listener_.port(); }
  [[nodiscard]] int accepted() const { return accepted_; }
  [[nodiscard]] bool stopping() const { return stopping_; }
  // What clients said, decrypted where the peer could.
  [[nodiscard]] std::string heard() const;
  void Hear(const char* bytes, size_t count);

 private:
  void Run();

  const Serve serve_;
  Listener listener_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  mutable std::mutex mutex_;
  std::string heard_;
  std::thread thread_;
};

// Says these bytes at once, and hears what comes until the client goes.
Peer::Serve Says(std::string bytes);
// Passes on what a server on another port says, but only so many bytes of it.
Peer::Serve CutsAfter(size_t bytes, int port);

struct TlsPeerOptions {
  const Identity& identity;
  std::string chain = {};  // PEM of one further certificate
  int version_max = 0;     // such as TLS1_1_VERSION; 0: the newest
};
// Speaks TLS, however old and weak; keeps whatever the client says after a handshake that has come to its end.
Peer::Serve SpeaksTls(const TlsPeerOptions& options);

}  // namespace drl::test
