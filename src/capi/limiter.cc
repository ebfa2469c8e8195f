#include "drl/limiter.h"

#include <cstddef>
#include <cstring>

#include "capi/fence.h"
#include "capi/handles.h"
#include "capi/policies.h"
#include "core/text.h"

static_assert(sizeof(drl_limit) == 48 && offsetof(drl_limit, name) == 24);
static_assert(sizeof(drl_limiter_options) == 64 && offsetof(drl_limiter_options, limits) == 48);
static_assert(drl::core::kKeyLenMax < DRL_KEY_SIZE);

namespace drl::capi {
namespace {

using base::Result;
using base::Status;

Status CheckLabels(const drl_limiter_options& options) {
  const char* space = options.key_namespace;
  if (space != nullptr && !core::IsLabel(space)) {
    return {DRL_ERR_NAMESPACE, "key_namespace must be 1 to 64 printable ASCII characters without spaces and braces"};
  }
  if (options.name != nullptr && !core::IsLabel(options.name)) {
    return {DRL_ERR_NAME, "name must be 1 to 64 printable ASCII characters without spaces and braces"};
  }
  if (options.fail_strategy < DRL_FAIL_DEFAULT || options.fail_strategy > DRL_FAIL_ERROR) {
    return {DRL_ERR_FAIL_STRATEGY, "fail_strategy is " + std::to_string(options.fail_strategy) +
                                       ", must be DRL_FAIL_OPEN, DRL_FAIL_CLOSED or DRL_FAIL_ERROR"};
  }
  return CheckReserved(options.reserved, "reserved");
}

Status CheckLimitsReserved(const drl_limiter_options& options) {
  for (int32_t i = 0; options.limits != nullptr && i < options.limits_count && i < DRL_LIMITS_MAX; ++i) {
    for (const int64_t reserved : options.limits[i].reserved) {
      Status status = CheckReserved(reserved, "limits[" + std::to_string(i) + "].reserved");
      if (!status.ok()) return status;
    }
  }
  return {};
}

Status Open(drl_client& client, const drl_limiter_options& options, drl_limiter** limiter) {
  Status status = CheckLabels(options);
  if (!status.ok()) return status;
  Result<core::Limits> limits = core::MakeLimits(options);
  if (!limits.ok()) return limits.status();
  status = CheckLimitsReserved(options);
  if (!status.ok()) return status;
  Result<http::PolicySet> policies = CompilePolicies(*limits);
  if (!policies.ok()) return policies.status();
  if (client.core->engine(status) == nullptr) return status;
  const std::string name = options.name == nullptr ? "" : options.name;
  const std::string space = options.key_namespace == nullptr ? "default" : options.key_namespace;
  const int32_t fail_strategy = options.fail_strategy == DRL_FAIL_DEFAULT ? DRL_FAIL_OPEN : options.fail_strategy;
  auto plan = client.core->PlanFor(space, name, std::move(*limits));
  core::KeyMaker keys(space, name, plan->fingerprint(), client.core->identity_secret());
  auto handle = std::make_unique<drl_limiter>();
  handle->policies = std::move(*policies);
  handle->core = new engine::Limiter(std::move(plan), std::move(keys), fail_strategy, space, name,
                                     client.core->SeriesFor(space, name));
  handle->client = client.core;
  handle->client->Ref();
  *limiter = handle.release();
  return {};
}

Status WriteKey(const drl_limiter* limiter, const void* identity, size_t identity_len, std::span<char> out,
                size_t* key_len) {
  Status status = CheckHandle(limiter, "limiter");
  if (!status.ok()) return status;
  if (out.data() == nullptr) return Null("key");
  if (identity == nullptr && identity_len != 0) return Null("identity");
  if (identity_len < 1 || identity_len > DRL_IDENTITY_LEN_MAX) {
    return {DRL_ERR_IDENTITY, "identity_len is " + std::to_string(identity_len) + ", must be 1..65536 bytes"};
  }
  core::Key made;
  limiter->core->keys().Make({static_cast<const uint8_t*>(identity), identity_len}, made);
  if (key_len != nullptr) *key_len = made.length;
  if (out.size() <= made.length) {
    return {DRL_ERR_BUFFER, "key_size must be at least " + std::to_string(made.length + 1)};
  }
  std::memcpy(out.data(), made.text, made.length + 1U);
  return {};
}

}  // namespace
}  // namespace drl::capi

using namespace drl::capi;

extern "C" {

drl_status drl_limiter_open(drl_client* client, const drl_limiter_options* options, drl_limiter** limiter,
                            drl_error* error) {
  return Fence(error, [&]() -> drl::base::Status {
    if (limiter == nullptr) return Null("limiter");
    *limiter = nullptr;
    drl::base::Status status = CheckHandle(client, "client");
    drl_limiter_options known;
    if (status.ok()) status = CopyOptions(options, "options", known);
    return status.ok() ? Open(*client, known, limiter) : status;
  });
}

void drl_limiter_close(drl_limiter* limiter) {
  Fence(nullptr, [&]() -> drl::base::Status {
    drl::base::Status status = CheckHandle(limiter, "limiter");
    if (!status.ok()) return status;
    limiter->magic = 0;
    limiter->core->Unref();
    limiter->client->Unref();
    delete limiter;
    return {};
  });
}

drl_status drl_limiter_allow(drl_limiter* limiter, const void* identity, size_t identity_len, int64_t cost,
                             drl_decision* decision, drl_error* error) {
  return DecideOne(limiter, AllowRequest(limiter, identity, identity_len, cost), decision, error);
}

drl_status drl_limiter_peek(drl_limiter* limiter, const void* identity, size_t identity_len, drl_decision* decision,
                            drl_error* error) {
  return DecideOne(limiter, AllowRequest(limiter, identity, identity_len, 0), decision, error);
}

drl_status drl_limiter_reset(drl_limiter* limiter, const void* identity, size_t identity_len, drl_error* error) {
  drl_decision unused;
  return DecideOne(limiter, ResetRequest(limiter, identity, identity_len), &unused, error);
}

drl_status drl_limiter_key(const drl_limiter* limiter, const void* identity, size_t identity_len, char* key,
                           size_t key_size, size_t* key_len, drl_error* error) {
  return Fence(error, [&] { return WriteKey(limiter, identity, identity_len, {key, key_size}, key_len); });
}

}  // extern "C"
