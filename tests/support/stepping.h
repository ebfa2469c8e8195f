// What protocols between threads are made of, every operation a step of a walk over their interleavings.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "interleavings.h"

namespace drl::test {

inline thread_local Interleavings* walk = nullptr;  // of the party that runs

// A party that knows its walk.
template <typename Body>
Interleavings::Party PartyOf(Interleavings& interleavings, Body body) {
  return [&interleavings, body] {
    walk = &interleavings;
    body();
  };
}

// An atomic.
template <typename Value>
class Stepping {
 public:
  Stepping(Value value) : value_(value) {}
  Value load(std::memory_order) const {
    walk->Step();
    return value_;
  }
  void store(Value value, std::memory_order) {
    walk->Step();
    value_ = value;
  }
  Value exchange(Value value, std::memory_order) {
    walk->Step();
    return std::exchange(value_, value);
  }
  bool compare_exchange_strong(Value& expected, Value value, std::memory_order) {
    walk->Step();
    if (value_ == expected) {
      value_ = value;
      return true;
    }
    expected = value_;
    return false;
  }

  // A futex: who sleeps stays asleep until it is woken, whatever becomes of the value.
  void Wait(Value expected) {
    walk->Step();
    if (value_ != expected) return;
    walk->WaitUntil([this, before = wakes_] { return wakes_ != before; });
  }
  void WakeAll() {
    walk->Step();
    ++wakes_;
  }

 private:
  Value value_;
  uint64_t wakes_ = 0;
};

// An eventfd.
class SteppingBell {
 public:
  void Signal() {
    walk->Step();
    rung_ = true;
  }
  void Clear() {
    walk->Step();
    rung_ = false;
  }
  [[nodiscard]] bool rung() const { return rung_; }

 private:
  bool rung_ = false;
};

}  // namespace drl::test
