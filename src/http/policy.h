// What a limiter always says about itself: the names of its quotas, rendered once when it opens. Their sizes come with each
// decision: they are those of the limits in force.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace drl::http {

inline constexpr size_t kPoliciesMax = 8;
inline constexpr size_t kPolicyNameLenMax = 64;

// Seconds that hold `us` microseconds, rounded up; below zero counts as zero.
[[nodiscard]] constexpr int64_t CeilSeconds(int64_t us) {
  return us <= 0 ? 0 : us / 1'000'000 + (us % 1'000'000 != 0 ? 1 : 0);
}

class PolicySet {
 public:
  PolicySet() = default;  // of no limit: no decision fits it

  // Names the nameless ("default" when there is one limit, else "limit-1" and so on) and checks: printable ASCII,
  // at most 64, no two alike, since a client tells its quotas apart by name.
  static base::Result<PolicySet> Compile(std::span<const std::string_view> names);

  [[nodiscard]] size_t size() const { return rendered_.size(); }
  [[nodiscard]] const std::string& name(size_t i) const { return rendered_[i].name; }
  // The name as a Structured Field String, quotes included.
  [[nodiscard]] const std::string& quoted(size_t i) const { return rendered_[i].quoted; }

 private:
  struct Rendered {
    std::string name;
    std::string quoted;
  };

  std::vector<Rendered> rendered_;
};

}  // namespace drl::http
