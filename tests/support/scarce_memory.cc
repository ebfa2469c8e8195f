#include "scarce_memory.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>

namespace drl::test {
namespace {

enum Armed : int { kNobody, kMineArmed, kOthersArmed };

std::atomic<int> armed{kNobody};
std::atomic<int64_t> countdown{0};
std::atomic<int64_t> left{0};
std::atomic<bool> refused{false};
std::atomic<int64_t> live{0};
thread_local bool mine = false;  // of the thread that last asked for refusals

bool Refuses() {
  const int whose = armed.load(std::memory_order_relaxed);
  if (whose == kNobody || mine != (whose == kMineArmed)) return false;
  if (countdown.fetch_sub(1) > 1 || left.fetch_sub(1) <= 0) return false;
  refused.store(true);
  return true;
}

void* Counted(void* memory) {
  if (memory != nullptr) live.fetch_add(1, std::memory_order_relaxed);
  return memory;
}

}  // namespace

void RefuseMemory(Whose whose, int64_t nth, int64_t times) {
  mine = true;
  refused.store(false);
  countdown.store(nth);
  left.store(times);
  armed.store(whose == Whose::kMine ? kMineArmed : kOthersArmed);
}

bool StopRefusing() {
  armed.store(kNobody);
  return refused.load();
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
int64_t LiveBlocks() { return -1; }
#else
int64_t LiveBlocks() { return live.load(); }

// A sanitizer owns malloc; there only operator new is refused.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* memory);

void* RefuseInC() {
  errno = ENOMEM;
  return nullptr;
}
__attribute__((visibility("default"))) void* malloc(size_t size) {
  return Refuses() ? RefuseInC() : Counted(__libc_malloc(size));
}
__attribute__((visibility("default"))) void* calloc(size_t count, size_t size) {
  return Refuses() ? RefuseInC() : Counted(__libc_calloc(count, size));
}
__attribute__((visibility("default"))) void* realloc(void* memory, size_t size) {
  if (Refuses()) return RefuseInC();
  void* moved = __libc_realloc(memory, size);
  return memory == nullptr ? Counted(moved) : moved;
}
__attribute__((visibility("default"))) void* aligned_alloc(size_t alignment, size_t size) {
  return Refuses() ? RefuseInC() : Counted(__libc_memalign(alignment, size));
}
__attribute__((visibility("default"))) void free(void* memory) {
  if (memory != nullptr) live.fetch_sub(1, std::memory_order_relaxed);
  __libc_free(memory);
}
}
#endif

}  // namespace drl::test

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
__attribute__((visibility("default"))) void* operator new(size_t size) {
  void* memory = drl::test::Refuses() ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
__attribute__((visibility("default"))) void operator delete(void* memory) noexcept { std::free(memory); }
__attribute__((visibility("default"))) void operator delete(void* memory, size_t) noexcept { std::free(memory); }
#endif
