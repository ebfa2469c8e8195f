// A Redis deployment: where it is, how to get in, and what the URL says about the client.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace drl::redis {

struct Host {
  std::string name;  // or a numeric address
  int32_t port = 6379;

  // For messages.
  [[nodiscard]] std::string Name() const;
  bool operator==(const Host&) const = default;
};

// How a connection is encrypted.
struct Tls {
  bool on = false;
  std::string ca_certs;        // a file or a directory of certificates to trust; empty: the system's
  std::string certfile;        // of the client, with its chain; empty: none
  std::string keyfile;         // empty: in certfile
  bool verify = true;          // whether the server's certificate is
  bool check_hostname = true;  // whether it must name the server
};

// Who knows where the server is.
struct Sentinels {
  std::vector<Host> hosts;  // empty: nobody is asked
  std::string master;       // the name that they know it by
  std::string username;
  std::string password;
  // Where their encryption differs from the server's.
  std::optional<bool> tls_on;
  std::string ca_certs;
  std::string certfile;
  std::string keyfile;
};

struct Endpoint {
  std::string unix_path;  // empty: TCP
  std::string host;       // empty where sentinels are to be asked
  int32_t port = 6379;
  Tls tls;
  Sentinels sentinels;
  std::string username;
  std::string password;
  int64_t database = 0;
  std::string client_name;
  int64_t timeout_us = 0;          // 0: not given
  int64_t connect_timeout_us = 0;  // 0: not given
  bool drive = true;               // a lone caller may do the I/O thread's work
  int32_t requests_per_command = 0;  // 0: not given

  // For messages: never holds credentials.
  [[nodiscard]] std::string Name() const;
  // How connections to the sentinels are encrypted.
  [[nodiscard]] Tls SentinelTls() const;
};

// What contradicts itself or has no use, once all options are known.
[[nodiscard]] base::Status Check(const Endpoint& endpoint);

// The longest path that fits sockaddr_un.
inline constexpr size_t kUnixPathMax = 107;

// A client name: printable ASCII without spaces, 1..64 characters, as CLIENT SETNAME wants it.
[[nodiscard]] bool IsClientName(std::string_view name);

}  // namespace drl::redis
