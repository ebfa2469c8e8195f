// Time and chance of one episode: a clock that stands until it is moved, what will happen when, and one generator for all that is
// left to chance. What is due at the same instant happens in the order in which it was arranged; so a seed tells the whole story.
#pragma once

#include <functional>
#include <queue>
#include <string>
#include <vector>

#include "base/clock.h"
#include "seed.h"

namespace drl::simulation {

using base::Micros;

class World final : public base::Clock {
 public:
  using Event = std::function<void()>;  // a pointer and a number fit in without an allocation

  explicit World(uint64_t seed) : random_(seed) {}

  [[nodiscard]] Micros now() const override { return now_; }
  // When the next event is due; INT64_MAX when there is none.
  [[nodiscard]] Micros next_at() const { return events_.empty() ? INT64_MAX : events_.top().at; }

  void At(Micros when, Event event);
  void After(Micros delay, Event event) { At(now_ + delay, std::move(event)); }
  // Moves time to the next event, if it is due by `until`, and lets it happen; else moves time to `until`, and says false.
  bool Step(Micros until);

  // Uniform in low..high, both included.
  int64_t Draw(int64_t low, int64_t high) { return low == high ? low : test::Uniform(random_, low, high); }
  bool Chance(int64_t one_in) { return test::OneIn(random_, one_in); }

  // Something is not as it has to be. The first to be said is kept: what follows it is often its consequence.
  void Fail(const std::string& what);
  [[nodiscard]] bool failed() const { return !failure_.empty(); }
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  struct Due {
    Micros at;
    uint64_t sequence;
    Event event;
    bool operator<(const Due& other) const { return at != other.at ? at > other.at : sequence > other.sequence; }
  };

  Micros now_ = 1'000'000'000;  // a machine that has been up for a while
  uint64_t sequence_ = 0;
  std::priority_queue<Due> events_;
  test::Random random_;
  std::string failure_;
};

}  // namespace drl::simulation
