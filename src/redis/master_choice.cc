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
  for (Failure& failure : failures_) {
    if (failure.master == master) failure.lasts = kFailedLasts;
  }
}

void MasterChoice::Failed(const Host& master, Micros now) {
  Micros lasts = kFailedLasts;
  const Failure* before = FailureOf(master);
  if (before != nullptr && now - before->at < 2 * before->lasts) lasts = std::min(2 * before->lasts, kFailedLastsMax);
  std::erase_if(failures_, [&](const Failure& failure) { return failure.master == master; });
  if (failures_.size() == kFailuresMax) failures_.erase(failures_.begin());
  failures_.push_back({master, now, lasts});
}

std::optional<Host> MasterChoice::Best() const {
  return BestOf([this](const Host& master) { return FailedSince(master, begun_at_); });
}

std::optional<Host> MasterChoice::BestNow(Micros now) const {
  return BestOf([&](const Host& master) { return FailedSince(master, now - kFailedLasts); });
}

std::optional<Host> MasterChoice::BestBut(const Host& other) const {
  return BestOf([&](const Host& master) { return master == other || FailedSince(master, begun_at_); });
}

std::optional<Host> MasterChoice::Elsewhere(const Host& current, Micros now) const {
  const std::optional<Host> best = BestOf([&](const Host& master) {
    const Failure* failure = FailureOf(master);
    return failure != nullptr && now - failure->at <= failure->lasts;
  });
  if (!best || *best == current || WeightOf(*best) == Weight::kSaid) return std::nullopt;
  return best;
}

template <typename LeftOut>
std::optional<Host> MasterChoice::BestOf(LeftOut left_out) const {
  const auto rank = [this](const Word& word) {
    return std::tuple(WeightOf(word.master), Votes(word.master, 1), UINT64_MAX - word.said);
  };
  const Word* best = nullptr;
  for (const Word& word : words_) {
    if (word.said == 0 || left_out(word.master)) continue;
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

const MasterChoice::Failure* MasterChoice::FailureOf(const Host& master) const {
  const auto found =
      std::find_if(failures_.begin(), failures_.end(), [&](const Failure& failure) { return failure.master == master; });
  return found == failures_.end() ? nullptr : &*found;
}

bool MasterChoice::FailedSince(const Host& master, Micros since) const {
  const Failure* failure = FailureOf(master);
  return failure != nullptr && failure->at >= since;
}

}  // namespace drl::redis
