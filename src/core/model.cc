#include "core/model.h"

#include <algorithm>

#include "core/call.h"

namespace drl::core {
namespace {

using Wide = __int128;

Wide Numerator(Time time, int64_t den) { return static_cast<Wide>(time.us) * den + time.rem; }
Time FromNumerator(Wide numerator, int64_t den) {
  return {static_cast<int64_t>(numerator / den), static_cast<int64_t>(numerator % den)};
}

// The debt that a stored instant means now: none once it is past, and a remainder of another policy counts as a whole
// microsecond. It is more than the bucket holds when the clock stepped back or the limit shrank.
Wide Debt(Time full_at, const Limit& limit, int64_t now_us) {
  if (full_at.us < now_us) return 0;
  if (full_at.rem >= limit.den()) full_at = {full_at.us + 1, 0};
  return Numerator(full_at, limit.den()) - static_cast<Wide>(now_us) * limit.den();
}

int64_t CeilDivide(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }

}  // namespace

const KeyState* Model::Find(const std::string& key, int64_t now_us) {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return nullptr;
  if ((now_us + kEpochUs) / 1000 > found->second.expires_at_ms) {
    keys_.erase(found);
    return nullptr;
  }
  return &found->second;
}

std::vector<int64_t> Model::Decide(const std::string& key, const Limits& limits, int64_t cost, int64_t now_us) {
  const KeyState* state = Find(key, now_us);
  std::vector<Wide> before;
  std::vector<Wide> after;
  bool allowed = true;
  bool beyond = false;
  for (size_t i = 0; i < limits.size(); ++i) {
    const Limit& limit = limits[i];
    const bool stored = state != nullptr && i < state->full_at.size();
    const Wide most = Numerator(limit.burst_time(), limit.den());
    const Wide debt = stored ? Debt(state->full_at[i], limit, now_us) : 0;
    beyond = beyond || debt > most;
    before.push_back(std::min(debt, most));
    after.push_back(before.back() + Numerator(limit.CostTime(cost), limit.den()));
    allowed = allowed && after.back() <= most;
  }
  std::vector<int64_t> reply;
  KeyState next;
  int64_t longest_us = 0;
  for (size_t i = 0; i < limits.size(); ++i) {
    const int64_t den = limits[i].den();
    const Time debt = FromNumerator(allowed ? after[i] : before[i], den);
    reply.push_back(allowed ? debt.us : -1 - debt.us);
    if (den > 1) reply.push_back(debt.rem);
    next.full_at.push_back({now_us + debt.us, debt.rem});
    longest_us = std::max(longest_us, debt.us + (debt.rem > 0 ? 1 : 0));
  }
  if ((allowed || beyond) && cost > 0) {  // a denial writes only that a debt was cut to what the bucket holds
    next.expires_at_ms = (now_us + kEpochUs) / 1000 + CeilDivide(longest_us, 1000);
    keys_[key] = std::move(next);
  }
  return reply;
}

int64_t Model::Reset(const std::string& key, int64_t now_us) {
  if (Find(key, now_us) == nullptr) return 0;
  keys_.erase(key);
  return 1;
}

}  // namespace drl::core
