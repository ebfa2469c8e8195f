// Which connector leads to a server.
#pragma once

#include <memory>

#include "base/fd.h"
#include "redis/connector.h"
#include "redis/endpoint.h"

namespace drl::redis {

struct Patience {
  base::Micros attempt;      // to connect: every address of the server has its turn within it
  base::Micros silence_max;  // a peer that acknowledges nothing for so long is dead
};

// The endpoint outlives the connector; `wake` is signalled when another thread has something for it.
[[nodiscard]] std::unique_ptr<Connector> ConnectorTo(const Endpoint& endpoint, const Patience& patience, const base::EventFd& wake);

}  // namespace drl::redis
