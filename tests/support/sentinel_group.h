// A master, two replicas and three sentinels that watch them, each a process of its own on a free port of 127.0.0.1. All of them
// die with the thread that started them.
//
// Whoever comes without a name is the smallest user that the documents name: on the servers that of `redis-user reset sentinel`, on
// the sentinels that of `redis-user monitor`. The sentinels are "sentinel" on the servers, and "admin" among each other.
#pragma once

#include <hiredis/hiredis.h>
#include <sys/types.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "handles.h"

namespace drl::test {

struct SentinelOptions {
  const char* password = nullptr;           // of the servers' default user
  const char* sentinel_password = nullptr;  // of the sentinels' default user
};

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using RedisReply = std::unique_ptr<redisReply, FreeReply>;

class SentinelGroup {
 public:
  static constexpr size_t kServers = 3;
  static constexpr size_t kSentinels = 3;
  static constexpr const char* kMaster = "limits";

  // Returns when every sentinel knows all others.
  explicit SentinelGroup(const SentinelOptions& options = {});
  ~SentinelGroup();
  SentinelGroup(const SentinelGroup&) = delete;
  SentinelGroup& operator=(const SentinelGroup&) = delete;

  // redis+sentinel://..., with the servers' password; `query` goes behind it.
  [[nodiscard]] std::string url(const std::string& query = {}, const std::string& master = kMaster) const;
  [[nodiscard]] redis_server* server(size_t i) const { return servers_[i].get(); }
  [[nodiscard]] int sentinel_port(size_t i) const { return sentinels_[i].port; }
  [[nodiscard]] redis_server* server_at(int port) const;
  // The port that a sentinel names; 0: none.
  [[nodiscard]] int MasterPort(size_t sentinel = 0) const;
  [[nodiscard]] redis_server* master() const { return server_at(MasterPort()); }

  // SIGSTOP and SIGCONT; SIGKILL.
  void PauseSentinel(size_t i) const;
  void ResumeSentinel(size_t i) const;
  void KillSentinel(size_t i);
  // Has the sentinels choose another master while this one is well. Returns when they have begun.
  void BeginFailover() const;
  // After how long a silence of the master they hold an election: at first half a minute, so that a machine that stands still for a
  // while is no reason for one.
  void SetPatience(int ms) const;
  // A server that was killed comes back as a replica of the master at this port. Both return when all sentinels name that, and all
  // replicas are in step with it.
  void MakeReplica(redis_server* server, int master_port) const;
  void AwaitReplicas(int master_port) const;

  // One command to a sentinel or a server, as admin; null when it does not answer.
  RedisReply AskSentinel(size_t i, const std::string& command) const;
  static RedisReply AskServer(redis_server* server, const std::string& command);

 private:
  struct Sentinel {
    pid_t pid = 0;
    int port = 0;
  };

  void StartSentinel(size_t i, const SentinelOptions& options);
  [[nodiscard]] bool Complete(size_t sentinel) const;

  std::string directory_;
  std::string password_;
  std::array<Server, kServers> servers_;
  std::array<Sentinel, kSentinels> sentinels_;
};

// Listens to +switch-master of all sentinels, as anybody may.
class SwitchListener {
 public:
  explicit SwitchListener(const SentinelGroup& group);
  ~SwitchListener();

  // When the first sentinel told of a switch away from this port; where to, in `to`. Fails after 20 s.
  SteadyClock::time_point AwaitSwitchFrom(int from, int& to);

 private:
  struct Switch {
    SteadyClock::time_point at;
    int from;
    int to;
  };
  void Listen();

  std::vector<redisContext*> contexts_;
  std::atomic<bool> over_{false};
  std::mutex mutex_;
  std::vector<Switch> switches_;
  std::thread thread_;
};

}  // namespace drl::test
