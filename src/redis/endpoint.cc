#include "redis/endpoint.h"

namespace drl::redis {
namespace {

using base::Status;

Status Needs(const char* name, const char* what) { return {DRL_ERR_OPTION, std::string(name) + " needs " + what}; }

Status CheckTls(const Tls& tls) {
  if (tls.on) {
    if (!tls.keyfile.empty() && tls.certfile.empty()) return Needs("ssl_keyfile", "ssl_certfile");
    return {};
  }
  constexpr const char* kWhere = "TLS (rediss://)";
  if (!tls.ca_certs.empty()) return Needs("ssl_ca_certs", kWhere);
  if (!tls.certfile.empty()) return Needs("ssl_certfile", kWhere);
  if (!tls.keyfile.empty()) return Needs("ssl_keyfile", kWhere);
  if (!tls.verify) return Needs("ssl_cert_reqs", kWhere);
  if (!tls.check_hostname) return Needs("ssl_check_hostname", kWhere);
  return {};
}

Status CheckNoSentinels(const Sentinels& sentinels) {
  constexpr const char* kWhere = "a URL of sentinels (redis+sentinel://)";
  if (!sentinels.username.empty()) return Needs("sentinel_username", kWhere);
  if (!sentinels.password.empty()) return Needs("sentinel_password", kWhere);
  if (sentinels.tls_on) return Needs("sentinel_ssl", kWhere);
  if (!sentinels.ca_certs.empty()) return Needs("sentinel_ssl_ca_certs", kWhere);
  if (!sentinels.certfile.empty()) return Needs("sentinel_ssl_certfile", kWhere);
  if (!sentinels.keyfile.empty()) return Needs("sentinel_ssl_keyfile", kWhere);
  return {};
}

Status CheckSentinels(const Sentinels& sentinels, const Tls& tls) {
  if (!sentinels.username.empty() && sentinels.password.empty()) return Needs("sentinel_username", "sentinel_password");
  if (tls.on) {
    if (!sentinels.keyfile.empty() && sentinels.certfile.empty()) return Needs("sentinel_ssl_keyfile", "sentinel_ssl_certfile");
    return {};
  }
  constexpr const char* kWhere = "TLS to the sentinels (rediss+sentinel:// or sentinel_ssl)";
  if (!sentinels.ca_certs.empty()) return Needs("sentinel_ssl_ca_certs", kWhere);
  if (!sentinels.certfile.empty()) return Needs("sentinel_ssl_certfile", kWhere);
  if (!sentinels.keyfile.empty()) return Needs("sentinel_ssl_keyfile", kWhere);
  return {};
}

}  // namespace

std::string Host::Name() const {
  const bool bracket = name.find(':') != std::string::npos;
  return (bracket ? "[" + name + "]" : name) + ":" + std::to_string(port);
}

std::string Endpoint::Name() const {
  if (!unix_path.empty()) return unix_path;
  if (!sentinels.hosts.empty()) return "the sentinels' master '" + sentinels.master + "'";
  return Host{host, port}.Name();
}

Tls Endpoint::SentinelTls() const {
  Tls theirs = tls;
  if (sentinels.tls_on) theirs.on = *sentinels.tls_on;
  if (!sentinels.ca_certs.empty()) theirs.ca_certs = sentinels.ca_certs;
  if (!sentinels.certfile.empty()) {
    theirs.certfile = sentinels.certfile;
    theirs.keyfile = sentinels.keyfile;
  }
  return theirs;
}

Status Check(const Endpoint& endpoint) {
  const Tls sentinel_tls = endpoint.SentinelTls();
  // What is said of TLS may be meant for the sentinels alone.
  Tls tls = endpoint.tls;
  if (!endpoint.sentinels.hosts.empty()) tls.on = tls.on || sentinel_tls.on;
  Status status = CheckTls(tls);
  if (!status.ok()) return status;
  return endpoint.sentinels.hosts.empty() ? CheckNoSentinels(endpoint.sentinels)
                                          : CheckSentinels(endpoint.sentinels, sentinel_tls);
}

bool IsClientName(std::string_view name) {
  if (name.empty() || name.size() > 64) return false;
  for (const char c : name) {
    if (c <= ' ' || c > '~') return false;
  }
  return true;
}

}  // namespace drl::redis
