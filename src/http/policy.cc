#include "http/policy.h"

#include "http/structured_field.h"

namespace drl::http {
namespace {

using base::Result;
using base::Status;

std::string NameOf(std::span<const std::string_view> names, size_t i) {
  if (!names[i].empty()) return std::string(names[i]);
  return names.size() == 1 ? "default" : "limit-" + std::to_string(i + 1);
}

std::string Quoted(std::string_view name) {
  char text[2 * kPolicyNameLenMax + 2];
  TextWriter writer(text);
  PutSfString(name, writer);
  return std::string(writer.Since(0));
}

}  // namespace

Result<PolicySet> PolicySet::Compile(std::span<const std::string_view> names) {
  if (names.empty() || names.size() > kPoliciesMax) return Status(DRL_ERR_LIMITS, "a limiter has 1 to 8 limits");
  PolicySet set;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string argument = "limits[" + std::to_string(i) + "].name";
    const std::string name = NameOf(names, i);
    if (name.size() > kPolicyNameLenMax || !IsSfText(name)) {
      return Status(DRL_ERR_NAME, argument + " must be 1 to 64 printable ASCII characters");
    }
    for (const Rendered& other : set.rendered_) {
      if (other.name == name) return Status(DRL_ERR_NAME, argument + " is '" + name + "', which another limit has");
    }
    set.rendered_.push_back({name, Quoted(name)});
  }
  return set;
}

}  // namespace drl::http
