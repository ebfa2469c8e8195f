#include "redis/resolver.h"

#include <netdb.h>
#include <sys/un.h>

#include <cstring>
#include <memory>
#include <new>

namespace drl::redis {
namespace {

using base::Result;
using base::Status;

Result<Addresses> LookUp(const std::string& host, int32_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) return Status(DRL_ERR_RESOLVE, "cannot resolve " + host + ": " + gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
  Addresses addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.length = at->ai_addrlen;
    addresses.push_back(address);
  }
  return addresses;
}

Result<Addresses> LookUpIfItCan(const std::string& host, int32_t port) noexcept {
  try {
    return LookUp(host, port, 0);
  } catch (const std::bad_alloc&) {
    return Status(DRL_ERR_RESOLVE, "out of memory");  // short: it needs none
  }
}

}  // namespace

Addresses NumericAddresses(const Endpoint& endpoint) {
  if (endpoint.unix_path.empty()) {
    Result<Addresses> addresses = LookUp(endpoint.host, endpoint.port, AI_NUMERICHOST | AI_NUMERICSERV);
    return addresses.ok() ? *addresses : Addresses();
  }
  SocketAddress address;
  auto& path = reinterpret_cast<sockaddr_un&>(address.storage);
  path.sun_family = AF_UNIX;
  std::memcpy(path.sun_path, endpoint.unix_path.c_str(), endpoint.unix_path.size() + 1);
  address.length = static_cast<socklen_t>(sizeof(sockaddr_un));
  return {address};
}

Status Resolver::Start(const Endpoint& endpoint) {
  return errand_.Start([host = endpoint.host, port = endpoint.port] { return LookUpIfItCan(host, port); },
                       "to resolve the host name");
}

}  // namespace drl::redis
