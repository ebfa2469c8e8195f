#include "drl/limiter.h"

#include <array>
#include <cstddef>

#include "capi/fence.h"
#include "capi/handles.h"
#include "capi/policies.h"
#include "core/text.h"

static_assert(sizeof(drl_limit) == 48 && offsetof(drl_limit, name) == 24);
static_assert(sizeof(drl_limiter_options) == 64 && offsetof(drl_limiter_options, limits) == 48);
static_assert(sizeof(drl_request) == 32);
static_assert(sizeof(drl_decision) == 104 && offsetof(drl_decision, limit) == 24 &&
              offsetof(drl_decision, decided_at_us) == 64);

namespace drl::capi {

using base::Result;
using base::Status;

Status CheckRequest(drl_limiter* limiter, const void* identity, size_t identity_len, int64_t cost,
                    engine::SlotKind kind, engine::Request& request) {
  Status status = CheckHandle(limiter, "limiter");
  if (!status.ok()) return status;
  if (identity == nullptr && identity_len != 0) return Null("identity");
  if (identity_len < 1 || identity_len > DRL_IDENTITY_LEN_MAX) {
    return {DRL_ERR_IDENTITY, "identity_len is " + std::to_string(identity_len) + ", must be 1..65536 bytes"};
  }
  if (cost < 0 || cost > core::kTokensMax) {
    return {DRL_ERR_COST, "cost is " + std::to_string(cost) + ", must be 0..1000000000000 tokens"};
  }
  request = {limiter->core, {static_cast<const uint8_t*>(identity), identity_len}, cost, kind};
  return {};
}

namespace {

Status CheckLabels(const drl_limiter_options& options) {
  const char* space = options.key_namespace;
  if (space != nullptr && !core::IsLabel(space)) {
    return {DRL_ERR_NAMESPACE, "key_namespace must be 1 to 64 printable ASCII characters without spaces and braces"};
  }
  if (options.name != nullptr && !core::IsLabel(options.name)) {
    return {DRL_ERR_NAME, "name must be 1 to 64 printable ASCII characters without spaces and braces"};
  }
  if (options.fail_strategy < DRL_FAIL_OPEN || options.fail_strategy > DRL_FAIL_ERROR) {
    return {DRL_ERR_FAIL_STRATEGY, "fail_strategy is " + std::to_string(options.fail_strategy) +
                                       ", must be DRL_FAIL_OPEN, DRL_FAIL_CLOSED or DRL_FAIL_ERROR"};
  }
  return {};
}

Status Open(drl_client& client, const drl_limiter_options& options, drl_limiter** limiter) {
  Status status = CheckLabels(options);
  if (!status.ok()) return status;
  Result<core::Limits> limits = core::MakeLimits(options);
  if (!limits.ok()) return limits.status();
  Result<http::PolicySet> policies = CompilePolicies(*limits);
  if (!policies.ok()) return policies.status();
  if (client.core->engine(status) == nullptr) return status;
  const std::string name = options.name == nullptr ? "" : options.name;
  const std::string space = options.key_namespace == nullptr ? "default" : options.key_namespace;
  core::KeyMaker keys(space, name, client.core->identity_secret());
  auto handle = std::make_unique<drl_limiter>();
  handle->policies = std::move(*policies);
  handle->core = new engine::Limiter(std::move(*limits), std::move(keys), options.fail_strategy, space, name,
                                     client.core->SeriesFor(space, name));
  handle->client = client.core;
  handle->client->Ref();
  *limiter = handle.release();
  return {};
}

Status WouldBlock() { return {DRL_ERR_REENTRANT, "a blocking call was made from a callback"}; }

// A degraded decision is an answer (DRL_OK) whose cause the caller may still want to read.
drl_status ReportDecision(drl_status status, drl_status cause, const std::string& detail, drl_error* error) {
  base::Report(status != DRL_OK ? status : cause, detail, error);
  return status;
}

drl_status Allow(drl_limiter* limiter, const void* identity, size_t identity_len, int64_t cost, drl_decision* decision,
                 drl_error* error) {
  bool decided = false;
  std::string detail;
  const drl_status status = Fence(error, [&]() -> Status {
    if (decision == nullptr) return Null("decision");
    engine::Request request;
    Status checked = CheckRequest(limiter, identity, identity_len, cost, engine::SlotKind::kAllow, request);
    if (!checked.ok()) return checked;
    if (engine::InCallback()) return WouldBlock();
    const drl_status code = limiter->client->Decide(request, *decision, detail);
    decided = code == DRL_OK;
    return code == DRL_OK ? Status() : Status(code, detail);
  });
  return decided && decision->cause != DRL_OK ? ReportDecision(status, decision->cause, detail, error) : status;
}

Status AllowMany(drl_client* client, const drl_request* requests, int32_t count, drl_decision* decisions,
                 std::string& detail) {
  Status status = CheckHandle(client, "client");
  if (!status.ok()) return status;
  if (requests == nullptr) return Null("requests");
  if (decisions == nullptr) return Null("decisions");
  if (count < 1 || count > DRL_REQUESTS_MAX) {
    return {DRL_ERR_CAPACITY, "count is " + std::to_string(count) + ", must be 1..4096 requests"};
  }
  std::vector<engine::Request> checked(static_cast<size_t>(count));
  for (size_t i = 0; i < checked.size(); ++i) {
    const drl_request& request = requests[i];
    status = CheckRequest(request.limiter, request.identity, request.identity_len, request.cost,
                          engine::SlotKind::kAllow, checked[i]);
    if (status.ok() && request.limiter->client != client->core) {
      status = {DRL_ERR_HANDLE, "limiter is of another client"};
    }
    if (!status.ok()) return {status.code(), "requests[" + std::to_string(i) + "]." + status.message()};
  }
  if (engine::InCallback()) return WouldBlock();
  const drl_status code = client->core->DecideMany(checked, decisions, detail);
  return code == DRL_OK ? Status() : Status(code, detail);
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
    if (status.ok()) status = CheckStruct(options, "options");
    return status.ok() ? Open(*client, *options, limiter) : status;
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
  return Allow(limiter, identity, identity_len, cost, decision, error);
}

drl_status drl_limiter_peek(drl_limiter* limiter, const void* identity, size_t identity_len, drl_decision* decision,
                            drl_error* error) {
  return Allow(limiter, identity, identity_len, 0, decision, error);
}

drl_status drl_limiter_reset(drl_limiter* limiter, const void* identity, size_t identity_len, drl_error* error) {
  return Fence(error, [&]() -> drl::base::Status {
    drl::engine::Request request;
    drl::base::Status status =
        CheckRequest(limiter, identity, identity_len, 0, drl::engine::SlotKind::kReset, request);
    if (!status.ok()) return status;
    if (drl::engine::InCallback()) return WouldBlock();
    std::string detail;
    const drl_status code = limiter->client->Reset(request, detail);
    return code == DRL_OK ? drl::base::Status() : drl::base::Status(code, detail);
  });
}

drl_status drl_client_allow_many(drl_client* client, const drl_request* requests, int32_t count,
                                 drl_decision* decisions, drl_error* error) {
  std::string detail;
  const drl_status status =
      Fence(error, [&]() -> drl::base::Status { return AllowMany(client, requests, count, decisions, detail); });
  if (status != DRL_OK || detail.empty()) return status;
  for (int32_t i = 0; i < count; ++i) {
    if (decisions[i].cause != DRL_OK) return ReportDecision(DRL_OK, decisions[i].cause, detail, error);
  }
  return status;
}

}  // extern "C"
