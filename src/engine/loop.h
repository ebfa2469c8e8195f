// The loop of the I/O thread: takes submissions, writes calls, reads replies, ends requests, keeps the connection.
//
// Everything here runs on the one thread that holds the baton (baton.h) and never blocks, except in Rest and SleepForReply. A
// request waits in `pending_` until it is written into a call; a call waits in `in_flight_` for its reply, which come in order.
// Whatever happens to the connection, each request is ended exactly once. Where memory runs out, in the midst of whatever, the
// connection is given up (LoseMemory): every request is then in `pending_`, `in_flight_` or `taken_`, and to end one needs none.
#pragma once

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/log.h"
#include "base/repeats.h"
#include "engine/baton.h"
#include "engine/breaker.h"
#include "engine/call.h"
#include "engine/counters.h"
#include "engine/link.h"
#include "engine/log_ring.h"
#include "engine/readiness.h"
#include "engine/redis_clock.h"
#include "engine/sleepers.h"
#include "engine/slot_pool.h"
#include "engine/spin.h"
#include "engine/wakeup.h"
#include "redis/error_map.h"

namespace drl::engine {

// The application's hook on decisions; off when null.
struct Observer {
  drl_decision_observer callback = nullptr;
  void* user = nullptr;
};

struct EngineOptions {
  redis::Endpoint endpoint;
  base::Micros timeout = 100'000;
  base::Micros connect_timeout = 1'000'000;
  uint32_t queue_capacity = 16384;
  bool spin = true;
  bool drive = true;
  int requests_per_command_max = core::kDecisionsPerCallMax;
  base::Log log;
  Observer observer;
};

// What callers and the I/O thread share.
struct Shared {
  Shared(const EngineOptions& options, const FirstNamespace& space)
      : pool(options.queue_capacity),
        log(options.log),
        first_namespace(space),
        lone_trial(options.spin, true),
        crowd_trial(options.spin, false) {}

  SlotPool pool;
  Submissions submissions;
  Submissions answered;  // requests of callbacks whose answer is known: see Engine::AnswerLater
  Breaker breaker;
  Counters counters;
  LogRing log;
  Readiness readiness;
  const FirstNamespace& first_namespace;  // of the client
  Baton baton;
  Wakeup wakeup;
  std::atomic<bool> stopping{false};
  SpinTrial lone_trial;   // by callers: spinning beside one or two calls
  SpinTrial crowd_trial;  // by the loop, a sample for each call to Redis: its own spinning beside more
  // Recent time of Redis and the wire for one decision, nanoseconds; for shedding.
  alignas(64) std::atomic<int64_t> service_ns{0};

  // Requests waiting or under way.
  [[nodiscard]] int64_t load() const { return pool.in_use(); }

  // There is something for the I/O thread to do.
  [[nodiscard]] bool has_news() const { return wakeup.has_news(); }
  // Any thread: the I/O thread has something to do, which was written just before.
  void Wake() { wakeup.Tell(); }
};

class Loop {
 public:
  Loop(const EngineOptions& options, Shared& shared, uint64_t seed);

  // The I/O thread: runs until shared.stopping; then ends every request with DRL_ERR_CLOSED.
  void Run();
  // A caller that holds the baton: runs the loop for its own requests, linked from the newest to the oldest, and spins so long
  // before it sleeps. Returns when they have ended, or before, when something came up for the I/O thread. False when there is
  // work left for that.
  bool Drive(Slot* newest, base::Micros spin) noexcept;

  // In a forked child: gives up the parent's descriptors and nothing else.
  void Abandon() const { link_.Abandon(); }

 private:
  // loop.cc: the cycle
  [[nodiscard]] bool TakeNews();
  void Cycle();
  void Rest();
  [[nodiscard]] bool idle() const;
  bool SpinForWork(base::Micros now, bool lent);
  bool Sleep(pollfd& socket, base::Micros wait);
  [[nodiscard]] pollfd Socket(short events) const;
  [[nodiscard]] base::Micros NextDeadline() const;
  [[nodiscard]] base::Micros NextTimer() const;
  [[nodiscard]] base::Micros SilenceMax() const { return std::max<base::Micros>(1'000'000, 2 * options_.timeout); }
  void AdvanceLink(base::Micros now);
  void LinkReady(base::Micros now);
  void LinkFailed(base::Micros now);
  [[nodiscard]] bool wants_connection() const {
    return !pending_.empty() || shared_.breaker.demanded() || shared_.readiness.awaited();
  }
  void KeepProbing(base::Micros now);
  // Whether the server is to be asked when the time has come.
  [[nodiscard]] bool wants_probe() const {
    return link_.ready() && in_flight_.empty() && !script_missing_ && (!script_ran_ || shared_.breaker.refuses());
  }
  void WriteNotes();
  void Shutdown();

