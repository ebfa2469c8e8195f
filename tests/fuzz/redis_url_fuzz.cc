// redis_url: whatever is given, the answer is an endpoint within its bounds or an error that names redis_url and quotes no password.
#include <string>

#include "http_fuzz.h"
#include "redis/url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string url(reinterpret_cast<const char*>(data), size);
  const drl::base::Result<drl::redis::Endpoint> endpoint = drl::redis::ParseUrl(url);
  if (!endpoint.ok()) {
    const drl_status code = endpoint.status().code();
    DRL_FUZZ_CHECK((code >= DRL_ERR_URL && code <= DRL_ERR_URL_DATABASE) || code == DRL_ERR_UNSUPPORTED);
    DRL_FUZZ_CHECK(endpoint.status().message().starts_with("redis_url: "));
    return 0;
  }
  DRL_FUZZ_CHECK(endpoint->port >= 1 && endpoint->port <= 65535);
  DRL_FUZZ_CHECK(endpoint->database >= 0);
  DRL_FUZZ_CHECK(endpoint->unix_path.size() <= drl::redis::kUnixPathMax);
  const auto& sentinels = endpoint->sentinels;
  DRL_FUZZ_CHECK(!endpoint->unix_path.empty() + !endpoint->host.empty() + !sentinels.hosts.empty() == 1);
  DRL_FUZZ_CHECK(sentinels.hosts.size() <= 32 && sentinels.hosts.empty() == sentinels.master.empty());
  for (const auto& host : sentinels.hosts) DRL_FUZZ_CHECK(!host.name.empty() && host.port >= 1 && host.port <= 65535);
  const drl::base::Status checked = drl::redis::Check(*endpoint);
  DRL_FUZZ_CHECK(checked.ok() || checked.code() == DRL_ERR_OPTION);
  DRL_FUZZ_CHECK(endpoint->unix_path.find('\0') == std::string::npos);
  DRL_FUZZ_CHECK(endpoint->timeout_us >= 0 && endpoint->timeout_us <= 3'600'000'000);
  // A second reading of what was read gives the same.
  if (!endpoint->host.empty()) {
    const auto again = drl::redis::ParseUrl("redis://" + endpoint->Name() + "/" + std::to_string(endpoint->database));
    DRL_FUZZ_CHECK(again.ok() && again->host == endpoint->host && again->port == endpoint->port &&
                   again->database == endpoint->database);
  }
  return 0;
}
