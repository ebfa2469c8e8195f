// What happens in an episode, as a list: what callers ask, and what goes wrong. A seed makes it, and it can be told again with parts
// left out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "catalogue.h"

namespace drl::simulation {

enum class ActionKind : uint8_t {
  kAsk,        // a key; b cost; c headroom; d time-out; e: together with the one before
  kForget,     // a key; d time-out
  kCancel,     // a: the request asked so many before
  kFlushScript,  // lasts until another client has loaded it; or until this one does
  kFlushState,
  kMood,       // a Mood; lasts
  kWrites,     // a Writes; lasts
  kSlow,       // a microseconds for each command; lasts
  kStop,       // a: the script is gone meanwhile; lasts
  kDown,       // a: the state is kept; b: connections are reset; c: the clock that comes up is so far off; lasts
  kCut,        // a Cut; b, c: of a thousand bytes under way, those that arrive at the server, at the client; d: until it is noticed
  kDoor,       // a Door; lasts
  kWay,        // a, b shortest and longest delay; c pieces; d room; lasts
  kStepClock,  // a microseconds
  kDrift,      // a parts per million
  kPassword,   // the server asks for one that the client does not have; lasts
  kSessions,   // a: no more of them; lasts
  kCloseAll,   // by the server; a: they are reset
  kRepeat,     // an answer comes twice, if there is one while it lasts
  kKeys,       // a: the plan whose keys the client may not touch; lasts
  kFailover,   // a: the state is lost; b: connections are reset; c: so many thousandths of the time are the election; lasts
  kSentinel,   // a: which sentinel; b: its Folly; c: a place; lasts
};

struct Action {
  base::Micros at = 0;     // since the episode began
  ActionKind kind = ActionKind::kAsk;
  base::Micros lasts = 0;  // of a fault that ends by itself
  int64_t a = 0;
  int64_t b = 0;
  int64_t c = 0;
  int64_t d = 0;
  int64_t e = 0;
};

struct Story {
  uint64_t seed = 0;
  bool older_server = false;
  bool watched = false;  // by sentinels
  int requests_per_command_max = 64;
  uint32_t queue_capacity = 16384;
  base::Micros timeout = 100'000;
  base::Micros connect_timeout = 1'000'000;
  base::Micros lag_max = 0;  // until the loop turns, when there is something for it
  base::Micros ends_at = 0;
  base::Micros calm_from = 0;    // all faults have been over for a while
  base::Micros healed_from = 0;  // all faults have been over for long
  base::Micros clock_error = 0;  // by which a server may run what is late, since its clock drifts or (INT64_MAX) steps
  std::vector<Action> actions;   // in the order of time
};

// How long after the last fault every request is decided again: a client that nobody asks waits up to 5 s before it connects.
inline constexpr base::Micros kHealsWithin = 6'000'000;
// And the first request, which waits for a connection.
inline constexpr base::Micros kServesWithin = 2'000'000;

[[nodiscard]] Story TellStory(uint64_t seed, const Catalogue& catalogue, bool watched = false);
// A line for a person.
[[nodiscard]] std::string Describe(const Action& action);

}  // namespace drl::simulation
