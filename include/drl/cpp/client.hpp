/* The client: one I/O thread and its connection to one Redis, shared by any number of limiters. */
#ifndef DRL_CPP_CLIENT_HPP
#define DRL_CPP_CLIENT_HPP

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../client.h"
#include "../log.h"
#include "../stats.h"
#include "decision.hpp"
#include "status.hpp"

namespace drl {

enum class LogLevel : int32_t { kError = DRL_LOG_ERROR, kWarning = DRL_LOG_WARNING, kInfo = DRL_LOG_INFO };
enum class Spin : int32_t { kAdaptive = DRL_SPIN_ADAPTIVE, kOff = DRL_SPIN_OFF };
enum class Drive : int32_t { kAdaptive = DRL_DRIVE_ADAPTIVE, kOff = DRL_DRIVE_OFF };
enum class SslCertReqs : int32_t { kRequired = DRL_SSL_CERT_REQUIRED, kNone = DRL_SSL_CERT_NONE };

/** One line about the connection's life. */
struct LogLine {
  std::chrono::system_clock::time_point at;
  LogLevel level;
  std::string message;
};

/** What Client::DrainLog takes: lines, oldest first, and how many were lost before them since the last time. */
struct DrainedLog {
  std::vector<LogLine> lines;
  int64_t dropped = 0;
};

/** What an observer sees; the views live until it returns. */
struct Observation {
  std::string_view key_namespace;
  std::string_view limiter_name;  ///< empty for a limiter without one
  std::error_code error;          ///< what the call reports
  Decision decision;
};

/** What ClientOptions::credentials returns. */
struct Credentials {
  std::string username;  ///< empty for the default user
  std::string password;
  std::chrono::microseconds expires_in{0};  ///< how long they are good for, from now on; 0: always
};

/** Options of a client; what is empty or zero has the default of drl_client_options, which documents each. */
struct ClientOptions {
  std::string redis_url;  ///< required
  std::chrono::microseconds timeout{0};          ///< deadline of a call; default 100 ms
  std::chrono::microseconds connect_timeout{0};  ///< default 1 s
  std::string client_name;
  std::optional<std::string> username;  ///< overrides the URL's
  std::optional<std::string> password;  ///< overrides the URL's
  /** 16 to 1024 bytes: HMAC-SHA-256 of identities instead of SHA-256. An empty one is an error, not the default. */
  std::optional<std::string> identity_secret;
  int64_t queue_capacity_max = 0;
  Spin spin = Spin::kAdaptive;
  Drive drive = Drive::kAdaptive;
  int32_t requests_per_command_max = 0;
  /** One line about the connection's life, on the I/O thread. Return soon, call nothing of drl, do not throw. */
  std::function<void(LogLevel, std::string_view)> log;
  /** Sees every decision, on the thread that receives it. Do not block, call nothing of drl, do not throw. */
  std::function<void(const Observation&)> on_decision;
  std::string ssl_ca_certs;
  std::string ssl_certfile;
  std::string ssl_keyfile;
  SslCertReqs ssl_cert_reqs = SslCertReqs::kRequired;
  bool ssl_check_hostname = true;
  std::optional<std::string> sentinel_username;
  std::optional<std::string> sentinel_password;
  std::optional<bool> sentinel_ssl;  ///< default: as the URL says of the server
  std::string sentinel_ssl_ca_certs;
  std::string sentinel_ssl_certfile;
  std::string sentinel_ssl_keyfile;
  /** In place of a user name and password: asked at every connection, and again before what it gave expires (drl_credentials_callback).
   *  On a thread of its own, one call at a time; it may block. An exception is a login that fails, with what() in the sentence. Destroyed
   *  when the client, its limiters and its queues are gone and the last call has returned. Call nothing of drl. */
  std::function<Credentials()> credentials;
};

/** Counters of a client, documented in stats.h. */
using Stats = drl_stats;

namespace detail {

// What a client and its limiters and queues share; the last of them closes it.
struct ClientState {
  std::function<void(LogLevel, std::string_view)> log;
  std::function<void(const Observation&)> on_decision;
  drl_client* handle = nullptr;

  ClientState() = default;
  ClientState(const ClientState&) = delete;
  ClientState& operator=(const ClientState&) = delete;
  ~ClientState() { drl_client_close(handle); }

  // An exception must not enter C: noexcept ends the program at the throw, where a debugger shows it.
  static void Log(int32_t level, const char* message, void* user) noexcept {
    static_cast<ClientState*>(user)->log(static_cast<LogLevel>(level), message);
  }
  static void Observe(const char* key_namespace, const char* limiter_name, drl_status status,
                      const drl_decision* decision, void* user) noexcept {
    const Observation seen{key_namespace, limiter_name, MakeErrorCode(status), FromC(*decision)};
    static_cast<ClientState*>(user)->on_decision(seen);
  }
};

// The application's function behind drl_credentials_callback, which drl lets go by Release.
struct CredentialsCall {
  std::function<Credentials()> ask;

