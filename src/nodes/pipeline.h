// What is asked of one server, and in which order: requests wait in `pending_` until they are written into a command; a command
// waits in `in_flight_` for its reply, and replies come in order; the command whose reply is being taken stands in `taken_`. A
// request is in one of the three until it has ended, and ends once, whatever happens to the connection. (On its way from one to the
// next it is in `writer_` or a list of a function's own, and nothing throws there.)
//
// What may have run is never sent again. What surely did not run (NOSCRIPT, past the deadline of its group, refused as a whole,
// not one byte of it left) goes back to the place it had, while it has time; and nothing is sent until all that is under way has
// been answered: what of that did not run either goes again behind it, and what ran may have overtaken some, which then end.
// So the requests of one key are decided in the order in which they were submitted.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "base/counter.h"
#include "base/sentence.h"
#include "drl/stats.h"
#include "nodes/breaker.h"
#include "nodes/command.h"
#include "nodes/endings.h"

namespace drl::nodes {

// Written by whoever runs the loop.
struct PipelineCounters {
  base::Counter late_replies, expired_in_redis, batches, batched_decisions;
  std::array<base::Counter, DRL_BATCH_BUCKETS> batch_size;

  void CountBatch(int requests);
};

class Pipeline {
 public:
  static constexpr int kRequestsInFlightMax = 4 * core::kRequestsPerCommandMax;

  // At most so many requests in a command. The breaker is told of time-outs.
  Pipeline(int requests_per_command_max, Endings& endings, Breaker& breaker, PipelineCounters& counters)
      : requests_per_command_max_(requests_per_command_max),
        endings_(endings),
        breaker_(breaker),
        counters_(counters),
        writer_(requests_per_command_max) {}

  // In the order of submission.
  void TakeUp(Request& request);
  // SCRIPT LOAD, if the server does not know it and all that was under way has been answered.
  void WriteMissingScript(base::Micros now, redis::RespWriter& out);
  // Writes what may go: one command at once; while one is under way, what comes gathers into the next, and a further one goes out
  // beside them only when it is full. So a lone request never waits for company, and a crowd travels together. Never more than
  // kRequestsInFlightMax requests, nor CommandRing::kCapacity commands, are under way.
  void Write(base::Micros now, const RedisClock& clock, redis::RespWriter& out);
  void WriteProbe(base::Micros now, const std::string& key_namespace, redis::RespWriter& out);
  // Not while it is full.
  void WriteAuth(base::Micros now, const redis::Login& login, redis::RespWriter& out) {
    nodes::WriteAuth(in_flight_.PushBack(), now, login, out);
  }
  [[nodiscard]] bool full() const { return in_flight_.full(); }

  // Whether requests wait, or commands are under way.
  [[nodiscard]] bool waiting() const { return !pending_.empty(); }
  [[nodiscard]] size_t in_flight() const { return in_flight_.size(); }
  [[nodiscard]] bool idle() const { return pending_.empty() && in_flight_.empty() && !script_missing_; }
  [[nodiscard]] bool script_missing() const { return script_missing_; }
  // When the oldest command under way was sent; INT64_MAX for none.
  [[nodiscard]] base::Micros oldest_sent_at() const { return in_flight_.empty() ? INT64_MAX : in_flight_.front().sent_at; }
  // The earliest deadline of a request.
  [[nodiscard]] base::Micros NextDeadline() const;

  // A reply has come: the command it is for leaves the ring, since what follows may lose the connection. Dropped when that is done.
  Command& TakeOldest();
  void DropTaken() { taken_.count = 0; }
  // Ends its requests by the reply, which is an array of integers with the tag of the command; those that Redis refused to write, by
  // `not_written`. False when it does not fit: its requests have ended. Needs no memory.
  bool TakeVerdicts(std::span<const int64_t> integers, const base::Cause& not_written, base::Micros now);
  // Its server does not know the script, which goes before anything else once all under way has been answered.
  void TakeNoScript(drl_status cause, std::string_view why, base::Micros now);
  // Its server refused all of it before anything ran, or may have run some of it (`charged`). Where `of_a_key`, one scope of
  // several may be the reason: each goes again by itself.
  void TakeRefusal(drl_status cause, int32_t charged, std::string_view why, bool of_a_key, base::Micros now);
  void EndTaken(drl_status cause, std::string_view why) { EndAll(taken_, cause, DRL_CHARGED_UNKNOWN, why); }
  void EndWaiting(drl_status cause, std::string_view why);
  // The connection is lost: ends what is under way. Commands of which no byte is among the first `left` of the connection go back
  // in line.
  void EndInFlight(drl_status cause, std::string_view why, uint64_t left, base::Micros now);
  // Ends what is under way, and what was half done; needs no memory.
  void Abort(drl_status cause, std::string_view why);
  // Ends what is past its deadline.
  void Expire(base::Micros now);

 private:
  [[nodiscard]] bool MayWrite() const;
  void WriteCommand(base::Micros now, const RedisClock& clock, redis::RespWriter& out);
  void TimeOut(Request& request, int32_t charged);
  void EndAll(Command& command, drl_status cause, int32_t charged, std::string_view why);
  void TakeBack(std::span<Request*> requests, drl_status cause, std::string_view why, base::Micros now);
  void TakeBack(Command& command, drl_status cause, std::string_view why, base::Micros now);
  void EndOvertaken(std::span<const int64_t> integers);
  void EndByVerdict(Request& request, const core::Verdict& verdict, int64_t redis_us, const base::Cause& not_written,
                    base::Micros now);

  const int requests_per_command_max_;
  Endings& endings_;
  Breaker& breaker_;
  PipelineCounters& counters_;
  RequestList pending_;
  base::Micros pending_deadline_ = INT64_MAX;  // no request in it has an earlier one
  uint64_t sequence_ = 0;
  CommandRing in_flight_;
  int requests_in_flight_ = 0;
  Command taken_;  // what has ended of it is null
  CommandWriter writer_;
  int64_t tag_ = 0;
  bool draining_ = false;  // something is to be sent again: not before all under way has been answered
  bool script_missing_ = false;
};

}  // namespace drl::nodes
