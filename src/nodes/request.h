// A user's request, as those see it who talk to servers.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "base/list.h"
#include "core/key.h"
#include "core/plan.h"
#include "core/reply.h"
#include "nodes/fate.h"

namespace drl::nodes {

enum class RequestKind : uint8_t { kAllow, kReset };

// Requests whose keys a user of Redis may or may not touch alike: those of one limiter.
class Scope {
 public:
  // Whoever runs the loop: Redis has decided none of its requests yet, or refuses the keys of its namespace. They then travel in
  // commands of their own, where they have nobody else's refused.
  [[nodiscard]] bool apart() const { return apart_.load(std::memory_order_relaxed); }
  void SetApart(bool apart) { apart_.store(apart, std::memory_order_relaxed); }

 private:
  std::atomic<bool> apart_{true};
};

// What is asked, as far as the answer depends on it.
struct Asked {
  RequestKind kind = RequestKind::kAllow;
  Scope* scope = nullptr;
  const core::Plan* plan = nullptr;
  core::Question question;
};

struct Request : Asked {
  // Set by the owner before submission, then constant.
  core::Key key;
  uint8_t timeout_class = 0;  // requests of one class may share a deadline in Redis
  base::Micros submitted_at = 0;
  base::Micros deadline = 0;

  Fate fate;

  // Of the pipeline.
  bool alone = false;      // to be sent only beside requests of the same scope
  uint64_t sequence = 0;   // in the order of arrival
  drl_status taken_back_for = DRL_OK;  // why it waits to be sent again
  Request* next = nullptr; // in the submission stack or the pending list
};

using RequestList = base::ListBy<Request, &Request::next>;
using Submissions = base::StackBy<Request, &Request::next>;

}  // namespace drl::nodes
