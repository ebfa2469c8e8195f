// What must hold after an episode, over what callers were told and what the servers did:
//
// - each request ends once, and by its deadline;
// - who was told a decision was told one that a server made, of his request, while he waited; of one key in the order of asking;
// - what else ran is at most once what somebody was told may have run, and it ran before the deadline of that request;
// - no bucket grants more than its burst and what has flowed in since, by the server's clock; and, where that clock never stepped
//   back, it denies nothing that it could have granted;
// - once all faults have been over for a while, the first request is decided, and when for long, every one.
#pragma once

#include <span>
#include <string>

#include "drl/status.h"
#include "journal.h"
#include "keys.h"

namespace drl::simulation {

// A request, and what its caller was told. They stand in the order in which they were asked.
struct Told {
  int32_t key = -1;
  core::Operation operation = core::Operation::kTake;
  core::Question question;
  base::Micros asked_at = 0;
  base::Micros deadline = 0;
  base::Micros ended_at = -1;
  int ends = 0;
  bool cancelled = false;    // by its caller
  bool decided = false;      // by a server
  bool may_have_run = false; // not decided, and it is not said that it surely did not run
  drl_status cause = DRL_OK;
  int64_t server_us = 0;     // of the decision, since the script's epoch
  uint64_t mark = 0;         // of its debts
};

struct Bounds {
  base::Micros calm_from = INT64_MAX;    // who asks first from then on is decided
  base::Micros healed_from = INT64_MAX;  // who asks from then on is decided
  base::Micros lag = 0;                  // until the loop turns for who has just asked
  base::Micros clock_error = 0;          // by which a server may run a request after its deadline; INT64_MAX: any
};

// What does not hold; empty when everything does.
[[nodiscard]] std::string Check(const Keys& keys, std::span<const Told> told, const Journal& journal, const Bounds& bounds);

}  // namespace drl::simulation
