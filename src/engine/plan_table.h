// The plans that the limiters of one client point at: equal limits under one namespace and name are one plan, so that their
// requests travel together.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "core/plan.h"

namespace drl::engine {

class PlanTable {
 public:
  // Names made from user input cannot fill the memory: beyond so many each limiter has a plan of its own.
  static constexpr size_t kNamesMax = 1000;
  static constexpr size_t kPlansOfNameMax = 16;

  // Any thread. `other`: this is the first time that the name is seen with limits that do not share its buckets.
  std::shared_ptr<const core::Plan> For(const std::string& key_namespace, const std::string& name, core::Limits limits,
                                        bool& other);

  // In a forked child, before its first use there: the lock may be held by a thread that is not there.
  void Restart() { new (&mutex_) std::mutex; }

 private:
  struct Named {
    std::vector<std::shared_ptr<const core::Plan>> plans;
    bool told = false;  // of `other`
  };

  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Named> names_;
};

}  // namespace drl::engine
