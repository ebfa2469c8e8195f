#include "redis/connectors.h"

#include "base/random.h"
#include "redis/sentinel_connector.h"
#include "redis/socket_connector.h"
#include "redis/tls_connector.h"

namespace drl::redis {

std::unique_ptr<Connector> ConnectorTo(const Endpoint& endpoint, const Patience& patience, const base::EventFd& wake) {
  if (!endpoint.sentinels.hosts.empty()) {
    const base::Result<uint64_t> seed = base::RandomSeed();
    const auto to = [patience, &wake](const Endpoint& server) { return ConnectorTo(server, patience, wake); };
    return std::make_unique<SentinelConnector>(endpoint, patience.attempt, seed.ok() ? *seed : 0, to);
  }
  auto plain = std::make_unique<SocketConnector>(endpoint, patience.attempt, patience.silence_max, wake);
  if (!endpoint.tls.on) return plain;
  return std::make_unique<TlsConnector>(std::move(plain), endpoint.tls, endpoint.host);
}

}  // namespace drl::redis
