#include "base/fork.h"

#include <pthread.h>

namespace drl::base {
namespace {

std::atomic<uint64_t> generation{1};

void InChild() { generation.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

uint64_t ForkGeneration() {
  [[maybe_unused]] static const int registered = pthread_atfork(nullptr, nullptr, InChild);
  return generation.load(std::memory_order_relaxed);
}

}  // namespace drl::base