  // drive.cc: the part that a caller may run
  bool DriveOnce(base::Micros spin);
  bool SpinForReply(base::Micros now, base::Micros budget);
  void SleepForReply();

  // proving.cc: whether the server runs the script
  void BeginToProve();
  void AskForProof(base::Micros now);
  void Refuse(const base::Status& why, base::Micros now);
  void Proved();
  void NoteError(CallKind kind, const redis::MappedError& error, std::string_view text, base::Micros now) noexcept;
  void SayError(CallKind kind, const redis::MappedError& error, std::string_view text, base::Micros now);
  void ExcuseProbe();
  void TakeAsked();
  void Complain(base::Repeats& repeats, const std::string& complaint, base::Micros now);

  // traffic.cc: calls out, replies in
  void TakeUp(SlotList& fresh);
  void Dispatch(base::Micros now);
  [[nodiscard]] bool MayDispatch() const;
  void WriteCall(base::Micros now);
  bool Receive();
  void TellOwed();
  void TakeReply(const redis::Reply& reply, base::Micros now);
  void TakeReplyOf(Call& call, const redis::Reply& reply, base::Micros now);
  void TakeVerdicts(Call& call, const redis::Reply& reply, base::Micros now);
  void TakeRefusal(Call& call, const redis::MappedError& error, std::string_view text, base::Micros now);
  void EndOvertaken(const Call& call, std::span<const int64_t> integers);
  void EndJudged(Slot& slot, const core::Verdict& verdict, const redis::Reply& reply, base::Micros now);
  void TakeError(Call& call, const redis::Reply& reply, base::Micros now);
  void EndDecided(Slot& slot, base::Micros now);
  void LearnServiceTime(const Call& call, base::Micros now);

  // endings.cc: how a request ends
  bool End(Slot& slot, drl_status cause, int32_t charged, std::string_view detail);
  void EndCall(Call& call, drl_status cause, int32_t charged, std::string_view detail);
  void EndPending(drl_status cause, std::string_view detail);
  void EndAnswered(SlotList& answered);
  void Requeue(Call& call, drl_status cause, std::string_view detail, base::Micros now);
  void Requeue(std::span<Slot*> slots, drl_status cause, std::string_view detail, base::Micros now);
  void TimeOut(Slot& slot, int32_t charged);
  void ExpireDeadlines(base::Micros now);
  void EndInFlight(const base::Status& status, base::Micros now);
  void LoseConnection(const base::Status& status, base::Micros now);
  void LoseMemory() noexcept;

  static constexpr size_t kCallsInFlightMax = 4;  // of those that carry many
  static constexpr base::Micros kProbeEvery = 100'000;
  static constexpr base::Micros kProbeSeldom = 1'000'000;  // while nobody waits for the answer

  const EngineOptions& options_;
  Shared& shared_;
  Link link_;
  RedisClock clock_;
  SlotList pending_;
  base::Micros pending_deadline_ = INT64_MAX;  // no request in it has an earlier one
  uint64_t sequence_ = 0;
  CallRing in_flight_;
  Call taken_;  // whose reply is being taken: what has ended of it is null
  CallWriter writer_;
  Sleepers sleepers_;
  int64_t tag_ = 0;
  base::Micros last_reply_at_ = 0;
  double busy_us_ = 0;  // of late, and the decisions made in that time
  double decided_ = 0;
  base::Micros probe_at_ = 0;
  bool probe_named_ = false;  // the last probe was about the namespace of a limiter
  bool script_ran_ = false;   // on this connection
  bool proof_pending_ = true; // the first probe of this connection was not answered: nothing is charged before
  base::Status unhealthy_;    // what a verdict said of the server: the connection is to be made anew
  base::Status refusal_;      // what this user may not do: nothing is charged until it may
  Spin spin_;
  bool draining_ = false;     // something is to be sent again: not before all under way has been answered
  bool script_missing_ = false;
  base::Repeats failures_;  // to connect and log in
  base::Repeats refusals_;  // of permissions
  bool driven_ = false;     // by a caller
  struct Note {
    int32_t level;
    std::string text;
  };
  std::vector<Note> notes_;  // for the log: the I/O thread writes them when everybody has been served
};

}  // namespace drl::engine
