// The reference model of lua/drl.lua: what the script means, in exact arithmetic, without Redis.
//
// A time is one rational here, a 128-bit numerator over the denominator of its limit; the script, which has only doubles, works
// with whole and remaining parts. Random programs run against both must agree to the last integer.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/limit.h"

namespace drl::core {

// What one key holds: the instants (microseconds since the script's epoch) at which its buckets are full.
struct KeyState {
  std::vector<Time> full_at;
  int64_t expires_at_ms = 0;
};

// A Redis that knows only the script.
class Model {
 public:
  // Decides one request at `now_us`, as one decision of a call. Returns the integers that the script replies.
  std::vector<int64_t> Decide(const std::string& key, const Limits& limits, int64_t cost, int64_t now_us);
  // Forgets a key; 1 if there was one.
  int64_t Reset(const std::string& key, int64_t now_us);

  // The state of a key that exists at `now_us`, or null.
  [[nodiscard]] const KeyState* Find(const std::string& key, int64_t now_us);

 private:
  std::map<std::string, KeyState> keys_;
};

}  // namespace drl::core
