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
  base::Micros sent_at = 0;
  base::Micros deadline = 0;  // the earliest of its decisions
  int count = 0;
  // In the order of the keys. A slot that was ended before the reply is null, but its place in the reply is kept.
  std::array<Slot*, core::kDecisionsPerCallMax> slots;
  std::array<uint8_t, core::kDecisionsPerCallMax> reply_lengths;
};

// Calls in flight, oldest first: a ring, so that traffic allocates nothing.
class CallRing {
 public:
  static constexpr size_t kCapacity = 8;

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool full() const { return size_ == kCapacity; }
  [[nodiscard]] Call& front() { return calls_[first_]; }
  [[nodiscard]] const Call& front() const { return calls_[first_]; }
  [[nodiscard]] Call& at(size_t i) { return calls_[(first_ + i) % kCapacity]; }
  [[nodiscard]] const Call& at(size_t i) const { return calls_[(first_ + i) % kCapacity]; }
  Call& PushBack() { return calls_[(first_ + size_++) % kCapacity]; }
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

// Fills `call` with up to kDecisionsPerCallMax slots (already kSent), ordered so that those which share limits and cost stand
// together, and writes the EVALSHA. Two decisions on one key keep their order.
class CallWriter {
 public:
  void Add(Slot& slot);
  [[nodiscard]] int count() const { return count_; }
  [[nodiscard]] bool full() const { return count_ == core::kDecisionsPerCallMax; }

  // Ends the collection.
  void Write(Call& call, int64_t tag, base::Micros now, const RedisClock& clock, redis::RespWriter& out);

 private:
  struct Group {
    const Limiter* limiter;
    int64_t cost;
    SlotKind kind;
    int count;
  };

  [[nodiscard]] int FindGroup(const Slot& slot) const;
  [[nodiscard]] bool KeyInLaterGroup(const Slot& slot, int group) const;
  void WriteCommand(const Call& call, int64_t deadline, redis::RespWriter& out) const;

  int count_ = 0;
  int group_count_ = 0;
  std::array<Slot*, core::kDecisionsPerCallMax> slots_;
  std::array<uint8_t, core::kDecisionsPerCallMax> group_of_;
  std::array<Group, core::kDecisionsPerCallMax> groups_;
};

// A call without decisions: asks whether the script answers, and what time it is. It has one key, as some proxies want, and neither
// charges nor writes.
void WriteProbe(Call& call, int64_t tag, base::Micros now, const std::string& key_namespace, redis::RespWriter& out);
// SCRIPT LOAD, after NOSCRIPT.
void WriteScriptLoad(Call& call, base::Micros now, redis::RespWriter& out);

}  // namespace drl::engine
