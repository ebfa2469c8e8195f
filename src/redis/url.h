// redis_url: where Redis is and how to log in.
//
//   redis://[user[:password]@]host[:port][/db][?parameters]      (also valkey://)
//   unix://[user[:password]@]/path[?parameters]                  (also redis+unix://, valkey+unix://)
//   parameters: db, client_name, timeout, connect_timeout (or dial_timeout), durations with a unit ("250ms"),
//               drive (adaptive, off), requests_per_command (1..64)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace drl::redis {

struct Endpoint {
  std::string unix_path;  // empty: TCP
  std::string host;
  int32_t port = 6379;
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
};

// The longest path that fits sockaddr_un.
inline constexpr size_t kUnixPathMax = 107;

// A client name: printable ASCII without spaces, 1..64 characters, as CLIENT SETNAME wants it.
[[nodiscard]] bool IsClientName(std::string_view name);

base::Result<Endpoint> ParseUrl(std::string_view url);

}  // namespace drl::redis
