#include "script.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace drl::simulation {
namespace {

using core::Operation;
using Wide = __int128;

constexpr const char* kOnlyKey = "k";  // each model has one

bool ReadTime(std::span<const int64_t> numbers, size_t& at, int64_t den, core::Time& time) {
  if (at + (den > 1 ? 2 : 1) > numbers.size()) return false;
  time = {numbers[at++], 0};
  if (den > 1) time.rem = numbers[at++];
  return time.us >= 0 && time.rem >= 0 && time.rem < den;
}

// How many tokens a time is worth; false when it is not a whole number of them.
bool WholeTokens(core::Time time, const core::Limit& limit, int64_t& tokens) {
  const Wide numerator = static_cast<Wide>(time.us) * limit.den() + time.rem;
  tokens = static_cast<int64_t>(numerator / limit.num());
  return numerator % limit.num() == 0;
}

void AppendInteger(char type, int64_t value, std::string& out) {
  std::array<char, 24> text;
  text[0] = type;
  char* end = std::to_chars(text.data() + 1, text.data() + text.size() - 2, value).ptr;
  *end++ = '\r';
  *end++ = '\n';
  out.append(text.data(), static_cast<size_t>(end - text.data()));
}

}  // namespace

bool ReadQuestion(std::span<const int64_t> numbers, size_t& at, const core::Limits& limits, core::Question& question) {
  struct Sent {
    core::Time cost;
    core::Time admit;
  };
  std::array<Sent, DRL_LIMITS_MAX> sent;
  question = {};
  if (at >= numbers.size() || numbers[at++] != static_cast<int64_t>(limits.size())) return false;
  for (size_t i = 0; i < limits.size(); ++i) {
    const core::Limit& limit = limits[i];
    core::Time cap;
    int64_t cost = 0;
    int64_t admit = 0;
    if (at >= numbers.size() || numbers[at++] != limit.den()) return false;
    if (!ReadTime(numbers, at, limit.den(), sent[i].cost) || !ReadTime(numbers, at, limit.den(), sent[i].admit) ||
        !ReadTime(numbers, at, limit.den(), cap)) {
      return false;
    }
    if (cap != limit.cap_time() || !WholeTokens(sent[i].cost, limit, cost) || !WholeTokens(sent[i].admit, limit, admit)) return false;
    question.cost = std::max(question.cost, cost);
    question.headroom = std::max(question.headroom, limit.burst() - admit);
  }
  for (size_t i = 0; i < limits.size(); ++i) {
    if (sent[i].cost != limits[i].CostTime(question.cost) || sent[i].admit != limits[i].AdmitTime(question.headroom)) return false;
  }
  return true;
}

Script::Script(World& world, const Keys& keys, Journal& journal) : world_(world), keys_(keys), journal_(journal) {}

void Script::LoseState(int64_t now_us) {
  models_.clear();
  Entry lost;
  lost.at = world_.now();
  lost.server_us = now_us;
  journal_.push_back(lost);
}

void Script::Run(std::span<const std::string_view> keys, std::span<const std::string_view> arguments, int64_t now_us,
                 const WriteRefusal& refusal, std::string& reply) {
  if (!Read(keys, arguments)) {
    world_.Fail("a command breaks the wire contract");
    reply += "-ERR broken\r\n";
    return;
  }
  if (now_us < 0 || now_us >= core::kEndOfTimeUs) {
    reply += "-DRL CLOCK the clock of Redis is before 2025 or after 2167\r\n";
    return;
  }
  if (numbers_.size() > 1 && numbers_[1] == static_cast<int64_t>(Operation::kTry)) {
    if (refusal.text.find("READONLY") != std::string::npos) {
      reply += "-DRL SET " + refusal.text + "\r\n";
      return;
    }
    return Reply(now_us, reply);
  }
  models_.resize(static_cast<size_t>(keys_.count()));
  ++commands_;
  for (Named& named : named_) Decide(named, now_us, refusal);
  uint16_t position = 0;
  for (const Asked& asked : asked_) Note(asked, now_us, position++);
  Reply(now_us, reply);
}

