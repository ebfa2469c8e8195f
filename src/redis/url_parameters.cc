// The parameters of a URL, each also an option of the client:
//
//   db, client_name
//   timeout, connect_timeout (or dial_timeout)    durations with a unit ("250ms")
//   drive (adaptive, off), requests_per_command (1..64)
//   ssl_ca_certs, ssl_certfile, ssl_keyfile       paths
//   ssl_cert_reqs (required, none), ssl_check_hostname (true, false)
//   sentinel_username, sentinel_password          of the sentinels
//   sentinel_ssl (true, false), sentinel_ssl_ca_certs, sentinel_ssl_certfile, sentinel_ssl_keyfile
#include <array>

#include "redis/url_text.h"

namespace drl::redis {
namespace {

using base::Status;

constexpr int64_t kRequestsPerCommandMax = 64;

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

// Null when the value is set, else what it must be.
using Setter = const char* (*)(const std::string& value, Endpoint& endpoint);

const char* SetDuration(const std::string& value, int64_t& us) {
  const auto duration = ParseDuration(value);
  if (!duration || *duration < 1000) return "a duration with its unit, from 1ms to 60m";
  us = *duration;
  return nullptr;
}

const char* SetConnectTimeout(const std::string& value, Endpoint& endpoint) { return SetDuration(value, endpoint.connect_timeout_us); }

// Python writes "True".
const char* SetTruth(const std::string& value, bool& truth) {
  const bool yes = value == "true" || value == "True";
  if (!yes && value != "false" && value != "False") return "true or false";
  truth = yes;
  return nullptr;
}

const char* SetText(const std::string& value, std::string& text) {
  if (value.empty()) return "not empty";
  text = value;
  return nullptr;
}

struct Parameter {
  std::string_view name;
  Setter set;
};

constexpr std::array kParameters = {
    Parameter{"client_name",
              [](const std::string& value, Endpoint& endpoint) -> const char* {
                if (!IsClientName(value)) return "1 to 64 printable ASCII characters without spaces";
                endpoint.client_name = value;
                return nullptr;
              }},
    Parameter{"timeout", [](const std::string& value, Endpoint& endpoint) { return SetDuration(value, endpoint.timeout_us); }},
    Parameter{"connect_timeout", SetConnectTimeout},
    Parameter{"dial_timeout", SetConnectTimeout},
    Parameter{"drive",
              [](const std::string& value, Endpoint& endpoint) -> const char* {
                if (value != "adaptive" && value != "off") return "adaptive or off";
                endpoint.drive = value == "adaptive";
                return nullptr;
              }},
    Parameter{"requests_per_command",
              [](const std::string& value, Endpoint& endpoint) -> const char* {
                const auto count = ParseInteger(value);
                if (!count || *count < 1 || *count > kRequestsPerCommandMax) return "a number from 1 to 64";
                endpoint.requests_per_command = static_cast<int32_t>(*count);
                return nullptr;
              }},
    Parameter{"ssl_ca_certs", [](const std::string& value, Endpoint& endpoint) { return SetText(value, endpoint.tls.ca_certs); }},
    Parameter{"ssl_certfile", [](const std::string& value, Endpoint& endpoint) { return SetText(value, endpoint.tls.certfile); }},
    Parameter{"ssl_keyfile", [](const std::string& value, Endpoint& endpoint) { return SetText(value, endpoint.tls.keyfile); }},
    Parameter{"ssl_cert_reqs",
              [](const std::string& value, Endpoint& endpoint) -> const char* {
                if (value != "required" && value != "none") return "required or none";
                endpoint.tls.verify = value == "required";
                return nullptr;
              }},
    Parameter{"ssl_check_hostname",
              [](const std::string& value, Endpoint& endpoint) { return SetTruth(value, endpoint.tls.check_hostname); }},
    Parameter{"sentinel_username",
              [](const std::string& value, Endpoint& endpoint) { return SetText(value, endpoint.sentinels.username); }},
    Parameter{"sentinel_password",
              [](const std::string& value, Endpoint& endpoint) { return SetText(value, endpoint.sentinels.password); }},
    Parameter{"sentinel_ssl",
              [](const std::string& value, Endpoint& endpoint) { return SetTruth(value, endpoint.sentinels.tls_on.emplace()); }},
    Parameter{"sentinel_ssl_ca_certs",
              [](const std::string& value, Endpoint& endpoint) { return SetText(value, endpoint.sentinels.ca_certs); }},
    Parameter{"sentinel_ssl_certfile",
              [](const std::string& value, Endpoint& endpoint) { return SetText(value, endpoint.sentinels.certfile); }},
    Parameter{"sentinel_ssl_keyfile",
              [](const std::string& value, Endpoint& endpoint) { return SetText(value, endpoint.sentinels.keyfile); }},
};

Status SetParameter(std::string_view name, const std::string& value, Endpoint& endpoint) {
  if (name == "db") return SetDatabase(value, "db must be a number from 0 to 1000000", endpoint);
  for (const Parameter& parameter : kParameters) {
    if (parameter.name != name) continue;
    const char* wanted = parameter.set(value, endpoint);
    if (wanted == nullptr) return {};
    return {DRL_ERR_URL_PARAMETER, "redis_url: parameter " + std::string(name) + " must be " + wanted};
  }
  std::string known = "redis_url: unknown parameter, must be db";
  for (const Parameter& parameter : kParameters) (known += ", ") += parameter.name;
  return {DRL_ERR_URL_PARAMETER, known};
}

}  // namespace

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

}  // namespace drl::redis
