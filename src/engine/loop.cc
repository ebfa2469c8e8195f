#include "engine/loop.h"

#include <poll.h>

#include <algorithm>
#include <new>

namespace drl::engine {

using base::Micros;

namespace {

// A peer that acknowledges nothing for the longest of the time-outs is dead; a packet or two may be lost on a sound way.
Micros DeadPeerAfter(const EngineOptions& options) {
  return std::max<Micros>({1'000'000, options.timeout, options.connect_timeout});
}

}  // namespace

Loop::Loop(const EngineOptions& options, Shared& shared, uint64_t seed)
    : options_(options),
      shared_(shared),
      link_(options.endpoint, options.connect_timeout, DeadPeerAfter(options), shared.wakeup.bell(), seed),
      writer_(options.requests_per_command_max),
      spin_(options.spin) {}

void Loop::Run() {
  const Micros now = base::MonotonicMicros();
  shared_.breaker.Owes(now);
  link_.Begin(now);
  while (TakeNews()) {
    try {
      Cycle();
    } catch (const std::bad_alloc&) {
      LoseMemory();
    }
  }
  Shutdown();
}

// From here on all that others may have for the loop is looked at, the end first. False when that has come.
bool Loop::TakeNews() {
  shared_.wakeup.Take();
  return !shared_.stopping.load(std::memory_order_seq_cst);
}

void Loop::Cycle() {
  SlotList fresh;
  shared_.submissions.TakeAll(fresh);
  TakeUp(fresh);
  if (!shared_.answered.empty()) {
    SlotList answered;
    shared_.answered.TakeAll(answered);
    EndAnswered(answered);
  }
  TakeAsked();
  Micros now = base::MonotonicMicros();
  AdvanceLink(now);
  const bool was_ready = link_.ready();
  KeepProbing(now);
  Dispatch(now);
  ExpireDeadlines(now);
  sleepers_.WakeAll();
  WriteNotes();
  if (was_ready && !link_.ready()) return;  // lost just now: the next cycle begins to connect
  // With several calls under way a reply is likely to be there; behind a lone one the look would only delay the sleep.
  if (link_.ready() && in_flight_.size() > 1 && Receive()) return;
  Rest();
}

// Nothing is under way, and nothing will be unless somebody asks.
bool Loop::idle() const {
  return link_.ready() && in_flight_.empty() && pending_.empty() && !script_missing_ && !proof_pending_ && refusal_.ok() &&
         notes_.empty() &&
         !shared_.breaker.refuses();
}

// Waits for something to do, idle without the baton: a caller may run the loop meanwhile, and nothing of it is touched here.
void Loop::Rest() {
  const Micros since = base::MonotonicMicros();
  const Micros wait = NextTimer() - since;
  const bool lent = idle();
  pollfd socket = Socket(lent ? POLLRDHUP : POLLIN);  // replies are for whoever has the baton
  if (lent) shared_.baton.PutDown();
  bool woken = false;
  if (!SpinForWork(since, lent)) woken = Sleep(socket, wait);
  if (lent) shared_.baton.PickUp();
  shared_.wakeup.Awake();
  if (woken) shared_.wakeup.Silence();
  if (socket.revents != 0 && link_.ready()) Receive();
  spin_.Observe(base::MonotonicMicros() - since);
}

void Loop::WriteNotes() {
  for (const Note& note : notes_) shared_.log.Write(note.level, note.text);
  notes_.clear();
}

void Loop::AdvanceLink(Micros now) {
  if (link_.ready()) return;
  const bool waiting = link_.phase() == Link::Phase::kWaiting;
  if (waiting && wants_connection()) link_.OnDemand();
  const Link::Event event = link_.Advance(now);
  if (waiting && (link_.phase() != Link::Phase::kWaiting || event == Link::Event::kFailed)) shared_.breaker.Probing();
  if (event == Link::Event::kReady) LinkReady(now);
  if (event == Link::Event::kFailed) LinkFailed(now);
  // Who waits for an attempt waits no longer than that; and some come just after it.
  if (link_.failed()) EndPending(link_.error().code(), link_.error().message());
}

void Loop::LinkReady(Micros now) {
  clock_.Forget();
  clock_.Learn(link_.redis_time_us() - core::kEpochUs, link_.asked_at(), base::MonotonicMicros());
  shared_.counters.connects.AddAlone();
  shared_.counters.connected.store(true, std::memory_order_relaxed);
  shared_.breaker.Close();
  failures_.Forget();
  BeginToProve();
  last_reply_at_ = now;
  notes_.push_back({DRL_LOG_INFO, "connected to " + options_.endpoint.Name()});
}

void Loop::LinkFailed(Micros now) {
  const base::Status& error = link_.error();
  shared_.counters.connect_failures.AddAlone();
  shared_.readiness.Fail(error);
  Complain(failures_, error.message(), now);
  shared_.breaker.Disconnected(error.code(), error.message(), link_.demand_from());
  if (shared_.readiness.awaited()) link_.OnDemand();
}

// A ready connection that says nothing: until it has run the script, and while the breaker is open, one question is kept under
// way, and when even that is not answered for long, the connection is made anew.
void Loop::KeepProbing(Micros now) {
  if (!link_.ready()) return;
  if (!in_flight_.empty()) {
    if (now - in_flight_.front().sent_at > SilenceMax()) {
      LoseConnection({DRL_ERR_CONNECTION_LOST, "Redis has not answered for too long"}, now);
    }
    return;
  }
  if (wants_probe() && now >= probe_at_) AskForProof(now);
}

// Looks for work for a moment before sleeping.
bool Loop::SpinForWork(Micros now, bool lent) {
  const Micros budget = spin_.budget();
  const SpinTrial& trial = shared_.load() > kSpinnersMax ? shared_.crowd_trial : shared_.lone_trial;
  if (budget == 0 || !trial.on()) return false;
  const bool expecting = !lent && link_.ready() && !in_flight_.empty();
  const Micros until = now + budget;
  do {
    for (int i = 0; i < 16; ++i) {
      if (shared_.has_news()) return true;
      base::CpuPause();
    }
    if (lent && !shared_.baton.lies()) return false;
    if (expecting && Receive()) return true;
    base::YieldCpu();
  } while (base::MonotonicMicros() < until);
  return false;
}

// The earliest deadline of a request.
Micros Loop::NextDeadline() const {
  Micros next = pending_.empty() ? INT64_MAX : pending_deadline_;
  for (size_t at = 0; at < in_flight_.size(); ++at) next = std::min(next, in_flight_.at(at).deadline);
  return next;
}

Micros Loop::NextTimer() const {
  Micros next = std::min(link_.deadline(), NextDeadline());
  if (!in_flight_.empty()) next = std::min(next, in_flight_.front().sent_at + SilenceMax() + 1);
  if (wants_probe()) next = std::min(next, probe_at_);
  return next;
}

pollfd Loop::Socket(short events) const {
  return {link_.poll_fd(), static_cast<short>(link_.wants_write() ? events | POLLOUT : events), 0};
}

// Until somebody has news, the socket is ready (its revents say so), or the time is over. True when the descriptor for news is
// to be cleared.
bool Loop::Sleep(pollfd& socket, Micros wait) {
  if (!shared_.wakeup.Announce()) return false;
  pollfd items[2] = {{shared_.wakeup.bell().get(), POLLIN, 0}, socket};
  constexpr Micros kLongest = 60'000'000;
  const timespec timeout = base::ToTimespec(std::clamp<Micros>(wait, 0, kLongest));
  ppoll(items, 2, &timeout, nullptr);
  socket.revents = items[1].revents;
  return items[0].revents != 0;
}

void Loop::Shutdown() {
  constexpr const char* kClosed = "the client is closed";
  for (size_t at = 0; at < in_flight_.size(); ++at) {
    EndCall(in_flight_.at(at), DRL_ERR_CLOSED, DRL_CHARGED_UNKNOWN, kClosed);
  }
  in_flight_.Clear();
  SlotList fresh;
  shared_.submissions.Close(fresh);
  TakeUp(fresh);
  EndPending(DRL_ERR_CLOSED, kClosed);
  SlotList answered;
  shared_.answered.Close(answered);
  EndAnswered(answered);
  sleepers_.WakeAll();
  WriteNotes();
}

}  // namespace drl::engine
