// lua/drl.lua in a private Redis whose clock stands still until a test moves it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "core/command.h"
#include "core/limit.h"
#include "core/plan.h"
#include "core/reply.h"
#include "redis/reply_reader.h"
#include "redis/resp.h"
#include "redis_inspect.h"

namespace drl::test {

// Limits from literals. Stops the program when they are out of range: the test is wrong then.
core::Limits MakeLimits(std::initializer_list<drl_limit> limits);

// KEYS and ARGV of one command. A sink for core's encoders.
class ScriptCall {
 public:
  static constexpr int64_t kNoDeadline = core::kEndOfTimeUs;

  explicit ScriptCall(int64_t tag, int64_t deadline_us = kNoDeadline) : deadline_us_(deadline_us), arguments_{tag} {}

  // The deadline of the groups that follow.
  ScriptCall& Until(int64_t deadline_us);
  // A group each. Keys that are new to the command and stand in a row are named so; else one by one.
  ScriptCall& Decide(const std::vector<std::string>& keys, const core::Limits& limits, int64_t cost,
                     int64_t headroom = 0);
  ScriptCall& Forget(const std::vector<std::string>& keys);
  // The group that tries permissions, alone.
  ScriptCall& Try(const std::string& key);
  void Integer(int64_t value) { arguments_.push_back(value); }

  void Write(redis::RespWriter& out) const;

 private:
  void BeginGroup(core::Operation operation, const std::vector<std::string>& keys);

  int64_t deadline_us_;
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
  drl_decision Allow(const std::string& key, const core::Limits& limits, int64_t cost, int64_t headroom = 0);
  // What the script raised.
  std::string RunToError(const ScriptCall& call);

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
