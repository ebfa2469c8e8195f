// lua/drl.lua in a private Redis whose clock stands still until a test moves it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "core/call.h"
#include "core/limit.h"
#include "core/reply.h"
#include "redis/reply_reader.h"
#include "redis/resp.h"
#include "redis_inspect.h"

namespace drl::test {

// Limits from literals. Stops the program when they are out of range: the test is wrong then.
core::Limits MakeLimits(std::initializer_list<drl_limit> limits);

// KEYS and ARGV of one call. A sink for core::EncodeGroup.
class ScriptCall {
 public:
  static constexpr int64_t kNoDeadline = (int64_t{1} << 53) - 1;

  explicit ScriptCall(int64_t tag, int64_t deadline_us = kNoDeadline) : arguments_{deadline_us, tag} {}

  ScriptCall& Decide(const std::vector<std::string>& keys, const core::Limits& limits, int64_t cost);
  ScriptCall& Forget(const std::vector<std::string>& keys);
  void Integer(int64_t value) { arguments_.push_back(value); }

  void Write(redis::RespWriter& out) const;

 private:
  std::vector<std::string> keys_;
  std::vector<int64_t> arguments_;
};

class ScriptServer {
 public:
  ScriptServer();

  // Redis's clock, in microseconds since the script's epoch.
  [[nodiscard]] int64_t now() const { return now_us_; }
  void SetNow(int64_t now_us);
  void Advance(int64_t us) { SetNow(now_us_ + us); }

  // Pipelining: write any number of commands, Flush, then read as many replies.
  redis::RespWriter& out() { return out_; }
  void Flush();
  const redis::Reply& Next();

  // One call and its integers.
  std::vector<int64_t> Run(const ScriptCall& call);
  // One call with one decision of one key, as the decision that the library makes of it.
  drl_decision Allow(const std::string& key, const core::Limits& limits, int64_t cost);

  [[nodiscard]] std::optional<std::string> Get(const std::string& key);
  [[nodiscard]] int64_t Pttl(const std::string& key);
  [[nodiscard]] redis_server* server() const { return server_.get(); }

 private:
  struct Stop {
    void operator()(redis_server* server) const { redis_server_stop(server); }
  };

  void Connect();

  std::unique_ptr<redis_server, Stop> server_;
  base::UniqueFd fd_;
  redis::RespWriter out_;
  redis::ReplyReader reader_;
  int64_t now_us_ = REDIS_SERVER_START_TIME_US - core::kEpochUs;
  int64_t tag_ = 0;
};

}  // namespace drl::test
