#include "drl/client.h"

#include <cstring>
#include <vector>

#include "capi/fence.h"
#include "capi/handles.h"
#include "redis/tls_context.h"
#include "redis/url.h"

static_assert(offsetof(drl_client_options, redis_url) == 8 && offsetof(drl_client_options, drive) == 112 &&
              offsetof(drl_client_options, ssl_ca_certs) == 120 && offsetof(drl_client_options, sentinel_ssl) == 192 &&
              sizeof(drl_client_options) == 224);

namespace drl::capi {
namespace {

using base::Result;
using base::Status;

Status OutOfRange(const char* name, int64_t value, const char* range) {
  return {DRL_ERR_OPTION, std::string(name) + " is " + std::to_string(value) + ", must be " + range};
}

// An option that is set wins over the URL's parameter, and that over the default.
Status ChooseTime(const char* name, int64_t option, int64_t url, base::Micros& chosen) {
  if (option != 0 && (option < 1000 || option > 3'600'000'000)) {
    return OutOfRange(name, option, "1000..3600000000 microseconds");
  }
  if (option != 0 || url != 0) chosen = option != 0 ? option : url;
  return {};
}

constexpr size_t kOptionsSizeFirst = 112;

Status SetWaysOfWorking(const drl_client_options& options, engine::EngineOptions& made) {
  if (options.spin != DRL_SPIN_ADAPTIVE && options.spin != DRL_SPIN_OFF) {
    return OutOfRange("spin", options.spin, "DRL_SPIN_ADAPTIVE or DRL_SPIN_OFF");
  }
  made.spin = options.spin == DRL_SPIN_ADAPTIVE;
  if (options.drive != DRL_DRIVE_ADAPTIVE && options.drive != DRL_DRIVE_OFF) {
    return OutOfRange("drive", options.drive, "DRL_DRIVE_ADAPTIVE or DRL_DRIVE_OFF");
  }
  made.drive = options.drive == DRL_DRIVE_ADAPTIVE && made.endpoint.drive;
  const int32_t most = options.requests_per_command_max;
  if (most < 0 || most > core::kRequestsPerCommandMax) return OutOfRange("requests_per_command_max", most, "1..64 requests");
  const int32_t chosen = most != 0 ? most : made.endpoint.requests_per_command;
  if (chosen != 0) made.requests_per_command_max = chosen;
  return {};
}

Status SetLogin(const drl_client_options& options, redis::Endpoint& endpoint) {
  if (options.username != nullptr) endpoint.username = options.username;
  if (options.password != nullptr) endpoint.password = options.password;
  if (endpoint.username.size() > 1024 || endpoint.password.size() > 4096) {
    return {DRL_ERR_OPTION, "username or password is too long"};
  }
  if (!endpoint.username.empty() && endpoint.password.empty()) return {DRL_ERR_OPTION, "username needs a password"};
  if (options.client_name != nullptr) {
    if (!redis::IsClientName(options.client_name)) {
      return {DRL_ERR_OPTION, "client_name must be 1 to 64 printable ASCII characters without spaces"};
    }
    endpoint.client_name = options.client_name;
  }
  if (endpoint.client_name.empty()) endpoint.client_name = "libdrl";
  return {};
}

// Who is asked is nobody's user and password at the same time.
Status SetCredentials(const drl_client_options& options, engine::EngineOptions& made) {
  if (options.credentials == nullptr) {
    return options.credentials_release == nullptr ? Status() : Status(DRL_ERR_OPTION, "credentials_release needs credentials");
  }
  if (!made.endpoint.username.empty() || !made.endpoint.password.empty()) {
    return {DRL_ERR_OPTION, "credentials and password exclude each other, that of redis_url too"};
  }
  made.credentials = std::make_shared<engine::CredentialsCallback>(options.credentials, options.credentials_user);
  return {};
}

// An empty text may come from a setting that was forgotten.
Status SetText(const char* name, const char* option, std::string& chosen) {
  if (option == nullptr) return {};
  if (option[0] == '\0') return {DRL_ERR_OPTION, std::string(name) + " is empty"};
  chosen = option;
  return {};
}

Status SetTls(const drl_client_options& options, redis::Endpoint& endpoint) {
  Status status = SetText("ssl_ca_certs", options.ssl_ca_certs, endpoint.tls.ca_certs);
  if (status.ok()) status = SetText("ssl_certfile", options.ssl_certfile, endpoint.tls.certfile);
  if (status.ok()) status = SetText("ssl_keyfile", options.ssl_keyfile, endpoint.tls.keyfile);
  if (!status.ok()) return status;
  if (options.ssl_cert_reqs != DRL_SSL_CERT_REQUIRED && options.ssl_cert_reqs != DRL_SSL_CERT_NONE) {
    return OutOfRange("ssl_cert_reqs", options.ssl_cert_reqs, "DRL_SSL_CERT_REQUIRED or DRL_SSL_CERT_NONE");
  }
  if (options.ssl_cert_reqs == DRL_SSL_CERT_NONE) endpoint.tls.verify = false;
  if (options.ssl_check_hostname != DRL_SSL_CHECK_HOSTNAME_ON && options.ssl_check_hostname != DRL_SSL_CHECK_HOSTNAME_OFF) {
    return OutOfRange("ssl_check_hostname", options.ssl_check_hostname, "DRL_SSL_CHECK_HOSTNAME_ON or DRL_SSL_CHECK_HOSTNAME_OFF");
  }
  if (options.ssl_check_hostname == DRL_SSL_CHECK_HOSTNAME_OFF) endpoint.tls.check_hostname = false;
  return {};
}

Status SetSentinels(const drl_client_options& options, redis::Sentinels& sentinels) {
  if (options.sentinel_username != nullptr) sentinels.username = options.sentinel_username;
  if (options.sentinel_password != nullptr) sentinels.password = options.sentinel_password;
  if (sentinels.username.size() > 1024 || sentinels.password.size() > 4096) {
    return {DRL_ERR_OPTION, "sentinel_username or sentinel_password is too long"};
  }
  Status status = SetText("sentinel_ssl_ca_certs", options.sentinel_ssl_ca_certs, sentinels.ca_certs);
  if (status.ok()) status = SetText("sentinel_ssl_certfile", options.sentinel_ssl_certfile, sentinels.certfile);
  if (status.ok()) status = SetText("sentinel_ssl_keyfile", options.sentinel_ssl_keyfile, sentinels.keyfile);
  if (!status.ok()) return status;
  if (options.sentinel_ssl < DRL_SENTINEL_SSL_AS_SERVER || options.sentinel_ssl > DRL_SENTINEL_SSL_OFF) {
    return OutOfRange("sentinel_ssl", options.sentinel_ssl, "DRL_SENTINEL_SSL_AS_SERVER, _ON or _OFF");
  }
  if (options.sentinel_ssl != DRL_SENTINEL_SSL_AS_SERVER) sentinels.tls_on = options.sentinel_ssl == DRL_SENTINEL_SSL_ON;
  return {};
}

Result<std::vector<uint8_t>> CopySecret(const drl_client_options& options) {
  if (options.identity_secret == nullptr && options.identity_secret_len == 0) return std::vector<uint8_t>();
  if (options.identity_secret == nullptr) return Null("identity_secret");
  // An empty one is an error too: it may come from a setting that was forgotten, and would leave identities unprotected.
  if (options.identity_secret_len < 16 || options.identity_secret_len > 1024) {
    return Status(DRL_ERR_OPTION,
                  "identity_secret_len is " + std::to_string(options.identity_secret_len) + ", must be 16..1024 bytes");
  }
  const auto* bytes = static_cast<const uint8_t*>(options.identity_secret);
  return std::vector<uint8_t>(bytes, bytes + options.identity_secret_len);
}

Result<engine::EngineOptions> MakeEngineOptions(const drl_client_options& options) {
  if (options.redis_url == nullptr) return Null("redis_url");
  Result<redis::Endpoint> endpoint = redis::ParseUrl(options.redis_url);
  if (!endpoint.ok()) return endpoint.status();
  engine::EngineOptions made;
  made.endpoint = std::move(*endpoint);
  Status status = SetLogin(options, made.endpoint);
  if (status.ok()) status = SetTls(options, made.endpoint);
  if (status.ok()) status = SetSentinels(options, made.endpoint.sentinels);
  if (status.ok()) status = redis::Check(made.endpoint);
  if (status.ok() && options.reserved != 0) status = OutOfRange("reserved", options.reserved, "0");
  if (status.ok()) status = SetCredentials(options, made);
  if (status.ok()) status = ChooseTime("timeout_us", options.timeout_us, made.endpoint.timeout_us, made.timeout);
  if (status.ok()) {
    status = ChooseTime("connect_timeout_us", options.connect_timeout_us, made.endpoint.connect_timeout_us,
                        made.connect_timeout);
  }
  if (status.ok()) status = SetWaysOfWorking(options, made);
  if (status.ok()) status = redis::CheckTlsFiles(made.endpoint);
  if (!status.ok()) return status;
  if (options.queue_capacity_max != 0) {
    if (options.queue_capacity_max < 64 || options.queue_capacity_max > 1'048'576) {
      return OutOfRange("queue_capacity_max", options.queue_capacity_max, "64..1048576 calls");
    }
    made.queue_capacity = static_cast<uint32_t>(options.queue_capacity_max);
  }
  made.log = base::Log(options.log, options.log_user);
  made.observer = {options.on_decision, options.on_decision_user};
  return made;
}

// Keeps what a handle stands for while its own thread waits: another may close the handle.
class Kept {
 public:
  explicit Kept(engine::Client& core) : core_(core) { core_.Ref(); }
  ~Kept() { core_.Unref(); }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  engine::Client* operator->() { return &core_; }

 private:
  engine::Client& core_;
};

}  // namespace
}  // namespace drl::capi

using namespace drl::capi;

extern "C" {

drl_status drl_client_open(const drl_client_options* options, drl_client** client, drl_error* error) {
  return Fence(error, [&]() -> drl::base::Status {
    if (client == nullptr) return Null("client");
    *client = nullptr;
    drl_client_options known;
    drl::base::Status status = CopyOptions(options, "options", known, kOptionsSizeFirst);
    if (!status.ok()) return status;
    auto engine_options = MakeEngineOptions(known);
    if (!engine_options.ok()) return engine_options.status();
    auto secret = CopySecret(known);
    if (!secret.ok()) return secret.status();
    auto handle = std::make_unique<drl_client>();
    const auto credentials = engine_options->credentials;
    auto core = drl::engine::Client::Open(std::move(*engine_options), std::move(*secret));
    if (!core.ok()) return core.status();
    if (credentials != nullptr) credentials->ReleaseBy(known.credentials_release);
    handle->core = *core;
    *client = handle.release();
    return {};
  });
}

drl_status drl_client_wait_ready(drl_client* client, int64_t timeout_us, drl_error* error) {
  return Fence(error, [&]() -> drl::base::Status {
    drl::base::Status status = CheckHandle(client, "client");
    if (!status.ok()) return status;
    if (timeout_us < 0 || timeout_us > 3'600'000'000) {
      return OutOfRange("timeout_us", timeout_us, "0..3600000000 microseconds");
    }
    if (drl::engine::InCallback()) return {DRL_ERR_REENTRANT, "a blocking call was made from a callback"};
    return Kept(*client->core)->WaitReady(timeout_us);
  });
}

void drl_client_close(drl_client* client) {
  Fence(nullptr, [&]() -> drl::base::Status {
    drl::base::Status status = CheckHandle(client, "client");
    if (!status.ok() || drl::engine::InCallback()) return status;
    client->magic = 0;
    client->core->Close();
    client->core->Unref();
    delete client;
    return {};
  });
}

}  // extern "C"
