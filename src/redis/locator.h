// Where a server is: looked up anew for each attempt to connect, without blocking.
#pragma once

#include <memory>

#include "base/fd.h"
#include "base/status.h"
#include "redis/resolver.h"
#include "redis/endpoint.h"

namespace drl::redis {

class Locator {
 public:
  Locator() = default;
  virtual ~Locator() = default;
  Locator(const Locator&) = delete;
  Locator& operator=(const Locator&) = delete;

  // Begins a look-up, unless one is under way.
  virtual base::Status Begin() = 0;
  // Whether it has ended; then its result, once.
  [[nodiscard]] virtual bool done() const = 0;
  virtual base::Result<Addresses> Take() = 0;
};

// The path or the numeric address that the endpoint names; or the addresses of its host, asked on a thread that signals `wake`.
[[nodiscard]] std::unique_ptr<Locator> LocatorOf(const Endpoint& endpoint, const base::EventFd& wake);

}  // namespace drl::redis
