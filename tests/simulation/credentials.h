// Credentials that take a moment to come, and expire.
#pragma once

#include "redis/credentials.h"
#include "world.h"

namespace drl::simulation {

class SimulatedCredentials final : public redis::Credentials {
 public:
  // They outlive it. `slow`: how long some take, until `quick_from`; `rings`: the loop is to be turned.
  SimulatedCredentials(World& world, Micros slow, Micros quick_from, bool& rings)
      : world_(world), slow_(slow), quick_from_(quick_from), rings_(rings) {}

  base::Status Begin() override {
    if (under_way_) return {};
    under_way_ = true;
    const Micros delay = world_.Chance(8) && world_.now() + slow_ < quick_from_ ? slow_ : world_.Draw(0, 5'000);
    there_at_ = world_.now() + delay;
    world_.After(delay, [&rings = rings_] { rings = true; });
    return {};
  }
  [[nodiscard]] bool done() const override { return under_way_ && world_.now() >= there_at_; }
  base::Result<redis::Login> Take() override {
    under_way_ = false;
    return redis::Login("drl", "password", world_.Draw(1, 3'000'000));
  }
  [[nodiscard]] bool fixed() const override { return false; }

 private:
  World& world_;
  const Micros slow_;
  const Micros quick_from_;
  bool& rings_;
  bool under_way_ = false;
  Micros there_at_ = 0;
};

}  // namespace drl::simulation
