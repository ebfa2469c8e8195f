// What is said on a new connection, all in one write: AUTH, ROLE where sentinels named the server, SELECT, CLIENT SETNAME, TIME, SCRIPT LOAD.
//
// A user of a tight ACL may lack SELECT 0 and CLIENT: those steps are optional. TIME is not: the deadline of every request
// is in Redis time, and the script itself needs it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "redis/credentials.h"
#include "redis/endpoint.h"
#include "redis/reply_reader.h"
#include "redis/resp.h"

namespace drl::redis {

class Handshake {
 public:
  // Writes the commands.
  void Begin(const Endpoint& endpoint, Login login, RespWriter& out);
  // Takes the next reply. An error ends the connection.
  base::Status Accept(const Reply& reply);

  [[nodiscard]] bool done() const { return next_ == steps_.size(); }
  // Redis's clock as TIME answered it, microseconds of Unix time; 0 before it did.
  [[nodiscard]] int64_t redis_time_us() const { return redis_time_us_; }
  // What the server refused.
  Login TakeLogin() { return std::exchange(login_, {}); }
  // What this user lacks and libdrl can do without; empty when there is nothing.
  [[nodiscard]] const std::string& remark() const { return remark_; }

 private:
  enum class Step { kAuth, kRole, kSelect, kSetName, kTime, kScriptLoad };

  std::vector<Step> steps_;
  Login login_;
  std::string remark_;
  size_t next_ = 0;
  int64_t redis_time_us_ = 0;
};

}  // namespace drl::redis