// False where the contract is broken.
bool Script::Read(std::span<const std::string_view> keys, std::span<const std::string_view> arguments) {
  numbers_.clear();
  named_.clear();
  asked_.clear();
  integers_.clear();
  for (const std::string_view text : arguments) {
    int64_t& number = numbers_.emplace_back();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return false;
  }
  if (keys.empty() || keys.size() > core::kRequestsPerCommandMax || numbers_.size() < 2) return false;
  if (numbers_[1] == static_cast<int64_t>(Operation::kTry)) {
    return keys.size() == 1 && numbers_.size() == 5 && numbers_[3] == 0 && numbers_[4] == 1;
  }
  for (const std::string_view text : keys) {
    const int key = keys_.Find(text);
    const bool twice = std::any_of(named_.begin(), named_.end(), [key](const Named& named) { return named.key == key; });
    if (key < 0 || twice) return false;
    named_.push_back({key, -1, -1, {}});
  }
  size_t at = 1;
  while (at < numbers_.size()) {
    if (!ReadGroup(numbers_, at)) return false;
  }
  return !asked_.empty() && asked_.size() <= core::kRequestsPerCommandMax;
}

bool Script::ReadGroup(std::span<const int64_t> numbers, size_t& at) {
  if (at + 4 > numbers.size()) return false;
  const int64_t operation = numbers[at];
  const int64_t deadline = numbers[at + 1];
  const int64_t count = numbers[at + 2];
  const int64_t first = numbers[at + 3];
  at += 4;
  if (operation != static_cast<int64_t>(Operation::kForget) && operation != static_cast<int64_t>(Operation::kTake)) return false;
  if (deadline > core::kEndOfTimeUs || count < 1 || count > core::kRequestsPerCommandMax || first < 0) return false;
  const size_t list = at;
  if (first == 0) at += static_cast<size_t>(count);
  if (at > numbers.size()) return false;
  Asked asked{-1, static_cast<Operation>(operation), deadline, {}, 0, 1, false, -1};
  const auto index = [&](int64_t i) { return first > 0 ? first + i : numbers[list + static_cast<size_t>(i)]; };
  if (asked.operation == Operation::kTake) {
    if (index(0) < 1 || index(0) > static_cast<int64_t>(named_.size())) return false;
    const core::Limits& limits = keys_.limits(named_[static_cast<size_t>(index(0) - 1)].key);
    if (!ReadQuestion(numbers, at, limits, asked.question)) return false;
    asked.places = core::VerdictLength(limits);
    for (int64_t i = 1; i < count; ++i) {  // all of a group are of one plan
      if (index(i) < 1 || index(i) > static_cast<int64_t>(named_.size())) return false;
      if (&keys_.limits(named_[static_cast<size_t>(index(i) - 1)].key) != &limits) return false;
    }
  }
  for (int64_t i = 0; i < count; ++i) {
    if (!Ask(index(i), asked)) return false;
  }
  return true;
}

// Puts a request behind those of the same key.
bool Script::Ask(int64_t index, const Asked& asked) {
  if (index < 1 || index > static_cast<int64_t>(named_.size())) return false;
  Named& named = named_[static_cast<size_t>(index - 1)];
  const int place = static_cast<int>(asked_.size());
  asked_.push_back(asked);
  Asked& added = asked_.back();
  added.key = named.key;
  added.begin = integers_.size();
  integers_.resize(integers_.size() + added.places);
  if (named.first < 0) {
    named.first = place;
  } else {
    asked_[static_cast<size_t>(named.last)].next = place;
  }
  named.last = place;
  return true;
}

