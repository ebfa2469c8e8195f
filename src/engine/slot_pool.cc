#include "engine/slot_pool.h"

#include <sys/mman.h>

#include <new>

#include "engine/limiter.h"

namespace drl::engine {

SlotPool::SlotPool(uint32_t capacity) : capacity_(capacity) {
  void* memory = mmap(nullptr, sizeof(Slot) * capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory != MAP_FAILED) slots_ = static_cast<Slot*>(memory);
}

SlotPool::~SlotPool() {
  if (slots_ != nullptr) munmap(slots_, sizeof(Slot) * capacity_);
}

Slot* SlotPool::Acquire() {
  uint32_t index = PopFree();
  if (index == 0) {
    uint32_t built = built_.load(std::memory_order_relaxed);
    do {
      if (built == capacity_) return nullptr;
    } while (!built_.compare_exchange_weak(built, built + 1, std::memory_order_relaxed));
    new (&slots_[built]) Slot;
    index = built + 1;
  }
  in_use_.fetch_add(1, std::memory_order_relaxed);
  Slot& slot = slots_[index - 1];
  slot.alone = false;
  slot.cause = DRL_OK;
  slot.sink = nullptr;
  slot.fate.Restart();
  slot.sleeper.store(0, std::memory_order_relaxed);
  slot.references.store(2, std::memory_order_relaxed);
  return &slot;
}

void SlotPool::Release(Slot& slot) {
  if (slot.references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  slot.limiter().Unref();
  PushFree(static_cast<uint32_t>(&slot - slots_) + 1);
  in_use_.fetch_sub(1, std::memory_order_relaxed);
}

uint32_t SlotPool::PopFree() {
  uint64_t head = free_.load(std::memory_order_acquire);
  while (true) {
    const auto index = static_cast<uint32_t>(head);
    if (index == 0) return 0;
    const uint64_t next = slots_[index - 1].free_next.load(std::memory_order_relaxed);
    const uint64_t changed = ((head >> 32) + 1) << 32 | next;
    if (free_.compare_exchange_weak(head, changed, std::memory_order_acquire)) return index;
  }
}

void SlotPool::PushFree(uint32_t index) {
  uint64_t head = free_.load(std::memory_order_relaxed);
  uint64_t changed;
  do {
    slots_[index - 1].free_next.store(static_cast<uint32_t>(head), std::memory_order_relaxed);
    changed = ((head >> 32) + 1) << 32 | index;
  } while (!free_.compare_exchange_weak(head, changed, std::memory_order_release));
}

}  // namespace drl::engine
