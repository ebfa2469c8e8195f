#include "drl/stats.h"

#include "capi/fence.h"
#include "capi/handles.h"

#include <algorithm>
#include <cstring>

namespace {

constexpr size_t kStatsSizeFirst = 424;
static_assert(sizeof(drl_stats) >= kStatsSizeFirst);

}  // namespace

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
    if (status.ok() && stats == nullptr) status = Null("stats");
    if (!status.ok()) return status;
    const uint32_t size = stats->struct_size;
    if (size < kStatsSizeFirst || size > kStructSizeMax) {
      return {DRL_ERR_STRUCT_SIZE, "stats->struct_size is " + std::to_string(size) + ", must be at least " +
                                       std::to_string(kStatsSizeFirst) + ": use the _INIT macro"};
    }
    drl_stats known = DRL_STATS_INIT;
    status = client->core->ReadStats(known);
    if (!status.ok()) return status;
    std::memset(static_cast<void*>(stats), 0, size);
    std::memcpy(static_cast<void*>(stats), &known, std::min<size_t>(size, sizeof known));
    stats->struct_size = size;
    return {};
  });
}
