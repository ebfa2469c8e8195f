// fork(): a child has its parent's memory but none of its threads. It starts afresh and touches nothing of the parent's.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstdint>

namespace drl::base {

// Grows by one in every forked child. The first call registers the handler.
[[nodiscard]] uint64_t ForkGeneration();

// A T that each process makes for itself: T has generation(), the ForkGeneration() it was made in. The parent's T is left
// behind in a child, never used and never destroyed: its locks may be held and its threads are gone.
template <typename T>
class PerProcess {
 public:
  // Before any other thread knows of this.
  void Set(T* value) {
    claimed_.store(value->generation(), std::memory_order_relaxed);
    value_.store(value, std::memory_order_release);
  }

  // The T as it is, perhaps the parent's.
  [[nodiscard]] T* Inherited() const { return value_.load(std::memory_order_acquire); }

  // The T of this process; in a child the first caller makes it with make(T* inherited), and others wait for that. When make
  // returns null or throws, so does Get, and the next caller tries again.
  template <typename Make>
  T* Get(Make make) {
    T* value = value_.load(std::memory_order_acquire);
    const uint64_t generation = ForkGeneration();
    if (value->generation() == generation) [[likely]] return value;
    while (true) {
      uint64_t claimed = claimed_.load(std::memory_order_relaxed);
      if (claimed != generation && claimed_.compare_exchange_strong(claimed, generation)) {
        T* fresh = nullptr;
        try {
          fresh = make(value);
        } catch (...) {
          claimed_.store(claimed, std::memory_order_relaxed);
          throw;
        }
        if (fresh == nullptr) {
          claimed_.store(claimed, std::memory_order_relaxed);
        } else {
          value_.store(fresh, std::memory_order_release);
        }
        return fresh;
      }
      value = value_.load(std::memory_order_acquire);
      if (value->generation() == generation) return value;
      sched_yield();
    }
  }

 private:
  std::atomic<T*> value_{nullptr};
  std::atomic<uint64_t> claimed_{0};
};

}  // namespace drl::base
