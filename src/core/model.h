// The reference model of lua/drl.lua: what the script means, in exact arithmetic, without Redis.
//
// A time is one rational here, a 128-bit numerator over the denominator of its limit; the script, which has only doubles, works
// with whole and remaining parts. Random programs run against both must agree to the last integer.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/command.h"
#include "core/limit.h"
#include "core/reply.h"

namespace drl::core {

// What one key holds: the instants (microseconds since the script's epoch) at which its buckets are full.
struct KeyState {
  std::vector<Time> full_at;
  int64_t expires_at_ms = 0;

  friend bool operator==(const KeyState&, const KeyState&) = default;
};

// One request of a command.
struct ModelRequest {
  Operation operation = Operation::kTake;
  int64_t deadline = INT64_MAX;
  std::string key;
  const Limits* limits = nullptr;  // of kTake
  Question question;
};

// A Redis that knows only the script. A key is always met with the same limits.
class Model {
 public:
  // Decides the requests of one command at `now_us`. Returns the integers of the reply behind its head.
  std::vector<int64_t> Run(std::span<const ModelRequest> requests, int64_t now_us);

  // The state of a key that exists at `now_us`, or null.
  [[nodiscard]] const KeyState* Find(const std::string& key, int64_t now_us);

 private:
  using Wide = __int128;
  // A key during a command: read once, written once.
  struct Working {
    const KeyState* stored = nullptr;
    bool loaded = false;     // `debts` holds the state
    bool forgotten = false;  // since it was read
    bool ahead = false;      // the stored instant is not past, and was not cut
    bool changed = false;
    const Limits* limits = nullptr;
    std::vector<Wide> debts;  // numerators over each limit's denominator
  };

  static void Load(Working& key, const Limits& limits, int64_t now_us);
  static void Take(Working& key, const ModelRequest& request, int64_t now_us, std::vector<int64_t>& reply);
  static int64_t Forget(Working& key);
  void Store(const std::string& name, const Working& key, int64_t now_us);

  std::map<std::string, KeyState> keys_;
};

}  // namespace drl::core
