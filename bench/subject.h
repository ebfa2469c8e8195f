// libdrl as an application uses it, and the identities that all programs here draw from.
#pragma once

#include <drl/drl.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace drl::bench {

inline constexpr int kIdentities = 10'000;

inline void Check(drl_status status, const drl_error& error) {
  if (status == DRL_OK && error.status == DRL_OK) return;
  std::fprintf(stderr, "bench: libdrl: %s\n", error.message);
  std::exit(1);
}

// A client with one limiter of a million a second: every decision is allowed and written.
class Subject {
 public:
  // `at`: a URL, or the path of a Unix socket.
  Subject(const std::string& at, int32_t spin, int64_t timeout_us = 10'000'000) {
    drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
    const std::string url = at.find("://") == std::string::npos ? "unix://" + at : at;
    options.redis_url = url.c_str();
    options.spin = spin;
    options.timeout_us = timeout_us;
    drl_error error{};
    Check(drl_client_open(&options, &client_, &error), error);
    drl_limiter_options policy = DRL_LIMITER_OPTIONS_INIT;
    policy.rate = 1'000'000;
    policy.per_us = 1'000'000;
    Check(drl_limiter_open(client_, &policy, &limiter_, &error), error);
  }
  ~Subject() {
    drl_limiter_close(limiter_);
    drl_client_close(client_);
  }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  void Decide(const std::string& identity) {
    drl_decision decision;
    drl_error error{};
    Check(drl_limiter_allow(limiter_, identity.data(), identity.size(), 1, &decision, &error), error);
  }

  [[nodiscard]] drl_client* client() const { return client_; }
  [[nodiscard]] drl_limiter* limiter() const { return limiter_; }

 private:
  drl_client* client_ = nullptr;
  drl_limiter* limiter_ = nullptr;
};

// "user:0" .. for libdrl; for the peer, keys of the same length as libdrl's.
inline std::vector<std::string> Identities() {
  std::vector<std::string> names;
  for (int i = 0; i < kIdentities; ++i) names.push_back("user:" + std::to_string(i));
  return names;
}
inline std::vector<std::string> PeerKeys() {
  std::vector<std::string> keys;
  char key[64];
  for (int i = 0; i < kIdentities; ++i) {
    std::snprintf(key, sizeof key, "drl:default:{%022d}plan00", i);
    keys.emplace_back(key);
  }
  return keys;
}

}  // namespace drl::bench
