// How long a server, with the way to it, takes for one decision of late: for shedding what cannot meet its deadline.
//
// Replies that come together are one after the other in the server, so times and decisions are summed up before they are divided;
// and a full command weighs more than a lone one.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "core/command.h"

namespace drl::nodes {

class ServiceTime {
 public:
  // Any thread. Nanoseconds; 0: not known.
  [[nodiscard]] int64_t ns() const { return ns_.load(std::memory_order_relaxed); }

  // Whoever runs the loop: a reply has come, of whatever kind but a probe's: waiting behind one says nothing about the server.
  void Replied(base::Micros now) { last_reply_at_ = now; }
  // The same, with so many decisions.
  void Decided(base::Micros sent_at, int count, base::Micros now) {
    // A small command that waited behind no other says how long the way is, not what the server can take.
    if (count > 0 && (sent_at < last_reply_at_ || count >= core::kRequestsPerCommandMax / 2)) {
      const auto busy = static_cast<double>(now - std::max(sent_at, last_reply_at_));
      busy_us_ = busy_us_ * kMemory + std::min(busy, kDecisionMaxUs * count);
      decided_ = decided_ * kMemory + count;
      ns_.store(static_cast<int64_t>(busy_us_ * 1'000 / decided_), std::memory_order_relaxed);
    }
    Replied(now);
  }

 private:
  static constexpr double kDecisionMaxUs = 1'000;
  static constexpr double kMemory = 31.0 / 32;

  base::Micros last_reply_at_ = 0;
  double busy_us_ = 0;  // and the decisions made in that time
  double decided_ = 0;
  alignas(64) std::atomic<int64_t> ns_{0};
};

}  // namespace drl::nodes
