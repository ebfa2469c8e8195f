#include "redis/connection.h"

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

Result<std::unique_ptr<Connection>> Connection::Open(const SocketAddress& address, const std::string& name,
                                                        base::Micros silence_max) {
  const int family = address.get()->sa_family;
  base::UniqueFd fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Status(DRL_ERR_SYSTEM, "cannot make a socket: " + ErrnoText(errno));
  if (family != AF_UNIX) TuneTcp(fd.get(), silence_max);
  if (connect(fd.get(), address.get(), address.length) != 0 && errno != EINPROGRESS) {
    return Status(DRL_ERR_CONNECT, "cannot connect to " + name + ": " + ErrnoText(errno));
  }
  return std::unique_ptr<Connection>(new Connection(std::move(fd), name));
}

Status Connection::FinishConnect() {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return {DRL_ERR_CONNECT, "cannot connect to " + name_ + ": " + ErrnoText(error)};
  connecting_ = false;
  return {};
}

Status Connection::Flush() {
  while (!out_.pending().empty()) {
    const std::string_view bytes = out_.pending();
    const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      out_.Consume(static_cast<size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return {};
    } else if (errno != EINTR) {
      return {DRL_ERR_CONNECTION_LOST, "writing to " + name_ + ": " + ErrnoText(errno)};
    }
  }
  return {};
}

Result<bool> Connection::Receive() {
  const ssize_t got = recv(fd_.get(), received_.data(), received_.size(), 0);
  if (got > 0) {
    Status status = reader_.Feed({received_.data(), static_cast<size_t>(got)});
    if (!status.ok()) return status;
    return true;
  }
  if (got == 0) return Status(DRL_ERR_CONNECTION_LOST, name_ + " closed the connection");
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return false;
  return Status(DRL_ERR_CONNECTION_LOST, "reading from " + name_ + ": " + ErrnoText(errno));
}

}  // namespace drl::redis
