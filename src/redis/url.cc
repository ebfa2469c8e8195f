#include "redis/url.h"

#include <charconv>
#include <optional>

namespace drl::redis {
namespace {

using base::Result;
using base::Status;

// Any part of a malformed URL may be a piece of a password: messages repeat none of it.
Status Malformed(const std::string& why) { return {DRL_ERR_URL, "redis_url: " + why}; }

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || text[0] == '-') return std::nullopt;
  return value;
}

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = HexDigit(text[i + 1]);
    const auto low = HexDigit(text[i + 2]);
    if (!high || !low || (*high == 0 && *low == 0)) return std::nullopt;
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

// "250ms", "1.5s" is not: whole numbers of us, ms, s or m.
std::optional<int64_t> ParseDuration(std::string_view text) {
  struct Unit {
    std::string_view suffix;
    int64_t us;
  };
  static constexpr Unit kUnits[] = {{"us", 1}, {"ms", 1000}, {"s", 1'000'000}, {"m", 60'000'000}};
  for (const Unit& unit : kUnits) {
    if (!text.ends_with(unit.suffix)) continue;
    const auto count = ParseInteger(text.substr(0, text.size() - unit.suffix.size()));
    if (count && *count >= 1 && *count <= 3'600'000'000 / unit.us) return *count * unit.us;
  }
  return std::nullopt;
}

constexpr int64_t kNoDatabase = -1;
constexpr int64_t kRequestsPerCommandMax = 64;

Status SetDatabase(std::string_view text, const char* what, Endpoint& endpoint) {
  const auto database = ParseInteger(text);
  if (!database || *database > 1'000'000) return {DRL_ERR_URL_DATABASE, std::string("redis_url: ") + what};
  if (endpoint.database != kNoDatabase) return {DRL_ERR_URL_DATABASE, "redis_url: the database is given twice"};
  endpoint.database = *database;
  return {};
}

Status SetParameter(std::string_view name, const std::string& value, Endpoint& endpoint) {
  const auto bad = [&](const char* want) {
    return Status(DRL_ERR_URL_PARAMETER, "redis_url: parameter " + std::string(name) + " must be " + want);
  };
  if (name == "db") {
    return SetDatabase(value, "db must be a number from 0 to 1000000", endpoint);
  } else if (name == "client_name") {
    if (!IsClientName(value)) return bad("1 to 64 printable ASCII characters without spaces");
    endpoint.client_name = value;
  } else if (name == "timeout" || name == "connect_timeout" || name == "dial_timeout") {
    const auto duration = ParseDuration(value);
    if (!duration || *duration < 1000) return bad("a duration with its unit, from 1ms to 60m");
    (name == "timeout" ? endpoint.timeout_us : endpoint.connect_timeout_us) = *duration;
  } else if (name == "drive") {
    if (value != "adaptive" && value != "off") return bad("adaptive or off");
    endpoint.drive = value == "adaptive";
  } else if (name == "requests_per_command") {
    const auto count = ParseInteger(value);
    if (!count || *count < 1 || *count > kRequestsPerCommandMax) return bad("a number from 1 to 64");
    endpoint.requests_per_command = static_cast<int32_t>(*count);
  } else {
    return {DRL_ERR_URL_PARAMETER,
            "redis_url: unknown parameter, must be db, client_name, timeout, connect_timeout, dial_timeout, drive or "
            "requests_per_command"};
  }
  return {};
}

Status ParseParameters(std::string_view query, Endpoint& endpoint) {
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return {DRL_ERR_URL_PARAMETER, "redis_url: a parameter has no value"};
    const auto value = PercentDecode(pair.substr(equals + 1));
    if (!value) return Malformed("a parameter has a bad percent escape");
    Status status = SetParameter(pair.substr(0, equals), *value, endpoint);
    if (!status.ok()) return status;
  }
  return {};
}

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

