#include "drl/log.h"

#include <cstddef>

#include "capi/fence.h"
#include "capi/handles.h"

static_assert(sizeof(drl_log_line) == 512 && offsetof(drl_log_line, level) == 8 && offsetof(drl_log_line, message) == 16);

using namespace drl::capi;

extern "C" {

int32_t drl_client_log_fd(drl_client* client) {
  int32_t fd = -1;
  Fence(nullptr, [&]() -> drl::base::Status {
    drl::base::Status status = CheckHandle(client, "client");
    if (status.ok()) fd = client->core->log_fd();
    return status;
  });
  return fd;
}

drl_status drl_client_log_drain(drl_client* client, drl_log_line* lines, int32_t capacity, int32_t* count,
                                int64_t* dropped, drl_error* error) {
  return Fence(error, [&]() -> drl::base::Status {
    drl::base::Status status = CheckHandle(client, "client");
    if (!status.ok()) return status;
    if (lines == nullptr) return Null("lines");
    if (count == nullptr) return Null("count");
    if (dropped == nullptr) return Null("dropped");
    *count = 0;
    *dropped = 0;
    if (capacity < 1) return {DRL_ERR_CAPACITY, "capacity is " + std::to_string(capacity) + ", must be at least 1"};
    size_t taken = 0;
    status = client->core->DrainLog({lines, static_cast<size_t>(capacity)}, taken, *dropped);
    *count = static_cast<int32_t>(taken);
    return status;
  });
}

}  // extern "C"
