// Counters that any thread may read at any time.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

namespace drl::base {

// The i of the smallest 2^i that is at least n (n >= 1): the bucket of a histogram.
[[nodiscard]] constexpr int CeilLog2(int64_t n) { return static_cast<int>(std::bit_width(static_cast<uint64_t>(n - 1))); }

class Counter {
 public:
  // Any thread.
  void Add(int64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  // The only writer of this counter at a time: no locked instruction.
  void AddAlone(int64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  [[nodiscard]] int64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

}  // namespace drl::base
