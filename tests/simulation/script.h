// lua/drl.lua in a simulated server: reads what the wire says, has the model decide, writes what Redis would reply.
//
// The model takes limits and a question; the wire has numbers. They are turned back into the question that they mean for the limits
// of the key, and numbers that mean none are a failure of the sender.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "journal.h"
#include "keys.h"
#include "world.h"

namespace drl::simulation {

// Why Redis refuses to write, in its own words; empty: it does not.
struct WriteRefusal {
  std::string text;
  bool deletes_too = false;  // memory is not refused to whoever deletes

  [[nodiscard]] bool any() const { return !text.empty(); }
};

class Script {
 public:
  // All outlive it.
  Script(World& world, const Keys& keys, Journal& journal);

  // Appends the reply of one EVALSHA.
  void Run(std::span<const std::string_view> keys, std::span<const std::string_view> arguments, int64_t now_us,
           const WriteRefusal& refusal, std::string& reply);
  // Whatever was stored is gone.
  void LoseState(int64_t now_us);

 private:
  struct Asked {
    int key;  // its number
    core::Operation operation;
    int64_t deadline;
    core::Question question;
    size_t begin;   // of its integers, in integers_
    size_t places;  // how many they are
    bool refused;   // an error stands in each of them
    int next;       // of the same key in this command; -1: none
  };
  // Of the command under way, a key that it names.
  struct Named {
    int key;
    int first;  // what is asked of it; -1: nothing yet
    int last;
    std::string refusal;  // the error that stands in its places, where it could not be written
  };

  [[nodiscard]] bool Read(std::span<const std::string_view> keys, std::span<const std::string_view> arguments);
  [[nodiscard]] bool ReadGroup(std::span<const int64_t> numbers, size_t& at);
  [[nodiscard]] bool Ask(int64_t index, const Asked& asked);
  void Decide(Named& named, int64_t now_us, const WriteRefusal& refusal);
  void Note(const Asked& asked, int64_t now_us, uint16_t position);
  [[nodiscard]] Fate FateOf(const Asked& asked, uint64_t& mark) const;
  void Reply(int64_t now_us, std::string& reply) const;

  World& world_;
  const Keys& keys_;
  Journal& journal_;
  std::vector<core::Model> models_;  // one for each key: they have nothing to do with each other
  uint64_t commands_ = 0;

  // Of the command under way.
  std::vector<int64_t> numbers_;
  std::vector<Named> named_;
  std::vector<Asked> asked_;
  std::vector<int64_t> integers_;
  std::vector<core::ModelRequest> batch_;
};

// What `limits` are asked by the numbers at `at` (which moves behind them): EncodeNumbers turned round. False when these are not
// the numbers of any question.
[[nodiscard]] bool ReadQuestion(std::span<const int64_t> numbers, size_t& at, const core::Limits& limits,
                                core::Question& question);

}  // namespace drl::simulation
