#include "redis/url.h"

#include <array>

#include "redis/url_text.h"

namespace drl::redis {
namespace {

using base::Result;
using base::Status;

Status ParseCredentials(std::string_view user_info, Endpoint& endpoint) {
  const size_t colon = user_info.find(':');
  const auto username = PercentDecode(user_info.substr(0, colon));
  const auto password =
      colon == std::string_view::npos ? std::optional<std::string>("") : PercentDecode(user_info.substr(colon + 1));
  if (!username || !password) return Malformed("the user or password has a bad percent escape");
  endpoint.username = *username;
  endpoint.password = *password;
  return {};
}

Status ParseHostPort(std::string_view text, std::string& host, int32_t& chosen) {
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return Malformed("a bracket of the host is not closed");
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port[0] != ':') return Malformed("only a port may follow the host's bracket");
    if (port == ":") return {DRL_ERR_URL_PORT, "redis_url: the port is empty"};
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const size_t colon = text.find(':');
    host = text.substr(0, colon);
    if (colon != std::string_view::npos) {
      port = text.substr(colon + 1);
      if (port.empty()) return {DRL_ERR_URL_PORT, "redis_url: the port is empty"};
    }
  }
  if (host.empty()) return Malformed("the host is missing");
  if (host.size() > 253) return Malformed("the host is too long");
  for (const char c : host) {
    if (c <= ' ' || c > '~' || c == '%' || c == ',' || c == '[' || c == ']') return Malformed("the host has a wrong character");
  }
  if (port.empty()) return {};
  const auto number = ParseInteger(port);
  if (!number || *number < 1 || *number > 65535) return {DRL_ERR_URL_PORT, "redis_url: the port must be 1..65535"};
  chosen = static_cast<int32_t>(*number);
  return {};
}

Status ParseTcp(std::string_view rest, Endpoint& endpoint) {
  const size_t slash = rest.find('/');
  if (slash != std::string_view::npos && slash + 1 < rest.size()) {
    Status status = SetDatabase(rest.substr(slash + 1), "what follows the slash must be a database number", endpoint);
    if (!status.ok()) return status;
  }
  const std::string_view host = rest.substr(0, slash);
  if (host.find(',') != std::string_view::npos) return Malformed("several hosts need redis+sentinel://");
  return ParseHostPort(host, endpoint.host, endpoint.port);
}

Status ParseMaster(std::string_view path, Endpoint& endpoint) {
  const size_t slash = path.find('/');
  if (slash != std::string_view::npos && slash + 1 < path.size()) {
    Status status = SetDatabase(path.substr(slash + 1), "what follows the master must be a database number", endpoint);
    if (!status.ok()) return status;
  }
  const auto master = PercentDecode(path.substr(0, slash));
  if (!master || master->empty()) return Malformed("the master's name is missing: redis+sentinel://host:26379/master");
  for (const char c : *master) {
    if (c <= ' ' || c > '~') return Malformed("the master's name has a wrong character");
  }
  endpoint.sentinels.master = *master;
  return {};
}

Status ParseSentinels(std::string_view rest, Endpoint& endpoint) {
  constexpr size_t kHostsMax = 32;
  const size_t slash = rest.find('/');
  Status status = ParseMaster(slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1), endpoint);
  if (!status.ok()) return status;
  std::string_view hosts = rest.substr(0, slash);
  while (true) {
    const size_t comma = hosts.find(',');
    Host host{{}, 26379};
    status = ParseHostPort(hosts.substr(0, comma), host.name, host.port);
    if (!status.ok()) return status;
    endpoint.sentinels.hosts.push_back(std::move(host));
    if (endpoint.sentinels.hosts.size() > kHostsMax) return Malformed("there are more than 32 hosts");
    if (comma == std::string_view::npos) return {};
    hosts.remove_prefix(comma + 1);
  }
}

