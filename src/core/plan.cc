#include "core/plan.h"

#include <algorithm>
#include <string>

#include "core/digest.h"
#include "core/reply.h"

namespace drl::core {
namespace {

void PutU64(uint64_t value, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

}  // namespace

Plan::Plan(Limits limits) : limits_(std::move(limits)), reply_length_(VerdictLength(limits_)) {
  std::string text{'\x01', '\0', '\0'};
  PutU64(0, text);
  text.push_back(static_cast<char>(limits_.size()));
  for (const Limit& limit : limits_) {
    PutU64(static_cast<uint64_t>(limit.num()), text);
    PutU64(static_cast<uint64_t>(limit.den()), text);
    PutU64(static_cast<uint64_t>(limit.burst()), text);
    PutU64(0, text);
  }
  const Digest digest = Sha256(text);
  Base64Url({digest.data(), digest.size()}, fingerprint_);
}

bool Plan::IsSame(const Plan& other) const {
  return std::equal(limits_.begin(), limits_.end(), other.limits_.begin(), other.limits_.end(),
                    [](const Limit& a, const Limit& b) {
                      return a.rate() == b.rate() && a.per_us() == b.per_us() && a.burst() == b.burst();
                    });
}

bool Plan::Never(int64_t cost, int64_t headroom) const {
  return std::any_of(limits_.begin(), limits_.end(),
                     [=](const Limit& limit) { return cost + headroom > limit.burst(); });
}

}  // namespace drl::core
