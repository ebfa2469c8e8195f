#include "engine/plan_table.h"

namespace drl::engine {

std::shared_ptr<const core::Plan> PlanTable::For(const std::string& key_namespace, const std::string& name,
                                                 core::Limits limits, bool& other) {
  auto plan = std::make_shared<const core::Plan>(std::move(limits));
  other = false;
  const std::lock_guard lock(mutex_);
  const auto found = names_.find({key_namespace, name});
  if (found == names_.end() && names_.size() >= kNamesMax) return plan;
  Named& named = names_[{key_namespace, name}];
  for (const auto& known : named.plans) {
    if (known->IsSame(*plan)) return known;
  }
  if (named.plans.size() >= kPlansOfNameMax) return plan;
  // The same limits in other terms are another plan, but have its fingerprint and buckets.
  other = !named.told && !named.plans.empty() && named.plans.front()->fingerprint() != plan->fingerprint();
  named.told = named.told || other;
  named.plans.push_back(plan);
  return plan;
}

}  // namespace drl::engine