void Script::Decide(Named& named, int64_t now_us, const WriteRefusal& refusal) {
  batch_.clear();
  bool forgets = false;
  for (int i = named.first; i >= 0; i = asked_[static_cast<size_t>(i)].next) {
    const Asked& asked = asked_[static_cast<size_t>(i)];
    const bool takes = asked.operation == Operation::kTake;
    batch_.push_back({asked.operation, asked.deadline, kOnlyKey, takes ? &keys_.limits(asked.key) : nullptr, asked.question});
    forgets = forgets || (!takes && now_us <= asked.deadline);
  }
  core::Model& model = models_[static_cast<size_t>(named.key)];
  core::Model before;
  if (refusal.any()) before = model;
  const std::vector<int64_t> integers = model.Run(batch_, now_us);
  size_t at = 0;
  for (int i = named.first; i >= 0; i = asked_[static_cast<size_t>(i)].next) {
    const Asked& asked = asked_[static_cast<size_t>(i)];
    std::copy_n(integers.begin() + static_cast<int64_t>(at), asked.places, integers_.begin() + static_cast<int64_t>(asked.begin));
    at += asked.places;
  }
  if (!refusal.any()) return;
  const core::KeyState* now_stored = model.Find(kOnlyKey, now_us);
  const core::KeyState* then_stored = before.Find(kOnlyKey, now_us);
  const bool same = now_stored != nullptr && then_stored != nullptr && *now_stored == *then_stored;
  const bool writes = now_stored != nullptr && (forgets || !same);
  if (!writes && !(forgets && now_stored == nullptr && refusal.deletes_too)) return;
  named.refusal = std::string("DRL ") + (writes ? "SET " : "DEL ") + refusal.text;
  model = std::move(before);
  for (int i = named.first; i >= 0; i = asked_[static_cast<size_t>(i)].next) {
    Asked& asked = asked_[static_cast<size_t>(i)];
    asked.refused = integers_[asked.begin] != core::kExpiredMark;
  }
}

Fate Script::FateOf(const Asked& asked, uint64_t& mark) const {
  if (asked.refused) return Fate::kRefused;
  if (integers_[asked.begin] == core::kExpiredMark) return Fate::kExpired;
  if (asked.operation == Operation::kForget) return Fate::kForgotten;
  const core::Limits& limits = keys_.limits(asked.key);
  std::array<core::Time, DRL_LIMITS_MAX> debts;
  const bool allowed = integers_[asked.begin] >= 0;
  size_t at = asked.begin;
  for (size_t i = 0; i < limits.size(); ++i) {
    const int64_t us = integers_[at++];
    debts[i] = {us >= 0 ? us : -1 - us, limits[i].den() > 1 ? integers_[at++] : 0};
  }
  mark = MarkOf(allowed, std::span(debts).first(limits.size()));
  return allowed ? Fate::kAllowed : Fate::kDenied;
}

void Script::Note(const Asked& asked, int64_t now_us, uint16_t position) {
  Entry entry;
  entry.at = world_.now();
  entry.server_us = now_us;
  entry.key = asked.key;
  entry.operation = asked.operation;
  entry.position = position;
  entry.command = commands_;
  entry.question = asked.question;
  entry.fate = FateOf(asked, entry.mark);
  journal_.push_back(entry);
}

void Script::Reply(int64_t now_us, std::string& reply) const {
  AppendInteger('*', static_cast<int64_t>(2 + integers_.size()), reply);
  AppendInteger(':', numbers_[0], reply);
  AppendInteger(':', now_us, reply);
  for (const Asked& asked : asked_) {
    for (size_t i = 0; i < asked.places; ++i) {
      if (!asked.refused) {
        AppendInteger(':', integers_[asked.begin + i], reply);
        continue;
      }
      const auto named = std::find_if(named_.begin(), named_.end(), [&](const Named& other) { return other.key == asked.key; });
      reply += '-';
      reply += named->refusal;
      reply += "\r\n";
    }
  }
}

}  // namespace drl::simulation
