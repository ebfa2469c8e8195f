// The counters as Prometheus text exposition, version 0.0.4:
// https://prometheus.io/docs/instrumenting/exposition_formats/
#pragma once

#include <list>
#include <mutex>
#include <string>

#include "drl/stats.h"
#include "engine/counters.h"

namespace drl::engine {

// Counters by namespace and limiter name. They stay as long as the client, so they never go back; their number is bounded, so a
// name made from user input cannot fill the memory of whoever scrapes.
class SeriesTable {
 public:
  static constexpr size_t kSeriesMax = 100;
  static constexpr const char* kOther = "_other";

  struct Series {
    std::string key_namespace;
    std::string name;
    Outcomes outcomes;
  };

  // Any thread. The counters of a pair, or the shared ones once the table is full. Stable until the table goes.
  Outcomes& For(const std::string& key_namespace, const std::string& name);

  // In a forked child, before its first use there: counts from zero. The lock may be held by a thread that is not there.
  void Restart();

  // Any thread.
  template <typename Visit>
  void ForEach(Visit visit) const {
    const std::lock_guard lock(mutex_);
    for (const Series& series : series_) visit(series);
  }

 private:
  mutable std::mutex mutex_;
  std::list<Series> series_;
};

[[nodiscard]] std::string RenderMetrics(const drl_stats& stats, const SeriesTable& table);

}  // namespace drl::engine
