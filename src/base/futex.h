// Sleeping on a 32-bit word until a deadline: what std::atomic::wait lacks in C++20.
#pragma once

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>

#include "base/clock.h"

namespace drl::base {

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));

// Returns when woken, at the deadline, by a signal, or at once when the word is not `expected`: check and call again.
inline void FutexWait(std::atomic<uint32_t>& word, uint32_t expected, Micros deadline) {
  const timespec until = ToTimespec(deadline);
  // WAIT_BITSET, unlike WAIT, takes an absolute time, on CLOCK_MONOTONIC.
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected, &until, nullptr, FUTEX_BITSET_MATCH_ANY);
}

inline void FutexWakeAll(std::atomic<uint32_t>& word) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

// Tells the processor that this is a spin.
inline void CpuPause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Lets another thread have this processor, if one waits for it: a spinner must not keep it from the one that it waits for.
inline void YieldCpu() { sched_yield(); }

}  // namespace drl::base
