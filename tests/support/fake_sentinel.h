// A sentinel that says what the test wants: listens on a port of 127.0.0.1, free or given, serves any number of connections on a thread.
#pragma once

#include <hiredis/hiredis.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "hung_listener.h"

namespace drl::test {

class FakeSentinel {
 public:
  // Names the server of 127.0.0.1 at this port as the master `limits`; 0: it knows none.
  explicit FakeSentinel(int master_port, int port = 0)
      : listener_("127.0.0.1", port), master_port_(master_port), thread_([this] { Run(); }) {}
  ~FakeSentinel() {
    over_ = true;
    thread_.join();
    for (const auto& [fd, reader] : connections_) {
      close(fd);
      redisReaderFree(reader);
    }
  }
  FakeSentinel(const FakeSentinel&) = delete;
  FakeSentinel& operator=(const FakeSentinel&) = delete;

  [[nodiscard]] int port() const { return listener_.port(); }
  // How often it was asked for the master.
  [[nodiscard]] int asked() const { return asked_; }
  // From now on it names another.
  void Name(int master_port) { master_port_ = master_port; }
  // From now on it gives these bytes of RESP for an answer.
  void Answer(const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    answer_ = bytes;
  }
  // Says so to all who listen, so many times.
  void Publish(const std::string& message, int times = 1) {
    const std::lock_guard lock(mutex_);
    const std::string once = "*3\r\n" + Bulk("message") + Bulk("+switch-master") + Bulk(message);
    std::string bytes;
    while (times-- > 0) bytes += once;
    for (const int fd : listening_) Send(fd, bytes);
  }
  void TellSwitch(int from, int to) {
    Name(to);
    Publish("limits 127.0.0.1 " + std::to_string(from) + " 127.0.0.1 " + std::to_string(to));
  }

 private:
  static std::string Bulk(const std::string& text) { return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n"; }
  static void Send(int fd, const std::string& bytes) { (void)!send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

  void Run() {
    while (!over_) {
      std::vector<pollfd> items{{listener_.fd(), POLLIN, 0}};
      for (const auto& [fd, reader] : connections_) items.push_back({fd, POLLIN, 0});
      poll(items.data(), items.size(), 5);
      if (items[0].revents != 0) connections_[accept(listener_.fd(), nullptr, nullptr)] = redisReaderCreate();
      for (size_t i = 1; i < items.size(); ++i) {
        if (items[i].revents != 0) Read(items[i].fd);
      }
    }
  }

  void Read(int fd) {
    char bytes[4096];
    const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
    redisReader* reader = connections_[fd];
    const std::lock_guard lock(mutex_);
    if (got <= 0) {
      std::erase(listening_, fd);
      connections_.erase(fd);
      redisReaderFree(reader);
      close(fd);
      return;
    }
    redisReaderFeed(reader, bytes, static_cast<size_t>(got));
    void* object = nullptr;
    while (redisReaderGetReply(reader, &object) == REDIS_OK && object != nullptr) {
      auto* command = static_cast<redisReply*>(object);
      Reply(fd, command->element[0]->str);
      freeReplyObject(command);
    }
  }

  void Reply(int fd, const char* command) {
    if (strcasecmp(command, "SENTINEL") == 0) {
      ++asked_;
      const std::string port = std::to_string(master_port_);
      const std::string known = master_port_ == 0 ? "*-1\r\n" : "*2\r\n" + Bulk("127.0.0.1") + Bulk(port);
      Send(fd, answer_.empty() ? known : answer_);
    } else if (strcasecmp(command, "SUBSCRIBE") == 0) {
      listening_.push_back(fd);
      Send(fd, "*3\r\n" + Bulk("subscribe") + Bulk("+switch-master") + ":1\r\n");
    } else {
      Send(fd, "+OK\r\n");
    }
  }

  Listener listener_;
  std::atomic<int> master_port_;
  std::atomic<int> asked_{0};
  std::atomic<bool> over_{false};
  std::map<int, redisReader*> connections_;  // the thread's
  std::mutex mutex_;                         // guards what follows, and writing
  std::vector<int> listening_;
  std::string answer_;
  std::thread thread_;
};

}  // namespace drl::test
