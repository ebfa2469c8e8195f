#include "script_server.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "redis/script.h"

namespace drl::test {
namespace {

void Check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "script_server: %s\n", what);
  std::abort();
}

}  // namespace

core::Limits MakeLimits(std::initializer_list<drl_limit> limits) {
  core::Limits made;
  for (const drl_limit& options : limits) {
    base::Result<core::Limit> limit = core::Limit::Make(options, "");
    Check(limit.ok(), limit.status().message().c_str());
    made.push_back(std::move(*limit));
  }
  return made;
}

ScriptCall& ScriptCall::Until(int64_t deadline_us) {
  deadline_us_ = deadline_us;
  return *this;
}

void ScriptCall::BeginGroup(core::Operation operation, const std::vector<std::string>& keys) {
  std::vector<int64_t> indices;
  bool in_a_row = true;
  for (const std::string& key : keys) {
    const auto found = std::find(keys_.begin(), keys_.end(), key);
    indices.push_back(found - keys_.begin() + 1);
    if (found == keys_.end()) keys_.push_back(key);
    in_a_row = in_a_row && (indices.size() == 1 || indices.back() == indices[indices.size() - 2] + 1);
  }
  core::EncodeGroupHead(operation, deadline_us_, static_cast<int>(keys.size()),
                        in_a_row ? static_cast<int>(indices.front()) : 0, *this);
  if (!in_a_row) arguments_.insert(arguments_.end(), indices.begin(), indices.end());
}

ScriptCall& ScriptCall::Decide(const std::vector<std::string>& keys, const core::Limits& limits, int64_t cost,
                               int64_t headroom) {
  BeginGroup(core::Operation::kTake, keys);
  core::EncodeNumbers(limits, cost, headroom, *this);
  return *this;
}

ScriptCall& ScriptCall::Forget(const std::vector<std::string>& keys) {
  BeginGroup(core::Operation::kForget, keys);
  return *this;
}

ScriptCall& ScriptCall::Try(const std::string& key) {
  keys_.push_back(key);
  core::EncodeGroupHead(core::Operation::kTry, deadline_us_, 0, 1, *this);
  return *this;
}

void ScriptCall::Write(redis::RespWriter& out) const {
  out.Array(3 + keys_.size() + arguments_.size());
  out.Bulk("EVALSHA");
  out.Bulk(redis::kScriptSha1);
  out.Integer(static_cast<int64_t>(keys_.size()));
  for (const std::string& key : keys_) out.Bulk(key);
  for (const int64_t argument : arguments_) out.Integer(argument);
}

ScriptServer::ScriptServer() {
  redis_server_options options{};
  options.clock_shim = 1;
  options.permissions = "~* +debug +hset +rpush +sadd +get +persist";  // what the tests themselves send
  options.arguments = redis_server_debug_arguments();
  server_.reset(redis_server_start(&options));
  Check(server_ != nullptr, "no server");
  Connect();
  // Keys expire when they are read, and only then: the model does the same.
  out_.Array(3);
  out_.Bulk("DEBUG");
  out_.Bulk("SET-ACTIVE-EXPIRE");
  out_.Bulk("0");
  out_.Array(3);
  out_.Bulk("SCRIPT");
  out_.Bulk("LOAD");
  out_.Bulk(redis::kScriptText);
  Flush();
  Check(Next().text == "OK", "DEBUG is not allowed");
  Check(Next().text == redis::kScriptSha1, "Redis has another SHA-1 of the script");
}

void ScriptServer::Connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, redis_server_socket(server_.get()));
  fd_.Reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Check(connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "cannot connect");
}

void ScriptServer::SetNow(int64_t now_us) {
  now_us_ = now_us;
  redis_server_set_time(server_.get(), now_us + core::kEpochUs);
}

void ScriptServer::Flush() {
  while (!out_.pending().empty()) {
    const ssize_t sent = send(fd_.get(), out_.pending().data(), out_.pending().size(), MSG_NOSIGNAL);
    Check(sent > 0, "cannot send");
    out_.Consume(static_cast<size_t>(sent));
  }
}

const redis::Reply& ScriptServer::Next() {
  for (;;) {
    const base::Result<const redis::Reply*> reply = reader_.Next();
    Check(reply.ok(), "a broken reply");
    if (*reply != nullptr) return **reply;
    char bytes[redis::ReplyReader::kFeedMax];
    const ssize_t got = recv(fd_.get(), bytes, sizeof bytes, 0);
    Check(got > 0, "the connection is lost");
    Check(reader_.Feed({bytes, static_cast<size_t>(got)}).ok(), "a broken reply");
  }
}

std::vector<int64_t> ScriptServer::Run(const ScriptCall& call) {
  call.Write(out_);
  Flush();
  const redis::Reply& reply = Next();
  if (reply.type != redis::Reply::Type::kArray) std::fprintf(stderr, "%s\n", reply.text.c_str());
  Check(reply.type == redis::Reply::Type::kArray, "the script raised an error");
  return reply.integers;
}

drl_decision ScriptServer::Allow(const std::string& key, const core::Limits& limits, int64_t cost, int64_t headroom) {
  const std::vector<int64_t> reply = Run(ScriptCall(++tag_).Decide({key}, limits, cost, headroom));
  Check(reply.size() == 2 + core::VerdictLength(limits) && reply[0] == tag_, "a reply of another length or tag");
  core::Verdict verdict;
  Check(core::ReadVerdict({reply.data() + 2, reply.size() - 2}, limits, verdict), "a broken verdict");
  drl_decision decision;
  core::FillDecision(verdict, core::Plan(limits), {cost, headroom}, reply[1], decision);
  return decision;
}

std::string ScriptServer::RunToError(const ScriptCall& call) {
  call.Write(out_);
  Flush();
  const redis::Reply& reply = Next();
  Check(reply.type == redis::Reply::Type::kError, "the script raised no error");
  return reply.text;
}

std::optional<std::string> ScriptServer::Get(const std::string& key) {
  out_.Array(2);
  out_.Bulk("GET");
  out_.Bulk(key);
  Flush();
  const redis::Reply& reply = Next();
  if (reply.type == redis::Reply::Type::kNil) return std::nullopt;
  return reply.text;
}

int64_t ScriptServer::Pttl(const std::string& key) {
  out_.Array(2);
  out_.Bulk("PTTL");
  out_.Bulk(key);
  Flush();
  return Next().integers.at(0);
}

}  // namespace drl::test
