// What a limiter always says about itself: the names and sizes of its quotas, rendered once when it opens.
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

// One limit as HTTP sees it.
struct Policy {
  std::string_view name;  // empty: a default is made up
  int64_t quota = 0;      // tokens: burst
  int64_t window_s = 1;   // seconds in which an empty bucket fills
};

// Seconds that hold `us` microseconds, rounded up; below zero counts as zero.
[[nodiscard]] constexpr int64_t CeilSeconds(int64_t us) {
  return us <= 0 ? 0 : us / 1'000'000 + (us % 1'000'000 != 0 ? 1 : 0);
}

// The window of a limit whose empty bucket fills in `fill_us`: in whole seconds, at least one.
[[nodiscard]] constexpr int64_t WindowSeconds(int64_t fill_us) { return fill_us <= 0 ? 1 : CeilSeconds(fill_us); }

class PolicySet {
 public:
  PolicySet() = default;  // of no limit: no decision fits it

  // Names the nameless ("default" when there is one limit, else "limit-1" and so on) and checks: printable ASCII,
  // at most 64, no two alike, since a client tells its quotas apart by name.
  static base::Result<PolicySet> Compile(std::span<const Policy> policies);

  [[nodiscard]] size_t size() const { return rendered_.size(); }
  [[nodiscard]] const std::string& name(size_t i) const { return rendered_[i].name; }
  // The name as a Structured Field String, quotes included.
  [[nodiscard]] const std::string& quoted(size_t i) const { return rendered_[i].quoted; }
  [[nodiscard]] const std::string& quota(size_t i) const { return rendered_[i].quota; }
  // The value of RateLimit-Policy.
  [[nodiscard]] const std::string& header() const { return header_; }

 private:
  struct Rendered {
    std::string name;
    std::string quoted;
    std::string quota;
  };

  std::vector<Rendered> rendered_;
  std::string header_;
};

}  // namespace drl::http
