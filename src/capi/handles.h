// What the opaque handles are. The first word tells a live handle from a closed one or one of another type; that is a help
// against mistakes, not a promise: the memory of a closed handle may be anything.
#pragma once

#include <atomic>
#include <string>

#include "base/status.h"
#include "drl/client.h"
#include "drl/limiter.h"
#include "drl/queue.h"
#include "drl/request.h"
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

// One request of the caller, checked; `made` is filled when the status is ok.
base::Status CheckRequest(const drl_request& request, const engine::Client& client, engine::Ask& made);
// The same from an array of structs of `size` bytes each.
base::Status CheckRequest(const drl_request* requests, size_t size, size_t index, const engine::Client& client,
                          engine::Ask& made);

// One request, blocking: what the named functions are thin forms of.
drl_status DecideOne(drl_limiter* limiter, const drl_request& request, drl_decision* decision, drl_error* error);

inline drl_request AllowRequest(drl_limiter* limiter, const void* identity, size_t identity_len, int64_t cost) {
  drl_request request = DRL_REQUEST_INIT;
  request.limiter = limiter;
  request.identity = identity;
  request.identity_len = identity_len;
  request.cost = cost;
  return request;
}
inline drl_request ResetRequest(drl_limiter* limiter, const void* identity, size_t identity_len) {
  drl_request request = AllowRequest(limiter, identity, identity_len, 0);
  request.operation = DRL_OPERATION_RESET;
  return request;
}

}  // namespace drl::capi
