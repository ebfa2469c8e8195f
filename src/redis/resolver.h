// Host names to addresses, off the I/O thread: getaddrinfo may block for many seconds and cannot be cancelled.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "base/errand.h"
#include "base/fd.h"
#include "base/status.h"
#include "redis/endpoint.h"

namespace drl::redis {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

using Addresses = std::vector<SocketAddress>;

// The addresses of an endpoint that needs no look-up (unix path, numeric host); empty for a name.
[[nodiscard]] Addresses NumericAddresses(const Endpoint& endpoint);

// One look-up at a time, on a thread of its own. When it ends, the eventfd of the owner is signalled.
class Resolver {
 public:
  explicit Resolver(const base::EventFd& wake) : errand_(wake) {}

  base::Status Start(const Endpoint& endpoint);
  [[nodiscard]] bool running() const { return errand_.running(); }
  // Whether the look-up has ended; then its result, once.
  [[nodiscard]] bool done() const { return errand_.done(); }
  base::Result<Addresses> Take() { return errand_.Take(); }

 private:
  base::Errand<Addresses> errand_;
};

}  // namespace drl::redis
