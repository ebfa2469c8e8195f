#include "checks.h"

#include <algorithm>

#include "buckets.h"

namespace drl::simulation {
namespace {

using base::Micros;
using core::Operation;

std::string Describe(const Keys& keys, int key, Operation operation, const core::Question& question) {
  if (operation == Operation::kForget) return "forgetting key " + keys.text(key);
  return "cost " + std::to_string(question.cost) + ", headroom " + std::to_string(question.headroom) + " of key " + keys.text(key);
}

std::string Describe(const Keys& keys, const Told& told) {
  return Describe(keys, told.key, told.operation, told.question) + ", asked at " + std::to_string(told.asked_at) + " until " +
         std::to_string(told.deadline) + ", ended at " + std::to_string(told.ended_at) + " with cause " + std::to_string(told.cause);
}

std::string Describe(const Keys& keys, const Entry& entry) {
  return Describe(keys, entry.key, entry.operation, entry.question) + ", run at " + std::to_string(entry.at) + " in command " +
         std::to_string(entry.command) + ", place " + std::to_string(entry.position);
}

// Of the same key.
bool SameQuestion(const Keys& keys, const Told& told, const Entry& entry) {
  if (told.operation != entry.operation) return false;
  const core::Question asked = OnTheWire(told.question, keys.limits(told.key));
  return told.operation == Operation::kForget || (asked.cost == entry.question.cost && asked.headroom == entry.question.headroom);
}

bool Tells(const Keys& keys, const Told& told, const Entry& entry) {
  return told.server_us == entry.server_us && told.mark == entry.mark && entry.at >= told.asked_at && entry.at <= told.ended_at &&
         SameQuestion(keys, told, entry);
}

std::string CheckEnds(const Keys& keys, std::span<const Told> told, const Bounds& bounds) {
  bool calm = false;
  for (const Told& one : told) {
    if (one.ends != 1) return "ended " + std::to_string(one.ends) + " times: " + Describe(keys, one);
    if (one.ended_at > std::max(one.deadline, one.asked_at + bounds.lag)) return "ended after its deadline: " + Describe(keys, one);
    const bool first_in_calm = !calm && one.asked_at >= bounds.calm_from;
    calm = calm || first_in_calm;
    if (one.decided || one.cancelled) continue;
    if (first_in_calm) return "not decided though the server is back: " + Describe(keys, one);
    if (one.asked_at >= bounds.healed_from) return "not decided though all is well: " + Describe(keys, one);
  }
  return {};
}

// What happened to one key, in order.
struct History {
  std::vector<const Told*> told;
  std::vector<const Entry*> ran;
};

// Finds for each decision the run that it tells of, each behind that of the one before; what is left over stays in `ran`.
std::string MatchDecisions(const Keys& keys, History& history) {
  size_t at = 0;
  for (const Told* told : history.told) {
    if (!told->decided) continue;
    const auto tells = [&, told](const Entry* entry) { return entry != nullptr && Tells(keys, *told, *entry); };
    const auto from = history.ran.begin() + static_cast<std::ptrdiff_t>(at);
    const auto found = std::find_if(from, history.ran.end(), tells);
    if (found == history.ran.end()) {
      const bool earlier = std::any_of(history.ran.begin(), from, tells);
      return (earlier ? "decided before what was asked earlier: " : "told what no server decided: ") + Describe(keys, *told);
    }
    *found = nullptr;
    at = static_cast<size_t>(found - history.ran.begin()) + 1;
  }
  return {};
}

// Finds for each run that nobody was told of somebody who knows that it may have happened.
std::string MatchRest(const Keys& keys, History& history, const Bounds& bounds) {
  std::vector<const Told*> open;
  for (const Told* told : history.told) {
    if (!told->decided && told->may_have_run) open.push_back(told);
  }
  for (const Entry* entry : history.ran) {
    if (entry == nullptr) continue;
    size_t best = open.size();
    for (size_t i = 0; i < open.size(); ++i) {
      const Told& told = *open[i];
      if (told.asked_at > entry->at || !SameQuestion(keys, told, *entry)) continue;
      if (bounds.clock_error != INT64_MAX && entry->at > told.deadline + bounds.clock_error) continue;
      if (best == open.size() || told.deadline < open[best]->deadline) best = i;
    }
    if (best == open.size()) return "ran, and nobody was told that it may have: " + Describe(keys, *entry);
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return {};
}

}  // namespace

std::string Check(const Keys& keys, std::span<const Told> told, const Journal& journal, const Bounds& bounds) {
  std::string wrong = CheckEnds(keys, told, bounds);
  if (!wrong.empty()) return wrong;
  std::vector<History> histories(static_cast<size_t>(keys.count()));
  for (const Told& one : told) histories[static_cast<size_t>(one.key)].told.push_back(&one);
  for (const Entry& entry : journal) {
    if (entry.key >= 0 && Ran(entry.fate)) histories[static_cast<size_t>(entry.key)].ran.push_back(&entry);
  }
  for (History& history : histories) {
    wrong = MatchDecisions(keys, history);
    if (wrong.empty()) wrong = MatchRest(keys, history, bounds);
    if (!wrong.empty()) return wrong;
  }
  Buckets buckets(keys);
  for (const Entry& entry : journal) {
    const char* why = buckets.Take(entry);
    if (why != nullptr) return why + (": " + Describe(keys, entry));
  }
  return {};
}

}  // namespace drl::simulation
