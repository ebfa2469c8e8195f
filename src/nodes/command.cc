#include "nodes/command.h"

#include <algorithm>

#include "redis/script.h"

namespace drl::nodes {
namespace {

constexpr int64_t kNoDeadline = core::kEndOfTimeUs;

void BeginEval(size_t keys, size_t argv, redis::RespWriter& out) {
  out.Array(3 + keys + argv);
  out.Bulk("EVALSHA");
  out.Bulk(redis::kScriptSha1);
  out.Integer(static_cast<int64_t>(keys));
}

// Without requests: it has all the time there is.
void BeginPlain(CommandKind kind, base::Micros now, Command& command) {
  command.kind = kind;
  command.sent_at = now;
  command.deadline = INT64_MAX;
  command.count = 0;
}

bool Alike(const Request& a, const Request& b) {
  if (a.kind != b.kind || a.timeout_class != b.timeout_class) return false;
  return a.kind == RequestKind::kReset ||
         (a.plan == b.plan && a.question.cost == b.question.cost && a.question.headroom == b.question.headroom);
}

}  // namespace

void CommandWriter::Clear() {
  count_ = group_count_ = key_count_ = 0;
  mixed_ = false;
  table_.fill(0);
}

bool CommandWriter::Takes(const Request& request) const {
  if (count_ == 0) return true;
  const Request& first = *entries_[0].request;
  const bool apart = request.alone || first.alone || request.scope->apart() || first.scope->apart();
  return !apart || (!mixed_ && request.scope == first.scope);
}

void CommandWriter::Add(Request& request) {
  mixed_ = mixed_ || (count_ > 0 && request.scope != entries_[0].request->scope);
  const int key = FindKey(request.key);
  int group = FindGroup(request, At(keys_, key).last_group);
  if (group < 0) {
    group = group_count_++;
    At(groups_, group) = {&request, 0, count_, count_, request.deadline, 0};
  }
  Group& joined = At(groups_, group);
  ++joined.count;
  joined.deadline = std::min(joined.deadline, request.deadline);
  At(entries_, count_) = {&request, key, -1};
  if (joined.last_entry != count_) At(entries_, joined.last_entry).next = count_;
  joined.last_entry = count_++;
  At(keys_, key).last_group = group;
}

int CommandWriter::FindKey(const core::Key& key) {
  size_t at = key.hash % kTableSize;
  while (table_[at] != 0) {
    const int found = table_[at] - 1;
    if (At(keys_, found).key->view() == key.view()) return found;
    at = (at + 1) % kTableSize;
  }
  At(keys_, key_count_) = {&key, -1, 0};
  table_[at] = static_cast<uint8_t>(key_count_ + 1);
  return key_count_++;
}

// The group that the request may join: groups run one after the other, so none before the last that names its key.
int CommandWriter::FindGroup(const Request& request, int last_group_of_key) const {
  for (int i = group_count_ - 1; i >= std::max(0, last_group_of_key); --i) {
    if (Alike(*At(groups_, i).first, request)) return i;
  }
  return -1;
}

// Puts the entries in the order of the groups, and the keys in that of their first use, so that most groups name a row.
void CommandWriter::Arrange(Command& command) {
  int at = 0;
  int next_key = 0;
  for (int group = 0; group < group_count_; ++group) {
    const int begin = at;
    bool in_a_row = true;
    for (int i = At(groups_, group).first_entry; i >= 0; i = At(entries_, i).next) {
      const Entry& entry = At(entries_, i);
      DistinctKey& key = At(keys_, entry.key);
      if (key.index == 0) {
        At(keys_in_order_, next_key) = static_cast<uint8_t>(entry.key);
        key.index = ++next_key;
      }
      in_a_row = in_a_row && (at == begin || key.index == At(keys_, At(arranged_, at - 1).key).index + 1);
      At(command.requests, at) = entry.request;
      At(command.reply_lengths, at) =
          static_cast<uint8_t>(entry.request->kind == RequestKind::kReset ? 1 : entry.request->plan->reply_length());
      At(arranged_, at++) = entry;
    }
    At(groups_, group).first_key = in_a_row ? At(keys_, At(arranged_, begin).key).index : 0;
  }
}

void CommandWriter::Write(Command& command, int64_t tag, base::Micros now, const RedisClock& clock, redis::RespWriter& out) {
  command.kind = CommandKind::kDecide;
  command.begins_at = out.written();
  command.tag = tag;
  command.sent_at = now;
  command.count = count_;
  command.mixed = mixed_;
  command.deadline = groups_[0].deadline;
  for (int i = 1; i < group_count_; ++i) command.deadline = std::min(command.deadline, At(groups_, i).deadline);
  Arrange(command);
  WriteCommand(command, clock, out);
  Clear();
}

void CommandWriter::WriteCommand(const Command& command, const RedisClock& clock, redis::RespWriter& out) const {
  size_t argv = 1;
  for (int i = 0; i < group_count_; ++i) {
    const Group& group = At(groups_, i);
    argv += core::kGroupHeadLength + (group.first_key == 0 ? static_cast<size_t>(group.count) : 0);
    if (group.first->kind == RequestKind::kAllow) argv += core::NumbersLength(group.first->plan->limits());
  }
  BeginEval(static_cast<size_t>(key_count_), argv, out);
  for (int i = 0; i < key_count_; ++i) out.Bulk(At(keys_, At(keys_in_order_, i)).key->view());
  out.Integer(command.tag);
  const Entry* entries = arranged_.data();
  for (int i = 0; i < group_count_; ++i) {
    WriteGroup(At(groups_, i), entries, clock, out);
    entries += At(groups_, i).count;
  }
}

void CommandWriter::WriteGroup(const Group& group, const Entry* entries, const RedisClock& clock,
                            redis::RespWriter& out) const {
  const bool takes = group.first->kind == RequestKind::kAllow;
  core::EncodeGroupHead(takes ? core::Operation::kTake : core::Operation::kForget, clock.FromLocal(group.deadline),
                        group.count, group.first_key, out);
  for (int i = 0; group.first_key == 0 && i < group.count; ++i) out.Integer(At(keys_, entries[i].key).index);
  if (!takes) return;
  core::EncodeNumbers(group.first->plan->limits(), group.first->question.cost, group.first->question.headroom, out);
}

void WriteProbe(Command& command, int64_t tag, base::Micros now, const std::string& key_namespace, redis::RespWriter& out) {
  BeginPlain(CommandKind::kProbe, now, command);
  command.tag = tag;
  BeginEval(1, 1 + core::kGroupHeadLength, out);
  out.Bulk("drl:" + key_namespace + ":{probe}");
  out.Integer(tag);
  core::EncodeGroupHead(core::Operation::kTry, kNoDeadline, 0, 1, out);
}

void WriteScriptLoad(Command& command, base::Micros now, redis::RespWriter& out) {
  BeginPlain(CommandKind::kScriptLoad, now, command);
  out.Array(3);
  out.Bulk("SCRIPT");
  out.Bulk("LOAD");
  out.Bulk(redis::kScriptText);
}

void WriteAuth(Command& command, base::Micros now, const redis::Login& login, redis::RespWriter& out) {
  BeginPlain(CommandKind::kAuth, now, command);
  login.Write(out);
}

}  // namespace drl::nodes
