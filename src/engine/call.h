// A call: one EVALSHA on its way, with the decisions it carries.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "core/call.h"
#include "engine/redis_clock.h"
#include "engine/slot.h"
#include "redis/resp.h"

namespace drl::engine {

enum class CallKind : uint8_t { kDecide, kProbe, kScriptLoad };

struct Call {
  CallKind kind = CallKind::kDecide;
  int64_t tag = 0;
  uint64_t begins_at = 0;  // its first byte, of all that were ever written to the connection
  base::Micros sent_at = 0;
  base::Micros deadline = 0;  // the earliest of its decisions
  int count = 0;
  bool mixed = false;  // of several limiters
  // In the order of the groups. A slot that was ended before the reply is null, but its place in the reply is kept.
  std::array<Slot*, core::kDecisionsPerCallMax> slots;
  std::array<uint8_t, core::kDecisionsPerCallMax> reply_lengths;
};

// Calls in flight, oldest first: a ring, so that traffic allocates nothing.
class CallRing {
 public:
  static constexpr size_t kCapacity = 64;

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool full() const { return size_ == kCapacity; }
  [[nodiscard]] Call& front() { return calls_[first_]; }
  [[nodiscard]] const Call& front() const { return calls_[first_]; }
  [[nodiscard]] Call& at(size_t i) { return calls_[(first_ + i) % kCapacity]; }
  [[nodiscard]] const Call& at(size_t i) const { return calls_[(first_ + i) % kCapacity]; }
  Call& PushBack() {
    Call& call = calls_[(first_ + size_++) % kCapacity];
    call.count = 0;
    return call;
  }
  void PopFront() {
    first_ = (first_ + 1) % kCapacity;
    --size_;
  }
  void Clear() { size_ = 0; }

 private:
  size_t first_ = 0;
  size_t size_ = 0;
  std::array<Call, kCapacity> calls_;
};

// Gathers slots (already kSent) for one call and writes its EVALSHA. Slots that share all their numbers, and a class of time-outs,
// form a group; a key stands in the command once, however many ask for it, and what is asked of one key keeps its order.
class CallWriter {
 public:
  // At most so many decisions in a call.
  explicit CallWriter(int decisions_max) : decisions_max_(decisions_max) { Clear(); }

  void Add(Slot& slot);
  [[nodiscard]] int count() const { return count_; }
  [[nodiscard]] bool full() const { return count_ == decisions_max_; }
  // Whether this slot may travel in the call begun.
  [[nodiscard]] bool Takes(const Slot& slot) const;

  // Drops what was added.
  void Clear();
  // Ends the collection.
  void Write(Call& call, int64_t tag, base::Micros now, const RedisClock& clock, redis::RespWriter& out);

 private:
  struct Group {
    const Slot* first;  // whose numbers are everybody's
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
    Slot* slot;
    int key;   // in keys_
    int next;  // of the same group; -1 at its end
  };
  static constexpr size_t kTableSize = 256;  // a power of two, well above the number of keys

  [[nodiscard]] int FindKey(const core::Key& key);
  [[nodiscard]] int FindGroup(const Slot& slot, int last_group_of_key) const;
  void Arrange(Call& call);
  void WriteCommand(const Call& call, const RedisClock& clock, redis::RespWriter& out) const;
  void WriteGroup(const Group& group, const Entry* entries, const RedisClock& clock, redis::RespWriter& out) const;

  template <typename Array>
  static auto& At(Array& array, int i) {
    return array[static_cast<size_t>(i)];
  }

  const int decisions_max_;
  int count_ = 0;
  int group_count_ = 0;
  int key_count_ = 0;
  bool mixed_ = false;  // of several limiters
  std::array<Entry, core::kDecisionsPerCallMax> entries_;
  std::array<Entry, core::kDecisionsPerCallMax> arranged_;  // by group
  std::array<Group, core::kDecisionsPerCallMax> groups_;
  std::array<DistinctKey, core::kDecisionsPerCallMax> keys_;
  std::array<uint8_t, core::kDecisionsPerCallMax> keys_in_order_;
  std::array<uint8_t, kTableSize> table_;  // hash of a key: its place in keys_, from 1; 0 for none
};

// A call without decisions: asks whether the script answers and this user may run all that it runs, and what time it is. It has one
// key, as some proxies want, and neither charges nor writes.
void WriteProbe(Call& call, int64_t tag, base::Micros now, const std::string& key_namespace, redis::RespWriter& out);
// SCRIPT LOAD, after NOSCRIPT.
void WriteScriptLoad(Call& call, base::Micros now, redis::RespWriter& out);

}  // namespace drl::engine
