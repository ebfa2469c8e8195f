// The yardstick: what an application does with a bare blocking hiredis connection and the same script, one EVALSHA a decision.
#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "redis/script.h"

namespace drl::bench {

class HiredisPeer {
 public:
  explicit HiredisPeer(const std::string& unix_path) : context_(redisConnectUnix(unix_path.c_str())) {
    if (context_ == nullptr || context_->err != 0) Die("cannot connect");
    const Reply reply(redisCommand(context_.get(), "SCRIPT LOAD %b", redis::kScriptText.data(), redis::kScriptText.size()));
    if (reply == nullptr || reply->type != REDIS_REPLY_STRING) Die("SCRIPT LOAD failed");
  }

  // One decision of 1 token at a million a second; the key is made up beforehand, nothing is hashed.
  void Decide(const std::string& key) {
    const Reply reply(redisCommand(context_.get(), "EVALSHA %s 1 %b 7 1 4000000000000000 1 1 1 1 1 1000000 1000000",
                                   redis::kScriptSha1.data(), key.data(), key.size()));
    if (reply == nullptr || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) Die("unexpected reply");
  }

  [[noreturn]] static void Die(const char* why) {
    std::fprintf(stderr, "bench: hiredis: %s\n", why);
    std::exit(1);
  }

 private:
  struct FreeReply {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
  };
  struct FreeContext {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  struct Reply : std::unique_ptr<redisReply, FreeReply> {
    explicit Reply(void* reply) : std::unique_ptr<redisReply, FreeReply>(static_cast<redisReply*>(reply)) {}
  };

  std::unique_ptr<redisContext, FreeContext> context_;
};

}  // namespace drl::bench
