// All slots of one engine: a fixed number, handed out without locks or allocation.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "engine/slot.h"

namespace drl::engine {

class SlotPool {
 public:
  explicit SlotPool(uint32_t capacity);
  ~SlotPool();
  SlotPool(const SlotPool&) = delete;
  SlotPool& operator=(const SlotPool&) = delete;

  [[nodiscard]] bool valid() const { return slots_ != nullptr; }
  // A slot with two references, or null when all are in use.
  Slot* Acquire();
  // Drops one reference; the last one frees the slot and its reference on the limiter.
  void Release(Slot& slot);

  [[nodiscard]] int64_t in_use() const { return in_use_.load(std::memory_order_relaxed); }

 private:
  uint32_t PopFree();
  void PushFree(uint32_t index);

  // Memory for `capacity_` slots; the kernel gives pages as they are first used, and slots are built on first use.
  const uint32_t capacity_;
  Slot* slots_ = nullptr;
  std::atomic<uint32_t> built_{0};
  // Free slots: index + 1 of the first in the low half, a counter against ABA in the high half.
  alignas(64) std::atomic<uint64_t> free_{0};
  alignas(64) std::atomic<int64_t> in_use_{0};
};

}  // namespace drl::engine
