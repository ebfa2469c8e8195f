#include "server.h"

#include <algorithm>
#include <charconv>

#include "command_parser.h"
#include "redis/script.h"

namespace drl::simulation {
namespace {

constexpr int64_t kStartOfClock = 50'000'000'000'000;  // a year and a half behind the epoch

std::string Wording(Writes writes) {
  switch (writes) {
    case Writes::kTaken:
      return {};
    case Writes::kOutOfMemory:
      return "OOM command not allowed when used memory > 'maxmemory'.";
    case Writes::kMisconfigured:
      return "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.";
    case Writes::kReadOnly:
      return "READONLY You can't write against a read only replica.";
    case Writes::kTooFewReplicas:
      return "NOREPLICAS Not enough good replicas to write.";
  }
  return {};
}

void AppendBulk(std::string_view text, std::string& out) {
  out += '$';
  out += std::to_string(text.size());
  out += "\r\n";
  out += text;
  out += "\r\n";
}

}  // namespace

Server::Server(World& world, const Keys& keys, Journal& journal, Outlet& outlet, bool older)
    : world_(world),
      keys_(keys),
      outlet_(outlet),
      older_(older),
      script_(world, keys, journal),
      clock_then_(kStartOfClock),
      then_(world.now()),
      replica_(RefusalOf(Writes::kReadOnly)) {}

int64_t Server::clock() const {
  const Micros passed = world_.now() - then_;
  return clock_then_ + passed + passed * drift_ / 1'000'000;
}

void Server::StepClock(int64_t by_us) {
  clock_then_ = clock() + by_us;
  then_ = world_.now();
}

void Server::Drift(int64_t parts_per_million) {
  StepClock(0);
  drift_ = parts_per_million;
}

WriteRefusal Server::RefusalOf(Writes writes) const {
  std::string text = Wording(writes);
  if (older_ && !text.empty()) text = "@user_script: 178: -" + text;
  return {std::move(text), writes != Writes::kOutOfMemory};
}

void Server::Open(SessionId id, int place) {
  if (sessions_.size() >= sessions_max_) {
    outlet_.Reply(id, "-ERR max number of clients reached\r\n");
    outlet_.Close(id, false);
    return;
  }
  Session& session = sessions_[id];
  session.known = password_.empty();
  session.place = place;
}

void Server::Receive(SessionId id, std::string_view bytes) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  Session& session = found->second;
  session.in += bytes;
  if (!session.waits) line_.push_back(id);
  session.waits = true;
  Serve();
}

void Server::HangUp(SessionId id, bool reset) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  if (reset || !found->second.waits) {
    sessions_.erase(found);
  } else {
    found->second.hung_up = true;
  }
}

void Server::CloseSessions(bool reset) {
  std::map<SessionId, Session> closed;
  closed.swap(sessions_);
  line_.clear();
  for (const auto& [id, session] : closed) outlet_.Close(id, reset);
}

void Server::CloseSessionsAt(int place, bool reset) {
  std::vector<SessionId> closed;
  for (const auto& [id, session] : sessions_) {
    if (session.place == place) closed.push_back(id);
  }
  for (const SessionId id : closed) {
    sessions_.erase(id);
    std::erase(line_, id);
    outlet_.Close(id, reset);
  }
}

void Server::GoDown(bool keep_state, bool reset) {
  CloseSessions(reset);
  ++life_;
  up_ = working_ = stopped_ = script_loaded_ = false;
  if (!keep_state) FlushState();
}

void Server::Continue() {
  stopped_ = false;
  Serve();
}

// One session after the other, and all that has come of it, as Redis does.
void Server::Serve() {
  while (!stopped_ && !working_ && !line_.empty()) {
    if (slowness_ > 0) {
      working_ = true;
      world_.After(slowness_, [this, life = life_] {
        if (life == life_) Work();
      });
      return;
    }
    const SessionId id = line_.front();
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) {
      line_.pop_front();
      continue;
    }
    while (RunNext(id, found->second)) continue;
    const bool hung_up = found->second.hung_up;
    found->second.waits = false;
    line_.pop_front();
    if (hung_up) {
      sessions_.erase(found);
    } else if (!reply_.empty()) {
      outlet_.Reply(id, reply_);
    }
    reply_.clear();
  }
}

// A slow command has waited long enough.
void Server::Work() {
  working_ = false;
  if (stopped_ || line_.empty()) return;
  const SessionId id = line_.front();
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || !RunNext(id, found->second)) {
    line_.pop_front();
    if (found != sessions_.end()) {
      found->second.waits = false;
      if (found->second.hung_up) sessions_.erase(found);
    }
  } else {
    if (!found->second.hung_up) outlet_.Reply(id, reply_);
    reply_.clear();
  }
  Serve();
}

