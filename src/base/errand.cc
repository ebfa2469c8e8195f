#include "base/errand.h"

#include <dlfcn.h>

#include <atomic>

namespace drl::base {

void PinLibrary() {
  static std::atomic<bool> pinned{false};
  Dl_info info;
  if (pinned.load(std::memory_order_relaxed)) return;
  if (dladdr(reinterpret_cast<void*>(&PinLibrary), &info) == 0 || info.dli_fname == nullptr) return;
  // The handle is kept on purpose.
  if (dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE) != nullptr) pinned.store(true, std::memory_order_relaxed);
}

}  // namespace drl::base
