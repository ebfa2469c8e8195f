#include "redis/master_choice.h"

#include <algorithm>
#include <tuple>

namespace drl::redis {

using base::Micros;

void MasterChoice::BeginLookUp(Micros now) {
  for (Word& word : words_) word = {};
  switched_ = 0;
  BeginAttempt(now);
}

void MasterChoice::Switched(size_t sentinel, const Host& master) {
  Answered(sentinel, master);
  switched_to_ = master;
  switched_ = said_;
}

void MasterChoice::Failed(const Host& master, Micros now) {
  if (failures_.size() == kFailuresMax) failures_.erase(failures_.begin());
  failures_.push_back({master, now});
}

std::optional<Host> MasterChoice::Elsewhere(const Host& current, Micros now) const {
  std::optional<Host> best = BestNow(now);
  if (!best || *best == current || WeightOf(*best) == Weight::kSaid) return std::nullopt;
  return best;
}

std::optional<Host> MasterChoice::BestBut(const Host* other, Micros failed_since) const {
  const auto rank = [this](const Word& word) {
    return std::tuple(WeightOf(word.master), Votes(word.master, 1), UINT64_MAX - word.said);
  };
  const Word* best = nullptr;
  for (const Word& word : words_) {
    if (word.said == 0 || FailedSince(word.master, failed_since)) continue;
    if (other != nullptr && word.master == *other) continue;
    if (best == nullptr || rank(word) > rank(*best)) best = &word;
  }
  return best == nullptr ? std::nullopt : std::optional<Host>(best->master);
}

size_t MasterChoice::Votes(const Host& master, uint64_t since) const {
  return static_cast<size_t>(
      std::count_if(words_.begin(), words_.end(), [&](const Word& word) { return word.said >= since && word.master == master; }));
}

MasterChoice::Weight MasterChoice::WeightOf(const Host& master) const {
  if (2 * Votes(master, std::max<uint64_t>(switched_, 1)) > words_.size()) return Weight::kSaidByMost;
  return switched_ > 0 && master == switched_to_ ? Weight::kSwitched : Weight::kSaid;
}

bool MasterChoice::FailedSince(const Host& master, Micros since) const {
  return std::any_of(failures_.begin(), failures_.end(),
                     [&](const Failure& failure) { return failure.at >= since && failure.master == master; });
}

}  // namespace drl::redis
