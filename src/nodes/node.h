// One server: the connection to it, what is asked of it, and what is known of it: its clock, its health, how long it takes,
// whether it runs the script.
//
// Whoever runs the loop turns it: Advance, Dispatch and Expire in each cycle, Receive when its socket has something. It neither
// sleeps nor blocks, and reads no clock and no socket but those it was given. Where memory runs out, in the midst of whatever, it
// throws std::bad_alloc, and Abort then ends all requests and gives the connection up, for which it needs none.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>

#include "base/clock.h"
#include "nodes/breaker.h"
#include "nodes/link.h"
#include "nodes/pipeline.h"
#include "nodes/proof.h"
#include "nodes/renewal.h"
#include "nodes/service_time.h"

namespace drl::nodes {

struct NodeOptions {
  base::Micros timeout = 100'000;  // of most requests
  base::Micros connect_timeout = 1'000'000;
  int requests_per_command_max = core::kRequestsPerCommandMax;
};

struct NodeCounters : PipelineCounters {
  base::Counter connects, connect_failures;
  std::atomic<bool> connected{false};
};

// What a node works with.
struct Surroundings {
  const base::Clock& clock;
  Endings& endings;
  Notes& notes;
  const FirstNamespace& first_namespace;  // of the client
  uint64_t seed;                          // of jitter
};

class Node {
 public:
  // `endpoint` and the credentials say how to log in, the connector how to get there.
  Node(const NodeOptions& options, const redis::Endpoint& endpoint, std::unique_ptr<redis::Connector> connector,
       std::unique_ptr<redis::Credentials> credentials, const Surroundings& surroundings);

  // Any thread.
  [[nodiscard]] Breaker& breaker() { return breaker_; }
  [[nodiscard]] const Breaker& breaker() const { return breaker_; }
  [[nodiscard]] Readiness& readiness() { return readiness_; }
  [[nodiscard]] const ServiceTime& service_time() const { return service_time_; }
  [[nodiscard]] const NodeCounters& counters() const { return counters_; }

  // Begins to connect.
  void Begin(base::Micros now);
  void TakeUp(Request& request) { pipeline_.TakeUp(request); }
  // Carries on connecting and probing. False when the connection was lost.
  bool Advance(base::Micros now);
  // Writes what may go. False when the connection was lost.
  bool Dispatch(base::Micros now);
  void Expire(base::Micros now) { pipeline_.Expire(now); }
  // Reads once, or until nothing is left that its socket would not show, and takes all whole replies. True when something came.
  bool Receive();
  // Memory has run out.
  void Abort(base::Micros now) noexcept;
  // The end: ends every request.
  void Close(drl_status cause, std::string_view why);

  [[nodiscard]] bool ready() const { return link_.ready(); }
  // What shows on watch_fd is the I/O thread's: Advance takes care of it.
  [[nodiscard]] int watch_fd() const { return link_.watch_fd(); }
  void WatchDue() { link_.WatchDue(); }
  [[nodiscard]] bool watch_due() const { return link_.watch_due(); }
  // Nothing is under way, and nothing will be unless somebody asks.
  [[nodiscard]] bool idle() const;
  [[nodiscard]] size_t commands_in_flight() const { return pipeline_.in_flight(); }
  [[nodiscard]] int poll_fd() const { return link_.poll_fd(); }
  [[nodiscard]] bool wants_write() const { return link_.wants_write(); }
  // The earliest deadline of a request; and when Advance or Expire have something to do.
  [[nodiscard]] base::Micros NextDeadline() const { return pipeline_.NextDeadline(); }
  [[nodiscard]] base::Micros NextTimer() const;

  // In a forked child: gives up the parent's descriptors and nothing else.
  void Abandon() const { link_.Abandon(); }

 private:
  void AdvanceLink(base::Micros now);
  bool ReceiveOnce();
  void LinkReady(base::Micros now);
  void LinkFailed(base::Micros now);
  void KeepProbing(base::Micros now);
  void Probe(base::Micros now);
  void KeepLoggedIn(base::Micros now);
  void TellOwed() { breaker_.Owes(pipeline_.oldest_sent_at()); }
  void TakeReply(const redis::Reply& reply, base::Micros now);
  void TakeReplyOf(const Command& command, const redis::Reply& reply, base::Micros now);
  void TakeDecisions(const Command& command, const redis::Reply& reply, base::Micros now);
  void TakeRenewed(const redis::Reply& reply, base::Micros now);
  void TakeLoaded(const redis::Reply& reply, base::Micros now);
  void TakeError(const Command& command, const redis::Reply& reply, base::Micros now);
  void Lose(const base::Status& status, base::Micros now);
  void Say(int32_t level, const std::string& text, base::Micros now);
  // Whether the server is to be asked when the time has come.
  [[nodiscard]] bool wants_probe() const {
    return link_.ready() && pipeline_.in_flight() == 0 && !pipeline_.script_missing() && (!proof_.ran() || breaker_.refuses());
  }
  [[nodiscard]] bool wants_connection() const {
    return pipeline_.waiting() || breaker_.demanded() || readiness_.awaited();
  }
  [[nodiscard]] base::Micros SilenceMax() const { return std::max<base::Micros>(1'000'000, 2 * options_.timeout); }

  const NodeOptions options_;
  const base::Clock& clock_;
  Notes& notes_;
  Breaker breaker_;
  Readiness readiness_;
  NodeCounters counters_;
  ServiceTime service_time_;
  const std::unique_ptr<redis::Credentials> credentials_;
  Link link_;
  Renewal renewal_;
  RedisClock redis_clock_;
  Proof proof_;
  Pipeline pipeline_;
  base::Repeats failures_;  // to connect and log in
  base::Repeats turns_;     // connected, lost, and again, without ever running the script
};

}  // namespace drl::nodes
