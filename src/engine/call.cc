#include "engine/call.h"

#include <algorithm>

#include "engine/limiter.h"
#include "redis/script.h"

namespace drl::engine {
namespace {

constexpr int64_t kNoDeadline = 9'000'000'000'000'000;  // below 2^53

void BeginEval(size_t keys, size_t argv, redis::RespWriter& out) {
  out.Array(3 + keys + argv);
  out.Bulk("EVALSHA");
  out.Bulk(redis::kScriptSha1);
  out.Integer(static_cast<int64_t>(keys));
}

}  // namespace

void CallWriter::Add(Slot& slot) {
  int group = FindGroup(slot);
  if (group < 0) {
    group = group_count_++;
    groups_[static_cast<size_t>(group)] = {slot.limiter, slot.cost, slot.kind, 0};
  }
  ++groups_[static_cast<size_t>(group)].count;
  group_of_[static_cast<size_t>(count_)] = static_cast<uint8_t>(group);
  slots_[static_cast<size_t>(count_++)] = &slot;
}

int CallWriter::FindGroup(const Slot& slot) const {
  for (int i = group_count_ - 1; i >= 0; --i) {
    const Group& group = groups_[static_cast<size_t>(i)];
    const bool alike = slot.kind == SlotKind::kReset
                           ? group.kind == SlotKind::kReset
                           : group.kind == slot.kind && group.limiter == slot.limiter && group.cost == slot.cost;
    if (alike) return i + 1 == group_count_ || !KeyInLaterGroup(slot, i) ? i : -1;
  }
  return -1;
}

bool CallWriter::KeyInLaterGroup(const Slot& slot, int group) const {
  for (int i = 0; i < count_; ++i) {
    const auto at = static_cast<size_t>(i);
    if (group_of_[at] > group && slots_[at]->key.view() == slot.key.view()) return true;
  }
  return false;
}

void CallWriter::Write(Call& call, int64_t tag, base::Micros now, const RedisClock& clock, redis::RespWriter& out) {
  call.kind = CallKind::kDecide;
  call.tag = tag;
  call.sent_at = now;
  call.count = count_;
  call.deadline = slots_[0]->deadline;
  int at = 0;
  for (int group = 0; group < group_count_; ++group) {
    for (int i = 0; i < count_; ++i) {
      if (group_of_[static_cast<size_t>(i)] != group) continue;
      Slot* slot = slots_[static_cast<size_t>(i)];
      call.deadline = std::min(call.deadline, slot->deadline);
      call.slots[static_cast<size_t>(at)] = slot;
      call.reply_lengths[static_cast<size_t>(at++)] =
          static_cast<uint8_t>(slot->kind == SlotKind::kReset ? 1 : slot->limiter->reply_length());
    }
    if (group_count_ == 1) break;
  }
  WriteCommand(call, clock.FromLocal(call.deadline), out);
  count_ = 0;
  group_count_ = 0;
}

void CallWriter::WriteCommand(const Call& call, int64_t deadline, redis::RespWriter& out) const {
  size_t argv = 2;
  for (int i = 0; i < group_count_; ++i) {
    const Group& group = groups_[static_cast<size_t>(i)];
    argv += core::GroupLength(group.kind == SlotKind::kReset ? 0 : group.limiter->limits().size());
  }
  BeginEval(static_cast<size_t>(call.count), argv, out);
  for (int i = 0; i < call.count; ++i) out.Bulk(call.slots[static_cast<size_t>(i)]->key.view());
  out.Integer(deadline);
  out.Integer(call.tag);
  for (int i = 0; i < group_count_; ++i) {
    const Group& group = groups_[static_cast<size_t>(i)];
    if (group.kind == SlotKind::kReset) {
      core::EncodeResetGroup(group.count, out);
    } else {
      core::EncodeGroup(group.count, group.limiter->limits(), group.cost, out);
    }
  }
}

void WriteProbe(Call& call, int64_t tag, base::Micros now, const std::string& key_namespace, redis::RespWriter& out) {
  call.kind = CallKind::kProbe;
  call.tag = tag;
  call.sent_at = now;
  call.deadline = INT64_MAX;
  call.count = 0;
  BeginEval(1, 2 + core::GroupLength(1), out);
  out.Bulk("drl:" + key_namespace + ":{probe}");
  out.Integer(kNoDeadline);
  out.Integer(tag);
  for (const int64_t integer : {1, 1, 1, 0, 0, 1, 0}) out.Integer(integer);  // looks (cost 0) at a bucket of a microsecond
}

void WriteScriptLoad(Call& call, base::Micros now, redis::RespWriter& out) {
  call.kind = CallKind::kScriptLoad;
  call.sent_at = now;
  call.deadline = INT64_MAX;
  call.count = 0;
  out.Array(3);
  out.Bulk("SCRIPT");
  out.Bulk("LOAD");
  out.Bulk(redis::kScriptText);
}

}  // namespace drl::engine
