// The Redis key of an identity: drl:<namespace>:{<digest>}<fingerprint> and, where a limiter has a name, :<name>. The
// fingerprint is that of the plan (plan.h).
//
// digest = first 128 bits, base64url without padding, of SHA-256 (or, with a secret, HMAC-SHA-256) over
//     u32be(length of namespace) namespace u32be(length of identity) identity
// Length prefixes keep `a:b` + `c` apart from `a` + `b:c`. The braces are the hash tag of Redis Cluster: all limiters of an
// identity live in one slot.
#pragma once

#include <sodium.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/plan.h"
#include "core/text.h"

namespace drl::core {

inline constexpr size_t kDigestLen = 22;
inline constexpr size_t kKeyLenMax = 4 + kLabelLenMax + 2 + kDigestLen + 1 + kFingerprintLen + 1 + kLabelLenMax;

// A key in place: no allocation on the path of a request.
struct Key {
  uint8_t length = 0;
  uint32_t hash = 0;  // equal keys have equal ones
  char text[kKeyLenMax + 1];

  [[nodiscard]] std::string_view view() const { return {text, length}; }
};
static_assert(kKeyLenMax <= 255);

// Makes the keys of one limiter. Immutable after construction: any thread may call Make.
class KeyMaker {
 public:
  // Labels are already checked (IsLabel); `secret` empty means plain SHA-256.
  KeyMaker(std::string_view key_namespace, std::string_view name, std::string_view fingerprint,
           std::span<const uint8_t> secret);

  void Make(std::span<const uint8_t> identity, Key& key) const;

 private:
  uint32_t salt_ = 0;   // of the hashes of this limiter's keys
  std::string prefix_;  // "drl:<namespace>:{"
  std::string suffix_;  // "}<fingerprint>" and perhaps ":<name>"
  std::string hashed_prefix_;  // length-prefixed namespace
  std::optional<crypto_auth_hmacsha256_state> hmac_;  // keyed, and already past the namespace
};

}  // namespace drl::core
