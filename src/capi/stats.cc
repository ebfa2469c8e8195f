#include "drl/stats.h"

#include "capi/fence.h"
#include "capi/handles.h"

extern "C" drl_status drl_client_stats(drl_client* client, drl_stats* stats, drl_error* error) {
  using namespace drl::capi;
  return Fence(error, [&]() -> drl::base::Status {
    drl::base::Status status = CheckHandle(client, "client");
    if (status.ok()) status = CheckStruct(stats, "stats");
    return status.ok() ? client->core->ReadStats(*stats) : status;
  });
}
