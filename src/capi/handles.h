// What the opaque handles are. The first word tells a live handle from a closed one or one of another type; that is a help
// against mistakes, not a promise: the memory of a closed handle may be anything.
#pragma once

#include <atomic>
#include <string>

#include "base/status.h"
#include "drl/client.h"
#include "drl/limiter.h"
#include "drl/queue.h"
#include "engine/client.h"
#include "engine/limiter.h"
#include "engine/queue.h"
#include "http/policy.h"

struct drl_client {
  static constexpr uint32_t kMagic = 0x64724c43;
  uint32_t magic = kMagic;
  drl::engine::Client* core;
};

struct drl_limiter {
  static constexpr uint32_t kMagic = 0x64724c4c;
  uint32_t magic = kMagic;
  drl::engine::Client* client;
  drl::engine::Limiter* core;
  drl::http::PolicySet policies;
};

struct drl_queue {
  static constexpr uint32_t kMagic = 0x64724c51;
  uint32_t magic = kMagic;
  drl::engine::Queue* core;
};

namespace drl::capi {

template <typename Handle>
base::Status CheckHandle(const Handle* handle, const char* argument) {
  if (handle == nullptr) return {DRL_ERR_NULL, std::string(argument) + " is NULL"};
  if (handle->magic == Handle::kMagic) return {};
  return {DRL_ERR_HANDLE, std::string(argument) + " is closed or of another type"};
}

// A request of the caller, checked; `request` is filled when the status is ok.
base::Status CheckRequest(drl_limiter* limiter, const void* identity, size_t identity_len, int64_t cost,
                          engine::SlotKind kind, engine::Request& request);

}  // namespace drl::capi
