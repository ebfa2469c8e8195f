// A command: one EVALSHA on its way, with the requests it carries.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "core/command.h"
#include "nodes/redis_clock.h"
#include "nodes/request.h"
#include "redis/credentials.h"
#include "redis/resp.h"

namespace drl::nodes {

enum class CommandKind : uint8_t { kDecide, kProbe, kScriptLoad, kAuth };

struct Command {
  CommandKind kind = CommandKind::kDecide;
  int64_t tag = 0;
  uint64_t begins_at = 0;  // its first byte, of all that were ever written to the connection
  base::Micros sent_at = 0;
  base::Micros deadline = 0;  // the earliest of its requests
  int count = 0;
  bool mixed = false;  // of several scopes
  // In the order of the groups. A request that was ended before the reply is null, but its place in the reply is kept.
  std::array<Request*, core::kRequestsPerCommandMax> requests;
  std::array<uint8_t, core::kRequestsPerCommandMax> reply_lengths;
};

// Commands in flight, oldest first: a ring, so that traffic allocates nothing.
class CommandRing {
 public:
  static constexpr size_t kCapacity = 64;

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool full() const { return size_ == kCapacity; }
  [[nodiscard]] Command& front() { return commands_[first_]; }
  [[nodiscard]] const Command& front() const { return commands_[first_]; }
  [[nodiscard]] Command& at(size_t i) { return commands_[(first_ + i) % kCapacity]; }
  [[nodiscard]] const Command& at(size_t i) const { return commands_[(first_ + i) % kCapacity]; }
  Command& PushBack() {
    Command& command = commands_[(first_ + size_++) % kCapacity];
    command.count = 0;
    return command;
  }
  void PopFront() {
    first_ = (first_ + 1) % kCapacity;
    --size_;
  }
  void Clear() { size_ = 0; }

 private:
  size_t first_ = 0;
  size_t size_ = 0;
  std::array<Command, kCapacity> commands_;
};

// Gathers requests for one command and writes its EVALSHA. Requests that share all their numbers, and a class of time-outs, form a
// group; a key stands in the command once, however many ask for it, and what is asked of one key keeps its order.
class CommandWriter {
 public:
  // At most so many requests in a command.
  explicit CommandWriter(int requests_max) : requests_max_(requests_max) { Clear(); }

  void Add(Request& request);
  [[nodiscard]] int count() const { return count_; }
  [[nodiscard]] bool full() const { return count_ == requests_max_; }
  // Whether this request may travel in the command begun.
  [[nodiscard]] bool Takes(const Request& request) const;

  // Drops what was added.
  void Clear();
  // Ends the collection.
  void Write(Command& command, int64_t tag, base::Micros now, const RedisClock& clock, redis::RespWriter& out);

 private:
  struct Group {
    const Request* first;  // whose numbers are everybody's
    int count;
    int first_entry;  // linked by Entry::next
    int last_entry;
    base::Micros deadline;
    int first_key;  // the index of the first of as many keys in a row; 0: they are not in a row
  };
  struct DistinctKey {
    const core::Key* key;
    int last_group;  // the last that names it
    int index;       // in KEYS, from 1; 0 before it has one
  };
  struct Entry {
    Request* request;
    int key;   // in keys_
    int next;  // of the same group; -1 at its end
  };
  static constexpr size_t kTableSize = 256;  // a power of two, well above the number of keys

  [[nodiscard]] int FindKey(const core::Key& key);
  [[nodiscard]] int FindGroup(const Request& request, int last_group_of_key) const;
  void Arrange(Command& command);
  void WriteCommand(const Command& command, const RedisClock& clock, redis::RespWriter& out) const;
  void WriteGroup(const Group& group, const Entry* entries, const RedisClock& clock, redis::RespWriter& out) const;

  template <typename Array>
  static auto& At(Array& array, int i) {
    return array[static_cast<size_t>(i)];
  }

  const int requests_max_;
  int count_ = 0;
  int group_count_ = 0;
  int key_count_ = 0;
  bool mixed_ = false;  // of several scopes
  std::array<Entry, core::kRequestsPerCommandMax> entries_;
  std::array<Entry, core::kRequestsPerCommandMax> arranged_;  // by group
  std::array<Group, core::kRequestsPerCommandMax> groups_;
  std::array<DistinctKey, core::kRequestsPerCommandMax> keys_;
  std::array<uint8_t, core::kRequestsPerCommandMax> keys_in_order_;
  std::array<uint8_t, kTableSize> table_;  // hash of a key: its place in keys_, from 1; 0 for none
};

// A command without requests: asks whether the script answers and this user may run all that it runs, and what time it is. It has
// one key, as some proxies want, and neither charges nor writes.
void WriteProbe(Command& command, int64_t tag, base::Micros now, const std::string& key_namespace, redis::RespWriter& out);
// SCRIPT LOAD, after NOSCRIPT.
void WriteScriptLoad(Command& command, base::Micros now, redis::RespWriter& out);
// AUTH, before what this connection logged in by expires.
void WriteAuth(Command& command, base::Micros now, const redis::Login& login, redis::RespWriter& out);

}  // namespace drl::nodes
