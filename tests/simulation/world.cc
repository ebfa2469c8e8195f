#include "world.h"

#include <algorithm>

namespace drl::simulation {

void World::At(Micros when, Event event) { events_.push({std::max(when, now_), ++sequence_, std::move(event)}); }

bool World::Step(Micros until) {
  if (next_at() > until) {
    now_ = std::max(now_, until);
    return false;
  }
  now_ = events_.top().at;
  Event event = std::move(const_cast<Due&>(events_.top()).event);  // it is popped at once, and has no part in the order
  events_.pop();
  event();
  return true;
}

void World::Fail(const std::string& what) {
  if (failure_.empty()) failure_ = "at " + std::to_string(now_) + " us: " + what;
}

}  // namespace drl::simulation
