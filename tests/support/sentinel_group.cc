#include "sentinel_group.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "redis_user.h"

namespace drl::test {
namespace {

constexpr int kPatienceMs = 20'000;

// Until it is so, or for ever long.
template <typename Condition>
void Await(const char* what, Condition condition) {
  for (int waited = 0; waited < kPatienceMs; waited += 5) {
    if (condition()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::fprintf(stderr, "sentinel_group: %s: not within %d ms\n", what, kPatienceMs);
  std::abort();
}

// On a connection of its own: sentinels close those to a server that changes its role.
RedisReply Ask(int port, const std::string& command) {
  redisContext* context = redisConnectWithTimeout("127.0.0.1", port, {2, 0});
  RedisReply reply;
  if (context != nullptr && context->err == 0) {
    redisSetTimeout(context, {2, 0});
    reply.reset(static_cast<redisReply*>(redisCommand(context, "AUTH admin admin")));
    if (reply != nullptr) reply.reset(static_cast<redisReply*>(redisCommand(context, command.c_str())));
  }
  if (context != nullptr) redisFree(context);
  return reply;
}

bool Says(redis_server* server, const std::string& command, const char* text) {
  const RedisReply reply = SentinelGroup::AskServer(server, command);
  return reply != nullptr && reply->str != nullptr && std::strstr(reply->str, text) != nullptr;
}

void Spawn(pid_t& pid, const std::string& file) {
  const char* arguments[] = {"redis-server", file.c_str(), "--sentinel", nullptr};
  std::vector<char*> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (std::strncmp(*variable, "LD_PRELOAD=", 11) != 0) environment.push_back(*variable);
  }
  environment.push_back(nullptr);
  const pid_t parent = getpid();
  pid = fork();
  if (pid != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  const int null = open("/dev/null", O_RDWR);
  dup2(null, 0);
  dup2(null, 1);
  execvpe("redis-server", const_cast<char**>(arguments), environment.data());
  _exit(127);
}

void Kill(pid_t& pid) {
  if (pid <= 0) return;
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  pid = 0;
}

}  // namespace

SentinelGroup::SentinelGroup(const SentinelOptions& options) : password_(options.password != nullptr ? options.password : "") {
  signal(SIGPIPE, SIG_IGN);  // for redis_inspect, whose connections sentinels close too
  char directory[] = "/tmp/drl-sentinel-XXXXXX";
  if (mkdtemp(directory) == nullptr) std::abort();
  directory_ = directory;
  const char* const arguments[] = {"--masteruser", "admin", "--masterauth", "admin", "--repl-diskless-sync", "yes",
                                   "--repl-diskless-sync-delay", "0", "--user", "sentinel", "on",
                                   ">sentinel", "~*", "&*", "+@all", nullptr};
  for (Server& server : servers_) {  // a replica says PING before it logs in
    server = StartServer({.tcp = 1, .password = options.password, .permissions = REDIS_USER_SENTINEL " +ping", .arguments = arguments});
  }
  const std::string master = "127.0.0.1 " + std::to_string(redis_server_port(server(0)));
  for (size_t i = 1; i < kServers; ++i) AskServer(server(i), "REPLICAOF " + master);
  for (size_t i = 1; i < kServers; ++i) {
    Await("replicas", [&] { return Says(server(i), "INFO replication", "master_link_status:up"); });
  }
  for (size_t i = 0; i < kSentinels; ++i) StartSentinel(i, options);
  for (size_t i = 0; i < kSentinels; ++i) Await("sentinels", [&] { return Complete(i); });
}

SentinelGroup::~SentinelGroup() {
  for (Sentinel& sentinel : sentinels_) Kill(sentinel.pid);
  for (Server& server : servers_) server.reset();
  std::filesystem::remove_all(directory_);
}

// The timers of a sentinel are made for machines that are far apart: DEBUG (7.0 and later) makes them quicker, and has them not wait for half a
// minute when the machine has stood still.
void SentinelGroup::StartSentinel(size_t i, const SentinelOptions& options) {
  Sentinel& sentinel = sentinels_[i];
  const std::string base = directory_ + "/sentinel-" + std::to_string(i);
  const std::string name = std::string(" ") + kMaster + " ";
  for (int attempt = 0; attempt < 5 && sentinel.pid == 0; ++attempt) {
    sentinel.port = redis_server_free_port();
    std::ofstream(base + ".conf") << "port " << sentinel.port << "\nbind 127.0.0.1\ndir " << directory_ << "\nlogfile " << base
                                  << ".log\nuser admin on >admin ~* &* +@all\nuser default reset on "
                                  << (options.sentinel_password != nullptr ? std::string(">") + options.sentinel_password : "nopass")
                                  << " " REDIS_USER_MONITOR "\nsentinel monitor" << name << "127.0.0.1 "
                                  << redis_server_port(server(0)) << " 2\nsentinel auth-user" << name
                                  << "sentinel\nsentinel auth-pass" << name << "sentinel\nsentinel down-after-milliseconds" << name
                                  << "30000\nsentinel failover-timeout" << name
                                  << "3000\nsentinel sentinel-user admin\nsentinel sentinel-pass admin\n";
    Spawn(sentinel.pid, base + ".conf");
    RedisReply reply;
    for (int waited = 0; waited < 5'000 && reply == nullptr && waitpid(sentinel.pid, nullptr, WNOHANG) == 0; waited += 5) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      reply = AskSentinel(i, "SENTINEL DEBUG info-period 200 publish-period 200 ask-period 100 "
                             "tilt-trigger 60000 tilt-period 100");
    }
    if (reply == nullptr) Kill(sentinel.pid);
  }
  if (sentinel.pid == 0) std::abort();
}

bool SentinelGroup::Complete(size_t sentinel) const {
  const RedisReply others = AskSentinel(sentinel, std::string("SENTINEL SENTINELS ") + kMaster);
  const RedisReply replicas = AskSentinel(sentinel, std::string("SENTINEL REPLICAS ") + kMaster);
  return others != nullptr && others->elements == kSentinels - 1 && replicas != nullptr && replicas->elements == kServers - 1;
}

std::string SentinelGroup::url(const std::string& query, const std::string& master) const {
  std::string hosts;
  for (const Sentinel& sentinel : sentinels_) hosts += (hosts.empty() ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(sentinel.port);
  return "redis+sentinel://" + (password_.empty() ? "" : ":" + password_ + "@") + hosts + "/" + master + query;
}

redis_server* SentinelGroup::server_at(int port) const {
  for (const Server& server : servers_) {
    if (redis_server_port(server.get()) == port) return server.get();
  }
  return nullptr;
}

int SentinelGroup::MasterPort(size_t sentinel) const {
  const RedisReply reply = AskSentinel(sentinel, std::string("SENTINEL GET-MASTER-ADDR-BY-NAME ") + kMaster);
  return reply != nullptr && reply->elements == 2 ? std::atoi(reply->element[1]->str) : 0;
}

void SentinelGroup::PauseSentinel(size_t i) const { kill(sentinels_[i].pid, SIGSTOP); }
void SentinelGroup::ResumeSentinel(size_t i) const { kill(sentinels_[i].pid, SIGCONT); }
void SentinelGroup::KillSentinel(size_t i) { Kill(sentinels_[i].pid); }

void SentinelGroup::BeginFailover() const {
  Await("SENTINEL FAILOVER", [&] {
    const RedisReply reply = AskSentinel(0, std::string("SENTINEL FAILOVER ") + kMaster);
    return reply != nullptr && reply->type == REDIS_REPLY_STATUS;
  });
}

void SentinelGroup::SetPatience(int ms) const {
  for (size_t i = 0; i < kSentinels; ++i) {
    AskSentinel(i, std::string("SENTINEL SET ") + kMaster + " down-after-milliseconds " + std::to_string(ms));
  }
}

void SentinelGroup::MakeReplica(redis_server* server, int master_port) const {
  if (redis_server_restart(server) != 0) std::abort();
  AskServer(server, "REPLICAOF 127.0.0.1 " + std::to_string(master_port));
  AwaitReplicas(master_port);
}

void SentinelGroup::AwaitReplicas(int port) const {
  for (size_t i = 0; i < kSentinels; ++i) Await("sentinels that agree", [&] { return MasterPort(i) == port; });
  Await("replicas in step", [&] {
    for (const Server& server : servers_) {
      if (redis_server_port(server.get()) == port || redis_server_pid(server.get()) == 0) continue;
      const std::string of = "master_port:" + std::to_string(port);
      if (!Says(server.get(), "INFO replication", "master_link_status:up")) return false;
      if (!Says(server.get(), "INFO replication", of.c_str())) return false;
    }
    return true;
  });
}

RedisReply SentinelGroup::AskSentinel(size_t i, const std::string& command) const {
  return Ask(sentinels_[i].port, command);
}

RedisReply SentinelGroup::AskServer(redis_server* server, const std::string& command) {
  return Ask(redis_server_port(server), command);
}

SwitchListener::SwitchListener(const SentinelGroup& group) {
  for (size_t i = 0; i < SentinelGroup::kSentinels; ++i) {
    redisContext* context = redisConnect("127.0.0.1", group.sentinel_port(i));
    if (context == nullptr || context->err != 0) std::abort();
    freeReplyObject(redisCommand(context, "AUTH admin admin"));
    freeReplyObject(redisCommand(context, "SUBSCRIBE +switch-master"));
    contexts_.push_back(context);
  }
  thread_ = std::thread([this] { Listen(); });
}

SwitchListener::~SwitchListener() {
  over_ = true;
  thread_.join();
  for (redisContext* context : contexts_) redisFree(context);
}

void SwitchListener::Listen() {
  std::vector<pollfd> items;
  for (const redisContext* context : contexts_) items.push_back({context->fd, POLLIN, 0});
  while (!over_) {
    poll(items.data(), items.size(), 20);
    for (size_t i = 0; i < items.size(); ++i) {
      if (items[i].revents == 0) continue;
      if (redisBufferRead(contexts_[i]) != REDIS_OK) {
        items[i].fd = -1;
        continue;
      }
      void* reply = nullptr;
      while (redisGetReplyFromReader(contexts_[i], &reply) == REDIS_OK && reply != nullptr) {
        const RedisReply message(static_cast<redisReply*>(reply));
        char from[64];
        char to[64];
        Switch heard{SteadyClock::now(), 0, 0};
        if (message->elements == 3 && std::sscanf(message->element[2]->str, "%*s %63s %d %63s %d", from, &heard.from, to, &heard.to) == 4) {
          const std::lock_guard lock(mutex_);
          switches_.push_back(heard);
        }
      }
    }
  }
}

SteadyClock::time_point SwitchListener::AwaitSwitchFrom(int from, int& to) {
  SteadyClock::time_point at;
  Await("+switch-master", [&] {
    const std::lock_guard lock(mutex_);
    for (const Switch& heard : switches_) {
      if (heard.from != from) continue;
      at = heard.at;
      to = heard.to;
      switches_.clear();
      return true;
    }
    return false;
  });
  return at;
}

}  // namespace drl::test
