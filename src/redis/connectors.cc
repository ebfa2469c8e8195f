#include "redis/connectors.h"

#include "redis/socket_connector.h"

namespace drl::redis {

std::unique_ptr<Connector> ConnectorTo(const Endpoint& endpoint, const Patience& patience, const base::EventFd& wake) {
  return std::make_unique<SocketConnector>(endpoint, patience.attempt, patience.silence_max, wake);
}

}  // namespace drl::redis
