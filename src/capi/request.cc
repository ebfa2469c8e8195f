#include "drl/request.h"

#include <array>
#include <cstddef>

#include "capi/fence.h"
#include "capi/handles.h"

static_assert(sizeof(drl_request) == 96 && offsetof(drl_request, identity) == 16 &&
              offsetof(drl_request, fail_strategy) == 56);
static_assert(sizeof(drl_limit_state) == 40);
static_assert(sizeof(drl_decision) == 472 && offsetof(drl_decision, limit) == 32 &&
              offsetof(drl_decision, decided_at_us) == 72 && offsetof(drl_decision, limits) == 88);

namespace drl::capi {
namespace {

using base::Status;

constexpr size_t kRequestSizeFirst = 96;

Status OutOfRange(drl_status code, const char* argument, int64_t value, const char* range) {
  return {code, std::string(argument) + " is " + std::to_string(value) + ", must be " + range};
}

Status CheckNumbers(const drl_request& request) {
  if (request.cost < 0 || request.cost > core::kTokensMax) {
    return OutOfRange(DRL_ERR_COST, "cost", request.cost, "0..1000000000000 tokens");
  }
  if (request.operation != DRL_OPERATION_ALLOW && request.cost != 0) {
    return OutOfRange(DRL_ERR_COST, "cost", request.cost, "0 where nothing is taken");
  }
  if (request.headroom < 0 || request.headroom > core::kTokensMax) {
    return OutOfRange(DRL_ERR_OPTION, "headroom", request.headroom, "0..1000000000000 tokens");
  }
  if (request.operation == DRL_OPERATION_RESET && request.headroom != 0) {
    return OutOfRange(DRL_ERR_OPTION, "headroom", request.headroom, "0 for a reset");
  }
  if (request.timeout_us != 0 && (request.timeout_us < 1000 || request.timeout_us > 3'600'000'000)) {
    return OutOfRange(DRL_ERR_OPTION, "timeout_us", request.timeout_us, "1000..3600000000 microseconds");
  }
  if (request.fail_strategy < DRL_FAIL_DEFAULT || request.fail_strategy > DRL_FAIL_ERROR) {
    return OutOfRange(DRL_ERR_FAIL_STRATEGY, "fail_strategy", request.fail_strategy, "one of DRL_FAIL_*");
  }
  return {};
}

Status CheckUnused(const drl_request& request) {
  Status status = CheckReserved(request.flags, "flags");
  if (status.ok()) status = CheckReserved(request.reserved0, "reserved0");
  for (size_t i = 0; status.ok() && i < std::size(request.reserved); ++i) {
    status = CheckReserved(request.reserved[i], "reserved[" + std::to_string(i) + "]");
  }
  return status;
}

}  // namespace

Status CheckRequest(const drl_request& request, const engine::Client& client, engine::Ask& made) {
  Status status = CheckHandle(request.limiter, "limiter");
  if (!status.ok()) return status;
  if (request.limiter->client != &client) return {DRL_ERR_HANDLE, "limiter is of another client"};
  if (request.operation < DRL_OPERATION_ALLOW || request.operation > DRL_OPERATION_RESET) {
    return OutOfRange(DRL_ERR_OPTION, "operation", request.operation, "one of DRL_OPERATION_*");
  }
  if (request.identity == nullptr && request.identity_len != 0) return Null("identity");
  if (request.identity_len < 1 || request.identity_len > DRL_IDENTITY_LEN_MAX) {
    return {DRL_ERR_IDENTITY, "identity_len is " + std::to_string(request.identity_len) + ", must be 1..65536 bytes"};
  }
  status = CheckNumbers(request);
  if (status.ok()) status = CheckUnused(request);
  if (!status.ok()) return status;
  engine::Limiter* limiter = request.limiter->core;
  made.limiter = limiter;
  made.identity = {static_cast<const uint8_t*>(request.identity), request.identity_len};
  made.question = {request.cost, request.headroom};
  made.kind = request.operation == DRL_OPERATION_RESET ? nodes::RequestKind::kReset : nodes::RequestKind::kAllow;
  made.timeout = request.timeout_us;
  made.fail_strategy = request.fail_strategy == DRL_FAIL_DEFAULT ? limiter->fail_strategy() : request.fail_strategy;
  return {};
}

Status CheckRequest(const drl_request* requests, size_t size, size_t index, const engine::Client& client,
                    engine::Ask& made) {
  if (requests == nullptr) return Null("requests");
  if (size < kRequestSizeFirst || size > kStructSizeMax) {
    return {DRL_ERR_CAPACITY, "request_size is " + std::to_string(size) + ", must be sizeof(drl_request)"};
  }
  drl_request request;
  Status status = CopyStruct(reinterpret_cast<const unsigned char*>(requests) + index * size, size, kRequestSizeFirst,
                             "request_size", request);
  return status.ok() ? CheckRequest(request, client, made) : status;
}

namespace {

Status WouldBlock() { return {DRL_ERR_REENTRANT, "a blocking call was made from a callback"}; }

Status CheckAll(const engine::Client& client, const drl_request* requests, size_t size, std::span<engine::Ask> made) {
  for (size_t i = 0; i < made.size(); ++i) {
    Status status = CheckRequest(requests, size, i, client, made[i]);
    if (status.ok()) continue;
    return made.size() == 1 ? status
                            : Status(status.code(), "requests[" + std::to_string(i) + "]." + status.message());
  }
  return {};
}

Status DecideAll(engine::Client& client, const drl_request* requests, size_t size, int32_t count, drl_decision* decisions,
                 engine::Summary& summary) {
  if (requests == nullptr) return Null("requests");
  if (decisions == nullptr) return Null("decisions");
  if (count < 1 || count > DRL_REQUESTS_MAX) {
    return {DRL_ERR_CAPACITY, "count is " + std::to_string(count) + ", must be 1..4096 requests"};
  }
  std::array<engine::Ask, 4> few;
  std::vector<engine::Ask> many(static_cast<size_t>(count) > few.size() ? static_cast<size_t>(count) : 0);
  const std::span<engine::Ask> made =
      many.empty() ? std::span(few).first(static_cast<size_t>(count)) : std::span(many);
  Status status = CheckAll(client, requests, size, made);
  if (!status.ok()) return status;
  if (engine::InCallback()) return WouldBlock();
  client.Decide(made, decisions, summary);
  return {};
}

// A degraded decision is an answer (DRL_OK) whose cause the caller may still want to read.
drl_status Report(drl_status checked, const engine::Summary& summary, drl_error* error) {
  if (checked != DRL_OK || summary.cause().ok()) return checked;
  base::Report(summary.cause(), error);
  return summary.status();
}

}  // namespace

drl_status DecideOne(drl_limiter* limiter, const drl_request& request, drl_decision* decision, drl_error* error) {
  engine::Summary summary;
  const drl_status checked = Fence(error, [&]() -> Status {
    if (decision == nullptr) return Null("decision");
    Status status = CheckHandle(limiter, "limiter");
    return status.ok() ? DecideAll(*limiter->client, &request, sizeof request, 1, decision, summary) : status;
  });
  return Report(checked, summary, error);
}

}  // namespace drl::capi

using namespace drl::capi;

extern "C" {

drl_status drl_client_decide(drl_client* client, const drl_request* requests, size_t request_size, int32_t count,
                             drl_decision* decisions, drl_error* error) {
  drl::engine::Summary summary;
  const drl_status checked = Fence(error, [&]() -> drl::base::Status {
    drl::base::Status status = CheckHandle(client, "client");
    return status.ok() ? DecideAll(*client->core, requests, request_size, count, decisions, summary) : status;
  });
  return Report(checked, summary, error);
}

drl_status drl_client_decide_callback(drl_client* client, const drl_request* request, size_t request_size,
                                      drl_error* error, drl_decision_callback callback, void* user) {
  return Fence(error, [&]() -> drl::base::Cause {
    if (callback == nullptr) return Null("callback");
    drl::base::Status status = CheckHandle(client, "client");
    drl::engine::Ask made;
    if (status.ok()) status = CheckRequest(request, request_size, 0, *client->core, made);
    return status.ok() ? client->core->DecideLater(made, callback, user) : drl::base::Cause(status);
  });
}

drl_status drl_limiter_allow_callback(drl_limiter* limiter, const void* identity, size_t identity_len, int64_t cost,
                                      drl_error* error, drl_decision_callback callback, void* user) {
  return Fence(error, [&]() -> drl::base::Cause {
    if (callback == nullptr) return Null("callback");
    drl::base::Status status = CheckHandle(limiter, "limiter");
    if (!status.ok()) return status;
    drl::engine::Ask made;
    status = CheckRequest(AllowRequest(limiter, identity, identity_len, cost), *limiter->client, made);
    return status.ok() ? limiter->client->DecideLater(made, callback, user) : drl::base::Cause(status);
  });
}

}  // extern "C"