  static int32_t Ask(drl_credentials* into, void* user) noexcept {
    try {
      const Credentials given = static_cast<CredentialsCall*>(user)->ask();
      if (!Copy(given.username, into->username)) return Why("the user name is too long or holds a NUL byte", *into);
      if (!Copy(given.password, into->password)) return Why("the password is too long or holds a NUL byte", *into);
      into->expires_in_us = given.expires_in.count();
      return 0;
    } catch (const std::exception& exception) {
      return Why(exception.what(), *into);
    } catch (...) {
      return Why("the function threw what is no std::exception", *into);
    }
  }
  static void Release(void* user) { delete static_cast<CredentialsCall*>(user); }

 private:
  template <size_t kSize>
  static bool Copy(const std::string& text, char (&into)[kSize]) {
    if (text.size() >= kSize || text.find('\0') != std::string::npos) return false;
    text.copy(into, kSize - 1);
    return true;
  }
  static int32_t Why(std::string_view why, drl_credentials& into) {
    why.copy(into.why, sizeof into.why - 1);
    return 1;
  }
};

}  // namespace detail

/** A connection to one Redis. Copies share it. Open one per process and Redis. */
class Client {
 public:
  /** Open a client. Redis need not be reachable: until it is, decisions are degraded. */
  explicit Client(ClientOptions options) { Open(std::move(options), nullptr); }
  Client(ClientOptions options, std::error_code& error) { Open(std::move(options), &error); }

  /** The same with defaults: drl::Client client("redis://localhost:6379/0"). */
  explicit Client(std::string redis_url) : Client(OptionsOf(std::move(redis_url))) {}
  explicit Client(const char* redis_url) : Client(OptionsOf(redis_url)) {}

  /** Wait until Redis has run the library's script once, or fail at the time-out with why it has not: drl_client_wait_ready. */
  void WaitReady(std::chrono::microseconds timeout) const { WaitReady(timeout, nullptr); }
  void WaitReady(std::chrono::microseconds timeout, std::error_code& error) const { WaitReady(timeout, &error); }

  /** Polls readable while lines of the log wait, borrowed; -1 for a client that did not open. */
  int LogFd() const noexcept { return drl_client_log_fd(get()); }
  /** The lines of the log that nobody took yet. */
  DrainedLog DrainLog() const { return DrainLog(nullptr); }
  DrainedLog DrainLog(std::error_code& error) const { return DrainLog(&error); }

  /** The counters so far. */
  Stats ReadStats() const { return ReadStats(nullptr); }
  Stats ReadStats(std::error_code& error) const { return ReadStats(&error); }

  /** The counters as Prometheus text exposition. */
  std::string Metrics() const { return Metrics(nullptr); }
  std::string Metrics(std::error_code& error) const { return Metrics(&error); }

  /** The C handle, borrowed. */
  drl_client* get() const noexcept { return state_ ? state_->handle : nullptr; }

 private:
  friend class Limiter;
  friend class Queue;

  static ClientOptions OptionsOf(std::string redis_url) {
    ClientOptions options;
    options.redis_url = std::move(redis_url);
    return options;
  }

  // What C cannot see.
  static drl_status Check(const ClientOptions& options, drl_error* why) {
    if (options.identity_secret && options.identity_secret->empty()) {
      return detail::Fail(DRL_ERR_OPTION, "identity_secret", "has 0 bytes, must be 16..1024", why);
    }
    const std::string none;
    const auto or_none = [&](const std::optional<std::string>& text) { return text ? &*text : &none; };
    return detail::CheckTexts({{"redis_url", &options.redis_url, DRL_ERR_URL},
                               {"client_name", &options.client_name, DRL_ERR_OPTION},
                               {"username", or_none(options.username), DRL_ERR_OPTION},
                               {"password", or_none(options.password), DRL_ERR_OPTION},
                               {"ssl_ca_certs", &options.ssl_ca_certs, DRL_ERR_OPTION},
                               {"ssl_certfile", &options.ssl_certfile, DRL_ERR_OPTION},
                               {"ssl_keyfile", &options.ssl_keyfile, DRL_ERR_OPTION},
                               {"sentinel_username", or_none(options.sentinel_username), DRL_ERR_OPTION},
                               {"sentinel_password", or_none(options.sentinel_password), DRL_ERR_OPTION},
                               {"sentinel_ssl_ca_certs", &options.sentinel_ssl_ca_certs, DRL_ERR_OPTION},
                               {"sentinel_ssl_certfile", &options.sentinel_ssl_certfile, DRL_ERR_OPTION},
                               {"sentinel_ssl_keyfile", &options.sentinel_ssl_keyfile, DRL_ERR_OPTION}},
                              why);
  }