Status ParseUnix(std::string_view rest, Endpoint& endpoint) {
  const auto path = PercentDecode(rest);
  if (!path || path->empty() || (*path)[0] != '/') return Malformed("a unix socket needs an absolute path");
  if (path->size() > kUnixPathMax) return Malformed("the path of a unix socket is longer than 107 bytes");
  endpoint.unix_path = *path;
  return {};
}

enum class Kind { kTcp, kUnix, kSentinels, kCluster };

struct Scheme {
  std::string_view name;
  Kind kind;
  bool tls;
};

constexpr std::array kSchemes = {
    Scheme{"redis", Kind::kTcp, false},
    Scheme{"valkey", Kind::kTcp, false},
    Scheme{"rediss", Kind::kTcp, true},
    Scheme{"valkeys", Kind::kTcp, true},
    Scheme{"unix", Kind::kUnix, false},
    Scheme{"redis+unix", Kind::kUnix, false},
    Scheme{"valkey+unix", Kind::kUnix, false},
    Scheme{"redis+sentinel", Kind::kSentinels, false},
    Scheme{"valkey+sentinel", Kind::kSentinels, false},
    Scheme{"rediss+sentinel", Kind::kSentinels, true},
    Scheme{"valkeys+sentinel", Kind::kSentinels, true},
    Scheme{"redis+cluster", Kind::kCluster, false},
    Scheme{"valkey+cluster", Kind::kCluster, false},
    Scheme{"rediss+cluster", Kind::kCluster, true},
    Scheme{"valkeys+cluster", Kind::kCluster, true},
};

const Scheme* FindScheme(std::string_view name) {
  for (const Scheme& scheme : kSchemes) {
    if (scheme.name == name) return &scheme;
  }
  return nullptr;
}

Status ParsePlace(Kind kind, std::string_view rest, Endpoint& endpoint) {
  switch (kind) {
    case Kind::kUnix:
      return ParseUnix(rest, endpoint);
    case Kind::kSentinels:
      return ParseSentinels(rest, endpoint);
    default:
      return ParseTcp(rest, endpoint);
  }
}

}  // namespace

Result<Endpoint> ParseUrl(std::string_view url) {
  if (url.empty()) return Malformed("it is empty");
  if (url.size() > 4096) return Malformed("it is longer than 4096 bytes");
  for (const char c : url) {
    if (static_cast<unsigned char>(c) < ' ') return Malformed("it has a wrong character: a control character");
  }
  const size_t colon = url.find("://");
  if (colon == std::string_view::npos) return Malformed("it must start with a scheme, such as redis://");
  const Scheme* scheme = FindScheme(url.substr(0, colon));
  if (scheme == nullptr) {
    return Status(DRL_ERR_URL_SCHEME,
                  "redis_url: unknown scheme, must be redis, rediss, redis+sentinel, rediss+sentinel, unix, or the same of valkey");
  }
  if (scheme->kind == Kind::kCluster) {
    return Status(DRL_ERR_UNSUPPORTED, "redis_url: Cluster is not supported by this version");
  }
  std::string_view rest = url.substr(colon + 3);
  if (rest.find('#') != std::string_view::npos) return Malformed("a fragment is not allowed");
  Endpoint endpoint;
  endpoint.database = kNoDatabase;
  endpoint.tls.on = scheme->tls;
  const size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    // Else the rest of a password with a bare question mark would be taken for parameters.
    if (rest.find('@', question) != std::string_view::npos) {
      return Malformed("after a question mark an @ must be written %40, and in a password a question mark %3F");
    }
    Status status = ParseParameters(rest.substr(question + 1), endpoint);
    if (!status.ok()) return status;
    rest = rest.substr(0, question);
  }
  const size_t at = rest.rfind('@');
  if (at != std::string_view::npos) {
    Status status = ParseCredentials(rest.substr(0, at), endpoint);
    if (!status.ok()) return status;
    rest = rest.substr(at + 1);
  }
  Status status = ParsePlace(scheme->kind, rest, endpoint);
  if (!status.ok()) return status;
  if (endpoint.database == kNoDatabase) endpoint.database = 0;
  return endpoint;
}

}  // namespace drl::redis