Status ParseHostPort(std::string_view text, Endpoint& endpoint) {
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return Malformed("a bracket of the host is not closed");
    endpoint.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port[0] != ':') return Malformed("only a port may follow the host's bracket");
    if (port == ":") return {DRL_ERR_URL_PORT, "redis_url: the port is empty"};
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const size_t colon = text.find(':');
    endpoint.host = text.substr(0, colon);
    if (colon != std::string_view::npos) {
      port = text.substr(colon + 1);
      if (port.empty()) return {DRL_ERR_URL_PORT, "redis_url: the port is empty"};
    }
  }
  if (endpoint.host.empty()) return Malformed("the host is missing");
  if (endpoint.host.size() > 253) return Malformed("the host is too long");
  for (const char c : endpoint.host) {
    if (c <= ' ' || c > '~' || c == '%' || c == ',' || c == '[' || c == ']') return Malformed("the host has a wrong character");
  }
  if (port.empty()) return {};
  const auto number = ParseInteger(port);
  if (!number || *number < 1 || *number > 65535) return {DRL_ERR_URL_PORT, "redis_url: the port must be 1..65535"};
  endpoint.port = static_cast<int32_t>(*number);
  return {};
}

Status ParseTcp(std::string_view rest, Endpoint& endpoint) {
  const size_t slash = rest.find('/');
  if (slash != std::string_view::npos && slash + 1 < rest.size()) {
    Status status = SetDatabase(rest.substr(slash + 1), "what follows the slash must be a database number", endpoint);
    if (!status.ok()) return status;
  }
  return ParseHostPort(rest.substr(0, slash), endpoint);
}

Status ParseUnix(std::string_view rest, Endpoint& endpoint) {
  const auto path = PercentDecode(rest);
  if (!path || path->empty() || (*path)[0] != '/') return Malformed("a unix socket needs an absolute path");
  if (path->size() > kUnixPathMax) return Malformed("the path of a unix socket is longer than 107 bytes");
  endpoint.unix_path = *path;
  return {};
}

enum class Scheme { kUnknown, kTcp, kUnix, kLater };

Scheme SchemeOf(std::string_view name) {
  if (name == "redis" || name == "valkey") return Scheme::kTcp;
  if (name == "unix" || name == "redis+unix" || name == "valkey+unix") return Scheme::kUnix;
  if (name == "rediss" || name == "valkeys" || name == "redis+sentinel" || name == "redis+cluster" ||
      name == "rediss+sentinel" || name == "rediss+cluster") {
    return Scheme::kLater;
  }
  return Scheme::kUnknown;
}

}  // namespace

std::string Endpoint::Name() const {
  if (!unix_path.empty()) return unix_path;
  const bool bracket = host.find(':') != std::string::npos;
  return (bracket ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool IsClientName(std::string_view name) {
  if (name.empty() || name.size() > 64) return false;
  for (const char c : name) {
    if (c <= ' ' || c > '~') return false;
  }
  return true;
}

Result<Endpoint> ParseUrl(std::string_view url) {
  if (url.empty()) return Malformed("it is empty");
  if (url.size() > 4096) return Malformed("it is longer than 4096 bytes");
  for (const char c : url) {
    if (static_cast<unsigned char>(c) < ' ') return Malformed("it has a wrong character: a control character");
  }
  const size_t colon = url.find("://");
  if (colon == std::string_view::npos) return Malformed("it must start with a scheme, such as redis://");
  const Scheme scheme = SchemeOf(url.substr(0, colon));
  if (scheme == Scheme::kUnknown) {
    return Status(DRL_ERR_URL_SCHEME, "redis_url: unknown scheme, must be redis, valkey or unix");
  }
  if (scheme == Scheme::kLater) {
    return Status(DRL_ERR_UNSUPPORTED, "redis_url: TLS, Sentinel and Cluster are not supported by this version");
  }
  std::string_view rest = url.substr(colon + 3);
  if (rest.find('#') != std::string_view::npos) return Malformed("a fragment is not allowed");
  Endpoint endpoint;
  endpoint.database = kNoDatabase;
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
  Status status = scheme == Scheme::kUnix ? ParseUnix(rest, endpoint) : ParseTcp(rest, endpoint);
  if (!status.ok()) return status;
  if (endpoint.database == kNoDatabase) endpoint.database = 0;
  return endpoint;
}

}  // namespace drl::redis
