#include "redis/handshake.h"

#include <utility>

#include "core/command.h"
#include "redis/error_map.h"
#include "redis/permission.h"
#include "redis/script.h"

namespace drl::redis {

void Handshake::Begin(const Endpoint& endpoint, Login login, RespWriter& out) {
  steps_.clear();
  remark_.clear();
  next_ = 0;
  login_ = std::move(login);
  if (!login_.password().empty()) {
    steps_.push_back(Step::kAuth);
    login_.Write(out);
  }
  if (!endpoint.sentinels.hosts.empty()) {
    steps_.push_back(Step::kRole);
    out.Array(1);
    out.Bulk("ROLE");
  }
  if (endpoint.database != 0) {
    steps_.push_back(Step::kSelect);
    out.Array(2);
    out.Bulk("SELECT");
    out.Integer(endpoint.database);
  }
  steps_.push_back(Step::kSetName);
  out.Array(3);
  out.Bulk("CLIENT");
  out.Bulk("SETNAME");
  out.Bulk(endpoint.client_name);
  steps_.push_back(Step::kTime);
  out.Array(1);
  out.Bulk("TIME");
  steps_.push_back(Step::kScriptLoad);
  out.Array(3);
  out.Bulk("SCRIPT");
  out.Bulk("LOAD");
  out.Bulk(kScriptText);
}

base::Status Handshake::Accept(const Reply& reply) {
  const Step step = steps_[next_++];
  if (reply.type == Reply::Type::kError) {
    // Said before anything was asked, so it would be taken for the answer to an optional step.
    if (reply.text.starts_with("ERR max number of clients")) {
      return {DRL_ERR_CONNECT, "Redis refused the connection: " + reply.text};
    }
    const MappedError error = MapError(reply.text);
    switch (step) {
      case Step::kAuth:
        return {error.code == DRL_ERR_LOADING ? DRL_ERR_LOADING : DRL_ERR_AUTH, "logging in: " + login_.Harmless(reply.text)};
      case Step::kRole:  // it will not write if it is a replica
        if (error.code == DRL_ERR_PERMISSION) return {};
        return {error.code, "asking for the role: " + ErrorSentence(reply.text, "ROLE")};
      case Step::kSelect:
        return {error.code, "selecting the database: " + ErrorSentence(reply.text, "SELECT")};
      case Step::kTime:
        return {error.code, "asking for the time: " + ErrorSentence(reply.text, "TIME")};
      case Step::kSetName:
        if (error.code == DRL_ERR_PERMISSION) remark_ = ErrorSentence(reply.text, "CLIENT SETNAME");
        return {};
      case Step::kScriptLoad:  // it may be there all the same, but not after a restart
        if (error.code != DRL_ERR_PERMISSION) return {};
        return {error.code, "loading the script: " + ErrorSentence(reply.text, "SCRIPT LOAD")};
    }
  }
  if (step == Step::kRole && reply.Word(0) != "master") {
    const bool replica = reply.Word(0) == "slave" || reply.Word(0) == "replica";
    return {DRL_ERR_READONLY, std::string("the server that sentinels named is ") + (replica ? "a replica" : "not a master")};
  }
  if (step == Step::kTime) {
    if (reply.type != Reply::Type::kArray || reply.integers.size() != 2) {
      return {DRL_ERR_PROTOCOL, "TIME did not answer with two numbers: this is not Redis"};
    }
    constexpr int64_t kSeconds = 1'000'000;
    const int64_t since_epoch_s = reply.integers[0] - core::kEpochUs / kSeconds;
    if (since_epoch_s < 0 || since_epoch_s >= core::kEndOfTimeUs / kSeconds) {
      return {DRL_ERR_CLOCK, base::StatusMessage(DRL_ERR_CLOCK)};
    }
    redis_time_us_ = reply.integers[0] * kSeconds + reply.integers[1];
  }
  if (done()) login_ = {};
  return {};
}

}  // namespace drl::redis
