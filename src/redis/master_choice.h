// What sentinels say of where the master is, and where to go therefore. Sentinels may contradict each other: one was cut off and
// knows of no election, one has not heard yet of the election that another has held.
//
// The word of a sentinel is what it answered when it was asked, or the switch that it told of later. A switch is newer than all
// that was said before it, so it counts more than that, whoever tells; of answers that which most give, and of those that as many
// give the first. One that does not log in as the master is left out, until the next look-up asks all of them anew.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "redis/endpoint.h"

namespace drl::redis {

class MasterChoice {
 public:
  // So long nobody leaves a server for one that has just failed, whatever a sentinel says again and again; twice as long each time that
  // it has failed again meanwhile, unless a switch to it was told of.
  static constexpr base::Micros kFailedLasts = 1'000'000;
  static constexpr base::Micros kFailedLastsMax = 16'000'000;

  explicit MasterChoice(size_t sentinels) : words_(sentinels) {}

  // A look-up begins: nothing has been said. Or an attempt begins by what has been said.
  void BeginLookUp(base::Micros now);
  void BeginAttempt(base::Micros now) { begun_at_ = now; }

  void Answered(size_t sentinel, const Host& master) { words_[sentinel] = {master, ++said_}; }
  void Switched(size_t sentinel, const Host& master);
  // The server there cannot be reached, or is not the master.
  void Failed(const Host& master, base::Micros now);

  // Where to go; nothing when nobody says anything that has not failed since the attempt began.
  [[nodiscard]] std::optional<Host> Best() const;
  // The same between attempts: nothing that has just failed.
  [[nodiscard]] std::optional<Host> BestNow(base::Micros now) const;
  // Where else, when this one takes long.
  [[nodiscard]] std::optional<Host> BestBut(const Host& other) const;
  // Where to go instead of staying, since a switch was told of, or most of all sentinels say so; nothing: stay.
  [[nodiscard]] std::optional<Host> Elsewhere(const Host& current, base::Micros now) const;
  // The last switch led elsewhere, where nothing was found.
  [[nodiscard]] bool Doubts(const Host& current) const { return switched_ > 0 && switched_to_ != current; }

 private:
  struct Word {
    Host master;
    uint64_t said = 0;  // in the order of all words; 0: nothing
  };
  struct Failure {
    Host master;
    base::Micros at;
    base::Micros lasts;
  };
  static constexpr size_t kFailuresMax = 64;  // more than there are sentinels, so that an attempt tries each of their servers once
  // How much a choice weighs.
  enum class Weight { kSaid, kSwitched, kSaidByMost };

  template <typename LeftOut>
  [[nodiscard]] std::optional<Host> BestOf(LeftOut left_out) const;
  // How many sentinels name it, by words not older than that.
  [[nodiscard]] size_t Votes(const Host& master, uint64_t since) const;
  [[nodiscard]] Weight WeightOf(const Host& master) const;
  [[nodiscard]] const Failure* FailureOf(const Host& master) const;
  [[nodiscard]] bool FailedSince(const Host& master, base::Micros since) const;

  std::vector<Word> words_;  // by sentinel
  uint64_t said_ = 0;
  uint64_t switched_ = 0;  // the word that told of the last switch
  Host switched_to_;
  base::Micros begun_at_ = 0;
  std::vector<Failure> failures_;  // the last of each server, from the oldest
};

}  // namespace drl::redis
