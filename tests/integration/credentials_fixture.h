// A client that asks a giver for user and password, on a Redis with one user for it.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "giver.h"
#include "handles.h"
#include "redis_user.h"

namespace drl::test {

inline constexpr const char* kAcl =
    "user default off\n"
    "user admin on >admin ~* +@all\n"
    "user drl reset on >first " REDIS_USER_LEAST "\n";

// The log of a client so far.
inline std::string Log(const Client& client) {
  std::string text;
  drl_log_line lines[16];
  int32_t count = 0;
  int64_t dropped = 0;
  do {
    EXPECT_EQ(drl_client_log_drain(client.get(), lines, 16, &count, &dropped, nullptr), DRL_OK);
    for (int32_t i = 0; i < count; ++i) text += std::string(lines[i].message) + "\n";
  } while (count == 16);
  return text;
}

inline bool Within(int64_t patience_us, const std::function<bool()>& holds) {
  const SteadyClock::time_point start = SteadyClock::now();
  while (!holds()) {
    if (MicrosSince(start) > patience_us) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

class CredentialsTest : public testing::Test {
 protected:
  drl_client_options Options() {
    drl_client_options options = ClientOptions(redis_server_url(server.get()));
    options.connect_timeout_us = kPatientUs;
    giver.Into(options);
    return options;
  }
  void Open() { Open(Options()); }
  void Open(const drl_client_options& options) {
    ++opens;
    client = OpenClient(options);
    limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  }
  void Close() {
    limiter.reset();
    client.reset();
  }
  // Whether an answer of Redis comes, whatever the start takes.
  [[nodiscard]] bool Decides() const { return MicrosUntilDecided(limiter, "someone") >= 0; }
  // Why it is not let in, once that is known.
  struct Refusal {
    drl_status status;
    std::string sentence;
  };
  [[nodiscard]] Refusal WhyNot() const {
    drl_error error{};
    Within(kPatientUs, [&] { return drl_client_wait_ready(client.get(), 10'000, &error) != DRL_ERR_TIMEOUT; });
    return {error.status, error.message};
  }
  // Of clients: the test's own connection has said one.
  int64_t Auths() { return redis_server_calls(server.get(), "auth") - 1; }

  // Each client that was opened lets go once, when its last call has returned.
  void TearDown() override {
    Close();
    EXPECT_TRUE(Within(kPatientUs, [&] { return giver.released() == opens; })) << giver.released() << " of " << opens;
  }

  int opens = 0;
  Server server = StartServer({.acl = kAcl, .acl_password = "admin"});
  Giver giver{"drl", "first"};
  Client client;
  Limiter limiter;
};

}  // namespace drl::test
