// Where requests end: whoever serves the callers is told here, by whoever talks to the servers.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "core/reply.h"
#include "drl/status.h"
#include "nodes/request.h"

namespace drl::nodes {

// Each request is ended by one of the first three, once, and is not the caller's any more from then on. None of them throws.
class Endings {
 public:
  // Redis decided it. `redis_us`: by its own clock, since the script's epoch.
  virtual void Decided(Request& request, const core::Verdict& verdict, int64_t redis_us, base::Micros now) = 0;
  // Redis did not. `charged`: one of DRL_CHARGED_.... False when its owner had given it up before.
  virtual bool Failed(Request& request, drl_status cause, int32_t charged, std::string_view why) = 0;
  // Its owner had given it up.
  virtual void LetGo(Request& request) = 0;

  // A command was answered whose requests waited so long on average.
  virtual void CommandAnswered(base::Micros waited) = 0;

 protected:
  ~Endings() = default;
};

}  // namespace drl::nodes
