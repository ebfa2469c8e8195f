#include "core/model.h"

#include <algorithm>

namespace drl::core {
namespace {

using Wide = __int128;

Wide Numerator(Time time, int64_t den) { return static_cast<Wide>(time.us) * den + time.rem; }
Time FromNumerator(Wide numerator, int64_t den) {
  return {static_cast<int64_t>(numerator / den), static_cast<int64_t>(numerator % den)};
}

int64_t CeilDivide(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }

int64_t UnixMs(int64_t now_us) { return (now_us + kEpochUs) / 1000; }

bool IsInteger(const Limits& limits) { return limits.size() == 1 && limits[0].den() == 1; }

}  // namespace

const KeyState* Model::Find(const std::string& key, int64_t now_us) {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return nullptr;
  if (UnixMs(now_us) > found->second.expires_at_ms) {
    keys_.erase(found);
    return nullptr;
  }
  return &found->second;
}

std::vector<int64_t> Model::Run(std::span<const ModelRequest> requests, int64_t now_us) {
  std::map<std::string, Working> working;
  std::vector<int64_t> reply;
  for (const ModelRequest& request : requests) {
    Working& key = working[request.key];
    key.stored = Find(request.key, now_us);
    if (now_us > request.deadline) {
      reply.insert(reply.end(), request.limits == nullptr ? 1 : VerdictLength(*request.limits), kExpiredMark);
    } else if (request.operation == Operation::kForget) {
      reply.push_back(Forget(key));
    } else {
      Take(key, request, now_us, reply);
    }
  }
  for (const auto& [name, key] : working) Store(name, key, now_us);
  return reply;
}

// The debts that the stored instants mean now: none once they are past. More than the cap is cut, and the cut is written.
void Model::Load(Working& key, const Limits& limits, int64_t now_us) {
  key.loaded = true;
  key.limits = &limits;
  const bool stored = key.stored != nullptr && !key.forgotten;
  key.ahead = stored;
  for (size_t i = 0; i < limits.size(); ++i) {
    const Time full_at = stored ? key.stored->full_at[i] : Time{now_us, 0};
    const Wide most = Numerator(limits[i].cap_time(), limits[i].den());
    const bool past = full_at.us < now_us;
    const Wide debt = past ? 0 : Numerator({full_at.us - now_us, full_at.rem}, limits[i].den());
    if (past || debt > most) key.ahead = false;
    if (debt > most) key.changed = true;
    key.debts.push_back(std::min(debt, most));
  }
}

void Model::Take(Working& key, const ModelRequest& request, int64_t now_us, std::vector<int64_t>& reply) {
  const Limits& limits = *request.limits;
  if (!key.loaded) Load(key, limits, now_us);
  std::vector<Wide> after;
  bool allowed = true;
  bool asked = false;
  for (size_t i = 0; i < limits.size(); ++i) {
    const Wide cost = Numerator(limits[i].CostTime(request.question.cost), limits[i].den());
    after.push_back(key.debts[i] + cost);
    asked = asked || cost > 0;
    allowed = allowed && after[i] <= Numerator(limits[i].AdmitTime(request.question.headroom), limits[i].den());
  }
  if (allowed) key.debts = after;
  if (allowed && asked) key.changed = true;
  for (size_t i = 0; i < limits.size(); ++i) {
    const Time debt = FromNumerator(key.debts[i], limits[i].den());
    reply.push_back(allowed ? debt.us : -1 - debt.us);
    if (limits[i].den() > 1) reply.push_back(debt.rem);
  }
}

// 1 if there was something to forget.
int64_t Model::Forget(Working& key) {
  const bool there = key.changed || (key.stored != nullptr && !key.forgotten);
  const KeyState* stored = key.stored;
  key = {};
  key.stored = stored;
  key.forgotten = true;
  return there ? 1 : 0;
}

// A key lives until its buckets are full. An integer whose debt passed half of the cap lives as much longer as the cap; while
// that is enough for what it grows to, its expiry stays.
void Model::Store(const std::string& name, const Working& key, int64_t now_us) {
  if (!key.changed) {
    if (key.forgotten) keys_.erase(name);
    return;
  }
  KeyState next;
  int64_t lives_us = 0;
  for (size_t i = 0; i < key.debts.size(); ++i) {
    const Time debt = FromNumerator(key.debts[i], (*key.limits)[i].den());
    next.full_at.push_back({now_us + debt.us, debt.rem});
    lives_us = std::max(lives_us, debt.us + (debt.rem > 0 ? 1 : 0));
  }
  bool lives_long_enough = false;
  if (IsInteger(*key.limits)) {
    const int64_t cap = (*key.limits)[0].cap_time().us;
    lives_long_enough = key.ahead && 2 * (key.stored->full_at[0].us - now_us) > cap &&
                        (key.stored->expires_at_ms - UnixMs(now_us)) * 1000 >= lives_us;
    if (2 * lives_us > cap) lives_us += cap;
  }
  next.expires_at_ms = lives_long_enough ? key.stored->expires_at_ms : UnixMs(now_us) + CeilDivide(lives_us, 1000);
  keys_[name] = std::move(next);
}

}  // namespace drl::core
