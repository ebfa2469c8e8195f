// The keys of an episode, numbered, each with the limits that it is met with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/limit.h"
#include "core/reply.h"

namespace drl::simulation {

class Keys {
 public:
  // `limits` outlives the table.
  int Add(std::string text, const core::Limits& limits) {
    const auto [at, is_new] = numbers_.try_emplace(std::move(text), static_cast<int>(keys_.size()));
    if (is_new) keys_.push_back({&at->first, &limits});
    return at->second;
  }
  // -1: no such key.
  [[nodiscard]] int Find(std::string_view text) const {
    const auto found = numbers_.find(text);
    return found == numbers_.end() ? -1 : found->second;
  }
  [[nodiscard]] int count() const { return static_cast<int>(keys_.size()); }
  [[nodiscard]] const std::string& text(int key) const { return *keys_[static_cast<size_t>(key)].text; }
  [[nodiscard]] const core::Limits& limits(int key) const { return *keys_[static_cast<size_t>(key)].limits; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Key {
    const std::string* text;
    const core::Limits* limits;
  };
  std::unordered_map<std::string, int, Hash, std::equal_to<>> numbers_;
  std::vector<Key> keys_;
};

// The question as the wire has it: costs and headrooms above every burst are all alike.
[[nodiscard]] inline core::Question OnTheWire(const core::Question& question, const core::Limits& limits) {
  int64_t burst = 0;
  for (const core::Limit& limit : limits) burst = std::max(burst, limit.burst());
  return {std::min(question.cost, burst + 1), std::min(question.headroom, burst)};
}

}  // namespace drl::simulation