  void Open(ClientOptions options, std::error_code* error) {
    auto state = std::make_shared<detail::ClientState>();
    state->log = std::move(options.log);
    state->on_decision = std::move(options.on_decision);
    drl_client_options at = detail::Unset<drl_client_options>();
    at.redis_url = options.redis_url.c_str();
    at.timeout_us = options.timeout.count();
    at.connect_timeout_us = options.connect_timeout.count();
    at.client_name = detail::OrNull(options.client_name);
    at.username = detail::OrNull(options.username);
    at.password = detail::OrNull(options.password);
    at.identity_secret = options.identity_secret ? options.identity_secret->data() : nullptr;
    at.identity_secret_len = options.identity_secret ? options.identity_secret->size() : 0;
    at.queue_capacity_max = options.queue_capacity_max;
    at.spin = static_cast<int32_t>(options.spin);
    at.drive = static_cast<int32_t>(options.drive);
    at.requests_per_command_max = options.requests_per_command_max;
    at.log = state->log ? &detail::ClientState::Log : nullptr;
    at.log_user = state.get();
    at.on_decision = state->on_decision ? &detail::ClientState::Observe : nullptr;
    at.on_decision_user = state.get();
    SetTls(options, at);
    SetSentinels(options, at);
    std::unique_ptr<detail::CredentialsCall> credentials;
    if (options.credentials) {
      credentials = std::make_unique<detail::CredentialsCall>();
      credentials->ask = std::move(options.credentials);
      at.credentials = &detail::CredentialsCall::Ask;
      at.credentials_user = credentials.get();
      at.credentials_release = &detail::CredentialsCall::Release;
    }
    detail::Run(error, [&](drl_error* why) {
      const drl_status status = Check(options, why);
      return status == DRL_OK ? drl_client_open(&at, &state->handle, why) : status;
    });
    if (state->handle == nullptr) return;
    (void)credentials.release();  // drl deletes it
    state_ = std::move(state);
  }

  static void SetTls(const ClientOptions& options, drl_client_options& at) {
    at.ssl_ca_certs = detail::OrNull(options.ssl_ca_certs);
    at.ssl_certfile = detail::OrNull(options.ssl_certfile);
    at.ssl_keyfile = detail::OrNull(options.ssl_keyfile);
    at.ssl_cert_reqs = static_cast<int32_t>(options.ssl_cert_reqs);
    at.ssl_check_hostname = options.ssl_check_hostname ? DRL_SSL_CHECK_HOSTNAME_ON : DRL_SSL_CHECK_HOSTNAME_OFF;
  }

  static void SetSentinels(const ClientOptions& options, drl_client_options& at) {
    at.sentinel_username = detail::OrNull(options.sentinel_username);
    at.sentinel_password = detail::OrNull(options.sentinel_password);
    if (options.sentinel_ssl) at.sentinel_ssl = *options.sentinel_ssl ? DRL_SENTINEL_SSL_ON : DRL_SENTINEL_SSL_OFF;
    at.sentinel_ssl_ca_certs = detail::OrNull(options.sentinel_ssl_ca_certs);
    at.sentinel_ssl_certfile = detail::OrNull(options.sentinel_ssl_certfile);
    at.sentinel_ssl_keyfile = detail::OrNull(options.sentinel_ssl_keyfile);
  }

  void WaitReady(std::chrono::microseconds timeout, std::error_code* error) const {
    detail::Run(error, [&](drl_error* why) { return drl_client_wait_ready(get(), timeout.count(), why); });
  }

  DrainedLog DrainLog(std::error_code* error) const {
    constexpr int32_t kAtOnce = 16;
    drl_log_line lines[kAtOnce];
    DrainedLog drained;
    int32_t count = kAtOnce;
    while (count == kAtOnce) {
      int64_t dropped = 0;
      count = 0;
      detail::Run(error, [&](drl_error* why) {
        return drl_client_log_drain(get(), lines, kAtOnce, &count, &dropped, why);
      });
      drained.dropped += dropped;
      for (int32_t i = 0; i < count; ++i) {
        const std::chrono::system_clock::time_point at{std::chrono::microseconds(lines[i].at_us)};
        drained.lines.push_back({at, static_cast<LogLevel>(lines[i].level), lines[i].message});
      }
    }
    return drained;
  }

  Stats ReadStats(std::error_code* error) const {
    Stats stats = detail::Unset<Stats>();
    detail::Run(error, [&](drl_error* why) { return drl_client_stats(get(), &stats, why); });
    return stats;
  }

  std::string Metrics(std::error_code* error) const {
    std::string text(8192, '\0');
    for (;;) {
      size_t length = 0;
      drl_error why{};
      const drl_status status = drl_client_metrics(get(), text.data(), text.size() + 1, &length, &why);
      if (status == DRL_ERR_BUFFER) {
        text.resize(length + length / 8);  // more may be needed by the next call
        continue;
      }
      detail::Report(status, why, error);
      text.resize(length);
      return text;
    }
  }

  std::shared_ptr<detail::ClientState> state_;
};

}  // namespace drl

#endif  // DRL_CPP_CLIENT_HPP
