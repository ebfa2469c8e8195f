#include "redis/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace drl::redis {
namespace {

using base::Result;
using base::Status;

// std::system_category, unlike strerror, is safe with threads.
std::string ErrnoText(int error) { return std::system_category().message(error); }

void SetOption(int fd, int level, int option, int value) { setsockopt(fd, level, option, &value, sizeof value); }

// A peer that vanished without a word is noticed by what it does not acknowledge; by keep-alive probes when there is nothing.
void TuneTcp(int fd, base::Micros silence_max) {
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, 15);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
  SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(std::clamp<base::Micros>(silence_max / 1000, 1, INT32_MAX)));
}

}  // namespace

Result<std::unique_ptr<Socket>> Socket::Open(const SocketAddress& address, const std::string& name, base::Micros silence_max) {
  const int family = address.get()->sa_family;
  base::UniqueFd fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Status(DRL_ERR_SYSTEM, "cannot make a socket: " + ErrnoText(errno));
  if (family != AF_UNIX) TuneTcp(fd.get(), silence_max);
  if (connect(fd.get(), address.get(), address.length) != 0 && errno != EINPROGRESS) {
    return Status(DRL_ERR_CONNECT, "cannot connect to " + name + ": " + ErrnoText(errno));
  }
  return std::unique_ptr<Socket>(new Socket(std::move(fd), name));
}

Status Socket::FinishConnect() const {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  return error == 0 ? Status() : Status(DRL_ERR_CONNECT, "cannot connect to " + name_ + ": " + ErrnoText(error));
}

Result<size_t> Socket::Send(std::string_view bytes) {
  while (true) {
    const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<size_t>(sent);
    if (errno == EAGAIN || errno == EWOULDBLOCK) return size_t{0};
    if (errno != EINTR) return Status(DRL_ERR_CONNECTION_LOST, "writing to " + name_ + ": " + ErrnoText(errno));
  }
}

Result<size_t> Socket::Receive(std::span<char> room) {
  const ssize_t got = recv(fd_.get(), room.data(), room.size(), 0);
  if (got > 0) return static_cast<size_t>(got);
  if (got == 0) return Status(DRL_ERR_CONNECTION_LOST, name_ + " closed the connection");
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return size_t{0};
  return Status(DRL_ERR_CONNECTION_LOST, "reading from " + name_ + ": " + ErrnoText(errno));
}

}  // namespace drl::redis