// Runs the next command of a session. False when no whole one is there.
bool Server::RunNext(SessionId id, Session& session) {
  const std::string_view unread = std::string_view(session.in).substr(session.read);
  if (unread.empty() || unread.size() < session.wanted) return false;
  const Parsed parsed = ParseCommand(unread, arguments_);
  session.wanted = parsed.wanted;
  if (parsed.broken) {
    world_.Fail("session " + std::to_string(id) + " sent what is no command");
    session.in.clear();
    session.read = 0;
    return false;
  }
  if (parsed.length == 0) return false;
  Run(session);
  session.read += parsed.length;
  if (session.read == session.in.size()) {
    session.in.clear();
    session.read = 0;
  }
  return true;
}

void Server::Say(std::string_view line) {
  reply_ += line;
  reply_ += "\r\n";
}

// Why it does nothing but log people in; null: it does.
const char* Server::Grievance() const {
  switch (mood_) {
    case Mood::kLoading:
      return "-LOADING Redis is loading the dataset in memory";
    case Mood::kBusy:
      return "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
    case Mood::kNoPermission:
      return "-NOPERM User drl has no permissions to run the 'evalsha' command";
    case Mood::kWell:
      break;
  }
  return nullptr;
}

void Server::Run(Session& session) {
  const std::string_view command = arguments_[0];
  const size_t count = arguments_.size();
  if (command == "AUTH" && (count == 2 || count == 3)) {
    if (!password_.empty() && arguments_[count - 1] != password_) return Say("-WRONGPASS invalid username-password pair or user is disabled.");
    session.known = true;
    return Say("+OK");
  }
  if (!session.known) return Say("-NOAUTH Authentication required.");
  const bool master = session.place == master_;
  if (command == "EVALSHA" && count >= 4) return Evaluate(master ? refusal_ : replica_);
  if (mood_ == Mood::kBusy) return Say(Grievance());
  if (command == "TIME" && count == 1) {
    const int64_t now = clock() + core::kEpochUs;
    reply_ += "*2\r\n";
    AppendBulk(std::to_string(now / 1'000'000), reply_);
    return AppendBulk(std::to_string(now % 1'000'000), reply_);
  }
  if (command == "ROLE" && count == 1) return SayRole(master);
  if (command == "SELECT" && count == 2) return Say("+OK");
  if (command == "CLIENT" && count == 3 && arguments_[1] == "SETNAME") return Say("+OK");
  if (command == "SCRIPT" && count == 3 && arguments_[1] == "LOAD") {
    if (mood_ == Mood::kLoading) return Say(Grievance());
    if (arguments_[2] != redis::kScriptText) world_.Fail("another script was loaded");
    script_loaded_ = true;
    return AppendBulk(redis::kScriptSha1, reply_);
  }
  world_.Fail("a command that is none of ours: " + std::string(command));
  Say("-ERR unknown command");
}

void Server::SayRole(bool master) {
  reply_ += master ? "*3\r\n$6\r\nmaster\r\n:14\r\n*1\r\n*3\r\n$7\r\nplace-9\r\n$4\r\n6379\r\n$2\r\n14\r\n"
                   : "*5\r\n$5\r\nslave\r\n$7\r\nplace-9\r\n:6379\r\n$9\r\nconnected\r\n:14\r\n";
}

void Server::Evaluate(const WriteRefusal& refusal) {
  if (const char* grievance = Grievance(); grievance != nullptr) return Say(grievance);
  if (arguments_[1] != redis::kScriptSha1) world_.Fail("another script was called");
  if (!script_loaded_) return Say("-NOSCRIPT No matching script. Please use EVAL.");
  size_t keys = 0;
  const std::string_view text = arguments_[2];
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), keys);
  const std::span<const std::string_view> rest = std::span(arguments_).subspan(3);
  if (error != std::errc() || end != text.data() + text.size() || keys > rest.size()) {
    world_.Fail("EVALSHA has a broken number of keys");
    return Say("-ERR value is not an integer or out of range");
  }
  const auto forbidden = [this](std::string_view key) { return forbidden_.contains(keys_.Find(key)); };
  if (!forbidden_.empty() && std::any_of(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(keys), forbidden)) {
    return Say(older_ ? "-NOPERM this user has no permissions to access one of the keys used as arguments"
                      : "-NOPERM No permissions to access a key");
  }
  const size_t begin = reply_.size();
  script_.Run(rest.first(keys), rest.subspan(keys), clock(), refusal, reply_);
  if (!repeat_answer_ || reply_[begin] != '*') return;  // errors have no tag: nobody could tell that they are another's
  reply_ += reply_.substr(begin);
  repeat_answer_ = false;
}

}  // namespace drl::simulation
