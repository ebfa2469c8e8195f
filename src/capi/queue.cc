#include "drl/queue.h"

#include <cstddef>

#include "capi/fence.h"
#include "capi/handles.h"

static_assert(sizeof(drl_completion) == 648 && offsetof(drl_completion, decision) == 16);
static_assert(sizeof(drl_queue_options) == 16);

namespace drl::capi {
namespace {

using base::Status;

Status Submit(drl_queue* queue, const drl_request* request, size_t request_size, int64_t id) {
  Status status = CheckHandle(queue, "queue");
  if (!status.ok()) return status;
  engine::Ask made;
  status = CheckRequest(request, request_size, 0, queue->core->client(), made);
  return status.ok() ? queue->core->Submit(made, id) : status;
}

Status CheckDrain(const drl_queue* queue, const drl_completion* completions, int32_t capacity, int32_t* count) {
  Status status = CheckHandle(queue, "queue");
  if (!status.ok()) return status;
  if (completions == nullptr) return Null("completions");
  if (count == nullptr) return Null("count");
  *count = 0;
  if (capacity < 1) return {DRL_ERR_CAPACITY, "capacity is " + std::to_string(capacity) + ", must be at least 1"};
  return {};
}

}  // namespace
}  // namespace drl::capi

using namespace drl::capi;

extern "C" {

drl_status drl_queue_open(drl_client* client, const drl_queue_options* options, drl_queue** queue, drl_error* error) {
  return Fence(error, [&]() -> drl::base::Status {
    if (queue == nullptr) return Null("queue");
    *queue = nullptr;
    drl::base::Status status = CheckHandle(client, "client");
    drl_queue_options known = DRL_QUEUE_OPTIONS_INIT;
    if (status.ok() && options != nullptr) status = CopyOptions(options, "options", known);
    if (status.ok()) status = CheckReserved(known.reserved, "reserved");
    if (!status.ok()) return status;
    const int64_t capacity = known.capacity == 0 ? 4096 : known.capacity;
    if (capacity < 1 || capacity > 1'048'576) {
      return {DRL_ERR_CAPACITY, "capacity is " + std::to_string(capacity) + ", must be 1..1048576 calls"};
    }
    auto handle = std::make_unique<drl_queue>();
    auto core = drl::engine::Queue::Open(*client->core, capacity);
    if (!core.ok()) return core.status();
    handle->core = *core;
    *queue = handle.release();
    return {};
  });
}

void drl_queue_close(drl_queue* queue) {
  Fence(nullptr, [&]() -> drl::base::Status {
    drl::base::Status status = CheckHandle(queue, "queue");
    if (!status.ok()) return status;
    queue->magic = 0;
    queue->core->Close();
    delete queue;
    return {};
  });
}

int32_t drl_queue_fd(drl_queue* queue) {
  int32_t fd = -1;
  Fence(nullptr, [&]() -> drl::base::Status {
    drl::base::Status status = CheckHandle(queue, "queue");
    if (status.ok()) fd = queue->core->fd();
    return status;
  });
  return fd;
}

drl_status drl_queue_decide(drl_queue* queue, const drl_request* request, size_t request_size, int64_t id,
                            drl_error* error) {
  return Fence(error, [&] { return Submit(queue, request, request_size, id); });
}

drl_status drl_queue_submit(drl_queue* queue, drl_limiter* limiter, const void* identity, size_t identity_len,
                            int64_t cost, int64_t id, drl_error* error) {
  const drl_request request = AllowRequest(limiter, identity, identity_len, cost);
  return drl_queue_decide(queue, &request, sizeof request, id, error);
}

drl_status drl_queue_submit_reset(drl_queue* queue, drl_limiter* limiter, const void* identity, size_t identity_len,
                                  int64_t id, drl_error* error) {
  const drl_request request = ResetRequest(limiter, identity, identity_len);
  return drl_queue_decide(queue, &request, sizeof request, id, error);
}

drl_status drl_queue_cancel(drl_queue* queue, int64_t id, drl_error* error) {
  return Fence(error, [&]() -> drl::base::Status {
    drl::base::Status status = CheckHandle(queue, "queue");
    return status.ok() ? queue->core->Cancel(id) : status;
  });
}

drl_status drl_queue_drain(drl_queue* queue, drl_completion* completions, int32_t capacity, int32_t* count,
                           drl_error* error) {
  return Fence(error, [&]() -> drl::base::Status {
    drl::base::Status status = CheckDrain(queue, completions, capacity, count);
    if (!status.ok()) return status;
    *count = static_cast<int32_t>(queue->core->Drain({completions, static_cast<size_t>(capacity)}));
    return {};
  });
}

drl_status drl_queue_wait(drl_queue* queue, int64_t timeout_us, drl_completion* completions, int32_t capacity,
                          int32_t* count, drl_error* error) {
  return Fence(error, [&]() -> drl::base::Status {
    drl::base::Status status = CheckDrain(queue, completions, capacity, count);
    if (!status.ok()) return status;
    if (timeout_us < -1) return {DRL_ERR_OPTION, "timeout_us must be -1, 0 or positive"};
    if (timeout_us != 0 && drl::engine::InCallback()) {
      return {DRL_ERR_REENTRANT, "a blocking call was made from a callback"};
    }
    size_t got = 0;
    status = queue->core->Wait(timeout_us, {completions, static_cast<size_t>(capacity)}, got);
    *count = static_cast<int32_t>(got);
    return status;
  });
}

}  // extern "C"
