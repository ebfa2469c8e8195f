// TCP listeners of a test: one that takes connections, and one to which every further connection hangs, as to a host that drops
// what is sent to it: its queue is full, and the kernel drops what asks for more.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

namespace drl::test {

class Listener {
 public:
  // Port 0: a free one.
  explicit Listener(const char* host = "127.0.0.1", int port = 0, int backlog = 64)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_port = htons(static_cast<uint16_t>(port));
    inet_pton(AF_INET, host, &address_.sin_addr);
    const int one = 1;  // another may listen here a moment later
    setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    socklen_t length = sizeof address_;
    auto* const at = reinterpret_cast<sockaddr*>(&address_);
    if (bind(fd_, at, length) != 0 || listen(fd_, backlog) != 0 || getsockname(fd_, at, &length) != 0) std::abort();
  }
  ~Listener() { close(fd_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] const sockaddr_in& address() const { return address_; }
  [[nodiscard]] int port() const { return ntohs(address_.sin_port); }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
  sockaddr_in address_{};
};

class HungListener : public Listener {
 public:
  explicit HungListener(const char* host = "127.0.0.1", int port = 0) : Listener(host, port, 0) {
    for (bool hangs = false; !hangs;) hangs = !Connects();
  }
  ~HungListener() {
    for (const int fd : queued_) close(fd);
  }

 private:
  bool Connects() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    queued_.push_back(fd);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address()), sizeof address()) == 0) return true;
    pollfd item{fd, POLLOUT, 0};
    return poll(&item, 1, 100) > 0;
  }

  std::vector<int> queued_;
};

}  // namespace drl::test
