// The loop of the I/O thread: takes submissions, turns the nodes, ends requests, wakes callers, sleeps.
//
// Everything here runs on the one thread that holds the baton (baton.h) and never blocks, except in Rest and SleepForReply. Each
// request is ended exactly once (nodes/fate.h). Where memory runs out, in the midst of whatever, the connections are given up.
#pragma once

#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>

#include "base/log.h"
#include "engine/baton.h"
#include "engine/counters.h"
#include "engine/credentials_callback.h"
#include "engine/log_ring.h"
#include "engine/sleepers.h"
#include "engine/slot_pool.h"
#include "engine/spin.h"
#include "engine/wakeup.h"
#include "nodes/topology.h"

namespace drl::engine {

// The application's hook on decisions; off when null.
struct Observer {
  drl_decision_observer callback = nullptr;
  void* user = nullptr;
};

struct EngineOptions {
  redis::Endpoint endpoint;
  std::shared_ptr<CredentialsCallback> credentials;  // null: those of the endpoint
  base::Micros timeout = 100'000;
  base::Micros connect_timeout = 1'000'000;
  uint32_t queue_capacity = 16384;
  bool spin = true;
  bool drive = true;
  int requests_per_command_max = core::kRequestsPerCommandMax;
  base::Log log;
  Observer observer;
};

// What callers and the I/O thread share, beside the nodes.
struct Shared {
  explicit Shared(const EngineOptions& options)
      : pool(options.queue_capacity),
        log(options.log),
        lone_trial(options.spin, true),
        crowd_trial(options.spin, false) {}

  SlotPool pool;
  nodes::Submissions submissions;
  nodes::Submissions answered;  // requests of callbacks whose answer is known: see Engine::AnswerLater
  Counters counters;
  LogRing log;
  Baton baton;
  Wakeup wakeup;
  std::atomic<bool> stopping{false};
  SpinTrial lone_trial;   // by callers: spinning beside one or two requests
  SpinTrial crowd_trial;  // by the loop, a sample for each command: its own spinning beside more

  // Requests waiting or under way.
  [[nodiscard]] int64_t load() const { return pool.in_use(); }

  // There is something for the I/O thread to do.
  [[nodiscard]] bool has_news() const { return wakeup.has_news(); }
  // Any thread: the I/O thread has something to do, which was written just before.
  void Wake() { wakeup.Tell(); }
};

class Loop final : private nodes::Endings {
 public:
  Loop(const EngineOptions& options, Shared& shared, const base::Clock& clock, const nodes::Topology& topology,
       nodes::Notes& notes);

  // For whoever makes the nodes: this is where their requests end.
  [[nodiscard]] nodes::Endings& endings() { return *this; }

  // The I/O thread: runs until shared.stopping; then ends every request with DRL_ERR_CLOSED.
  void Run();
  // The same in pieces, for who sleeps otherwise: the beginning; what can be done without sleep, false when it is over; when there
  // is more to do in any case; the replies that have come; the end, which ends all requests.
  void Begin();
  bool Turn();
  [[nodiscard]] base::Micros NextTimer() const;
  // Takes what has come from each node with at least so many commands under way. True when something had.
  bool Receive(size_t commands_min);
  void Shutdown();

  // A caller that holds the baton: runs the loop for its own requests, linked from the newest to the oldest, and spins so long
  // before it sleeps. Returns when they have ended, or before, when something came up for the I/O thread. False when there is
  // work left for that.
  bool Drive(Slot* newest, base::Micros spin) noexcept;

 private:
  static constexpr size_t kNodesMax = 1;
  // What to sleep on: the bell, and of each node the socket and what it watches.
  using Polled = std::array<pollfd, 1 + 2 * kNodesMax>;

  // loop.cc: the cycle
  bool TurnUntilRest();
  [[nodiscard]] bool TakeNews();
  void TakeUp(nodes::RequestList& fresh);
  bool Cycle();
  void Rest();
  [[nodiscard]] bool idle() const;
  bool SpinForWork(base::Micros now, bool lent);
  [[nodiscard]] Polled Sockets(short events) const;
  bool Sleep(Polled& polled, base::Micros wait);
  void ReceiveFrom(const Polled& polled);
  void Abort() noexcept;
  void WriteNotes();

  // drive.cc: the part that a caller may run
  bool DriveOnce(base::Micros spin);
  bool SpinForReply(base::Micros now, base::Micros budget);
  void SleepForReply();
  [[nodiscard]] base::Micros NextDeadline() const;

  // endings.cc: how a request ends
  void Decided(nodes::Request& request, const core::Verdict& verdict, int64_t redis_us, base::Micros now) override;
  bool Failed(nodes::Request& request, drl_status cause, int32_t charged, std::string_view why) override;
  void LetGo(nodes::Request& request) override { shared_.pool.Release(SlotOf(request)); }
  void CommandAnswered(base::Micros waited) override;
  void Tell(Slot& slot);
  void EndAnswered(nodes::RequestList& answered);

  Shared& shared_;
  const base::Clock& clock_;
  const nodes::Topology& topology_;
  nodes::Notes& notes_;
  Sleepers sleepers_;
  Spin spin_;
  bool driven_ = false;  // by a caller
};

}  // namespace drl::engine
