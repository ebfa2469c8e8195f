// The C interface with owners, for tests in C++.
#pragma once

#include <drl/drl.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "redis_inspect.h"

namespace drl::test {

struct Closer {
  void operator()(drl_client* client) const { drl_client_close(client); }
  void operator()(drl_limiter* limiter) const { drl_limiter_close(limiter); }
  void operator()(drl_queue* queue) const { drl_queue_close(queue); }
  void operator()(redis_server* server) const { redis_server_stop(server); }
};

using Client = std::unique_ptr<drl_client, Closer>;
using Limiter = std::unique_ptr<drl_limiter, Closer>;
using Queue = std::unique_ptr<drl_queue, Closer>;
using Server = std::unique_ptr<redis_server, Closer>;

// redis_server_options with defaults, so that a test names only what it wants.
struct ServerOptions {
  int tcp = 0;
  const char* password = nullptr;
  const char* permissions = nullptr;
  const char* acl = nullptr;
  const char* acl_password = nullptr;
  const char* const* arguments = nullptr;
  const char* tls_certificate = nullptr;
  const char* tls_key = nullptr;
  const char* tls_clients_ca = nullptr;
};

inline Server StartServer(const ServerOptions& wanted = {}) {
  redis_server_options options{};
  options.tcp = wanted.tcp;
  options.password = wanted.password;
  options.permissions = wanted.permissions;
  options.acl = wanted.acl;
  options.acl_password = wanted.acl_password;
  options.arguments = wanted.arguments;
  options.tls_certificate = wanted.tls_certificate;
  options.tls_key = wanted.tls_key;
  options.tls_clients_ca = wanted.tls_clients_ca;
  Server server(redis_server_start(&options));
  if (server == nullptr) std::abort();  // explained on stderr
  return server;
}

// Patient enough for a busy machine: tests of time-outs choose their own.
inline constexpr int64_t kPatientUs = 20'000'000;

inline drl_client_options ClientOptions(const char* url, int64_t timeout_us = kPatientUs) {
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  options.redis_url = url;
  options.timeout_us = timeout_us;
  return options;
}

inline Client OpenClient(const drl_client_options& options) {
  drl_client* client = nullptr;
  drl_error error{};
  EXPECT_EQ(drl_client_open(&options, &client, &error), DRL_OK) << error.message;
  return Client(client);
}

inline Client OpenClient(const std::string& url, int64_t timeout_us = kPatientUs) {
  return OpenClient(ClientOptions(url.c_str(), timeout_us));
}

inline Limiter OpenLimiter(const Client& client, const drl_limiter_options& options) {
  drl_limiter* limiter = nullptr;
  drl_error error{};
  EXPECT_EQ(drl_limiter_open(client.get(), &options, &limiter, &error), DRL_OK) << error.message;
  return Limiter(limiter);
}

inline drl_limiter_options LimiterOptions(int64_t rate, int64_t per_us, int64_t burst, const char* name = nullptr,
                                          int32_t fail_strategy = DRL_FAIL_OPEN) {
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.rate = rate;
  options.per_us = per_us;
  options.burst = burst;
  options.name = name;
  options.fail_strategy = fail_strategy;
  return options;
}

// A limiter that counts: one token comes back in 1,000 seconds, so that burst minus remaining is what was ever charged.
inline constexpr int64_t kLedgerBurst = 1'000'000;
inline drl_limiter_options Ledger(int32_t fail_strategy = DRL_FAIL_OPEN, const char* name = "ledger") {
  return LimiterOptions(1, 1'000'000'000, kLedgerBurst, name, fail_strategy);
}

inline drl_request AllowRequest(drl_limiter* limiter, std::string_view identity, int64_t cost) {
  drl_request request = DRL_REQUEST_INIT;
  request.limiter = limiter;
  request.identity = identity.data();
  request.identity_len = identity.size();
  request.cost = cost;
  return request;
}

inline drl_status Decide(const Client& client, const std::vector<drl_request>& requests, drl_decision* decisions) {
  return drl_client_decide(client.get(), requests.data(), sizeof(drl_request), static_cast<int32_t>(requests.size()),
                           decisions, nullptr);
}

inline Queue OpenQueue(const Client& client, int64_t capacity = 0) {
  drl_queue_options options = DRL_QUEUE_OPTIONS_INIT;
  options.capacity = capacity;
  drl_queue* queue = nullptr;
  drl_error error{};
  EXPECT_EQ(drl_queue_open(client.get(), &options, &queue, &error), DRL_OK) << error.message;
  return Queue(queue);
}

struct Answer {
  drl_status status = DRL_ERR_INTERNAL;
  drl_decision decision{};
  std::string message;
};

inline Answer Allow(const Limiter& limiter, std::string_view identity, int64_t cost = 1) {
  Answer answer;
  drl_error error{};
  answer.status = drl_limiter_allow(limiter.get(), identity.data(), identity.size(), cost, &answer.decision, &error);
  answer.message = error.message;
  return answer;
}

// Tokens that Redis ever charged to an identity of a Ledger limiter; -1 when Redis does not say.
inline int64_t ChargedInRedis(const Limiter& ledger, std::string_view identity) {
  const Answer answer = Allow(ledger, identity, 0);
  if (answer.status != DRL_OK || answer.decision.outcome != DRL_OUTCOME_ALLOWED) return -1;
  return kLedgerBurst - answer.decision.remaining;
}

inline drl_stats Stats(const Client& client) {
  drl_stats stats = DRL_STATS_INIT;
  drl_error error{};
  EXPECT_EQ(drl_client_stats(client.get(), &stats, &error), DRL_OK) << error.message;
  return stats;
}

// The same once nothing is under way: the I/O thread lets go of a call a moment after its caller has the answer.
inline drl_stats IdleStats(const Client& client) {
  drl_stats stats = Stats(client);
  for (int i = 0; i < 2'000 && stats.queue_depth > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    stats = Stats(client);
  }
  return stats;
}

using SteadyClock = std::chrono::steady_clock;

inline int64_t MicrosSince(SteadyClock::time_point since) {
  return std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - since).count();
}

// Asks again and again until Redis decides, for at most `patience_us`. The time it took; -1 when it never did.
inline int64_t MicrosUntilDecided(const Limiter& limiter, std::string_view identity, int64_t patience_us = kPatientUs) {
  const SteadyClock::time_point start = SteadyClock::now();
  while (MicrosSince(start) < patience_us) {
    const Answer answer = Allow(limiter, identity, 0);
    if (answer.status == DRL_OK && answer.decision.cause == DRL_OK) return MicrosSince(start);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return -1;
}

}  // namespace drl::test
