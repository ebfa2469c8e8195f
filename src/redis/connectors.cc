#include "redis/connectors.h"

#include "redis/socket_connector.h"
#include "redis/tls_connector.h"

namespace drl::redis {

std::unique_ptr<Connector> ConnectorTo(const Endpoint& endpoint, const Patience& patience, const base::EventFd& wake) {
  auto plain = std::make_unique<SocketConnector>(endpoint, patience.attempt, patience.silence_max, wake);
  if (!endpoint.tls.on) return plain;
  return std::make_unique<TlsConnector>(std::move(plain), endpoint.tls, endpoint.host);
}

}  // namespace drl::redis
