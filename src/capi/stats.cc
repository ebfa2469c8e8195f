#include "drl/stats.h"

#include "capi/fence.h"
#include "capi/handles.h"

#include <cstring>

extern "C" drl_status drl_client_metrics(drl_client* client, char* text, size_t text_size, size_t* text_len,
                                         drl_error* error) {
  using namespace drl::capi;
  return Fence(error, [&]() -> drl::base::Status {
    drl::base::Status status = CheckHandle(client, "client");
    if (!status.ok()) return status;
    if (text == nullptr) return Null("text");
    if (text_len == nullptr) return Null("text_len");
    auto metrics = client->core->Metrics();
    if (!metrics.ok()) return metrics.status();
    *text_len = metrics->size();
    if (metrics->size() >= text_size) {
      return {DRL_ERR_BUFFER, "text_size is " + std::to_string(text_size) + ", more than " +
                                  std::to_string(metrics->size()) + " bytes are needed"};
    }
    std::memcpy(text, metrics->c_str(), metrics->size() + 1);
    return {};
  });
}

extern "C" drl_status drl_client_stats(drl_client* client, drl_stats* stats, drl_error* error) {
  using namespace drl::capi;
  return Fence(error, [&]() -> drl::base::Status {
    drl::base::Status status = CheckHandle(client, "client");
    if (status.ok()) status = CheckStruct(stats, "stats");
    return status.ok() ? client->core->ReadStats(*stats) : status;
  });
}
