// Walks the interleavings of a few parties, atomic step by atomic step: the same program is run again and again, each time with
// another order of steps, until none is left. A party calls Step before each of its atomic operations, and WaitUntil where it
// sleeps. A run in which all that are left sleep for good is a deadlock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace drl::test {

class Interleavings {
 public:
  using Party = std::function<void()>;

  // A program: makes fresh shared state and the parties that use it.
  using Program = std::function<std::vector<Party>(Interleavings&)>;

  // At most so many times may a party lose its turn though it could go on.
  explicit Interleavings(int preemptions_max = 1'000) : preemptions_max_(preemptions_max) {}

  // The number of interleavings walked; stops at the first deadlock.
  int64_t Walk(const Program& program) {
    int64_t walked = 0;
    do {
      Run(program(*this));
      ++walked;
    } while (!deadlock_ && NextOrder());
    return walked;
  }

  [[nodiscard]] bool deadlock() const { return deadlock_; }
  // The parties in the order of their steps in the last run.
  [[nodiscard]] std::string trace() const {
    std::string text;
    for (const Choice& choice : choices_) text += static_cast<char>('A' + choice.able[choice.taken]);
    return text;
  }

  // Of a party: the next atomic operation may be a long time off. Whoever has the turn chooses the next one itself, so that a party
  // which goes on changes no thread.
  void Step() {
    const size_t self = running_;
    const size_t next = Choose();
    if (next != self) {
      GiveTurn(next);
      members_[self]->turn.acquire();
    }
    if (abandoned_) throw Abandoned();
  }
  // Of a party: sleeps until the condition holds.
  void WaitUntil(std::function<bool()> condition) {
    members_[running_]->asleep = std::move(condition);
    Step();
    members_[running_]->asleep = nullptr;
  }

 private:
  static constexpr size_t kNobody = SIZE_MAX;

  struct Abandoned {};
  struct Member {
    std::binary_semaphore turn{0};
    std::function<bool()> asleep;
    bool over = false;
    std::thread thread;
  };
  struct Choice {
    std::vector<size_t> able;  // who could go on; who had the turn before stands first
    size_t taken;
  };

  void Run(const std::vector<Party>& parties) {
    members_.clear();
    abandoned_ = false;
    depth_ = 0;
    preemptions_ = 0;
    running_ = kNobody;
    for (size_t i = 0; i < parties.size(); ++i) {
      Member& member = *members_.emplace_back(std::make_unique<Member>());
      member.thread = std::thread([this, &member, &party = parties[i]] {
        member.turn.acquire();
        try {
          if (!abandoned_) party();
        } catch (const Abandoned&) {
        }
        member.over = true;
        if (abandoned_) {
          ended_.release();
        } else {
          GiveTurn(Choose());
        }
      });
    }
    GiveTurn(Choose());
    ended_.acquire();
    End();
  }

  // Who has the next turn: as the order that is walked says, else whoever had it.
  size_t Choose() {
    std::vector<size_t> able = Able(running_);
    if (able.empty()) return kNobody;
    const bool could_go_on = able.front() == running_;
    if (could_go_on && preemptions_ == preemptions_max_) able.resize(1);
    if (depth_ == choices_.size()) choices_.push_back({able, 0});
    const size_t chosen = able[choices_[depth_++].taken];
    if (could_go_on && chosen != running_) ++preemptions_;
    return chosen;
  }

  std::vector<size_t> Able(size_t last) const {
    std::vector<size_t> able;
    for (size_t i = 0; i < members_.size(); ++i) {
      const Member& member = *members_[i];
      if (member.over || (member.asleep && !member.asleep())) continue;
      able.insert(i == last ? able.begin() : able.end(), i);
    }
    return able;
  }

  // To nobody when all are over or sleep for good.
  void GiveTurn(size_t next) {
    if (next == kNobody) return ended_.release();
    running_ = next;
    members_[next]->turn.release();
  }

  void End() {
    abandoned_ = true;
    for (const std::unique_ptr<Member>& member : members_) {
      if (!member->over) {
        deadlock_ = true;
        member->turn.release();
        ended_.acquire();
      }
      member->thread.join();
    }
  }

  bool NextOrder() {
    while (!choices_.empty() && choices_.back().taken + 1 == choices_.back().able.size()) choices_.pop_back();
    if (choices_.empty()) return false;
    ++choices_.back().taken;
    return true;
  }

  const int preemptions_max_;
  std::vector<std::unique_ptr<Member>> members_;
  std::binary_semaphore ended_{0};
  size_t running_ = kNobody;
  size_t depth_ = 0;  // choices of this run so far
  int preemptions_ = 0;
  bool abandoned_ = false;
  bool deadlock_ = false;
  std::vector<Choice> choices_;
};

}  // namespace drl::test
