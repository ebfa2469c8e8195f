#include "engine/loop.h"

#include <new>

namespace drl::engine {

using base::Micros;

Loop::Loop(const EngineOptions& options, Shared& shared, const base::Clock& clock, const nodes::Topology& topology,
           nodes::Notes& notes)
    : shared_(shared), clock_(clock), topology_(topology), notes_(notes), spin_(options.spin) {}

void Loop::Run() {
  Begin();
  while (TurnUntilRest()) {
    try {
      Rest();
    } catch (const std::bad_alloc&) {
      Abort();
    }
  }
  Shutdown();
}

void Loop::Begin() {
  const Micros now = clock_.now();
  for (const auto& node : topology_.nodes()) node->Begin(now);
}

bool Loop::Turn() {
  const bool more = TurnUntilRest();
  sleepers_.WakeAll();
  return more;
}

// Again at once where a connection was lost, to make it anew; and with several commands under way, where a reply is likely to be
// there. Behind a lone one the look would only delay the sleep.
bool Loop::TurnUntilRest() {
  while (TakeNews()) {
    try {
      if (Cycle() && !Receive(2)) return true;
    } catch (const std::bad_alloc&) {
      Abort();
    }
  }
  return false;
}

// From here on all that others may have for the loop is looked at, the end first. False when that has come.
bool Loop::TakeNews() {
  shared_.wakeup.Take();
  return !shared_.stopping.load(std::memory_order_seq_cst);
}

void Loop::TakeUp(nodes::RequestList& fresh) {
  while (!fresh.empty()) {
    nodes::Request& request = *fresh.PopFront();
    topology_.NodeOf(request.key).TakeUp(request);
  }
}

// False when a connection was lost.
bool Loop::Cycle() {
  nodes::RequestList fresh;
  shared_.submissions.TakeAll(fresh);
  TakeUp(fresh);
  if (!shared_.answered.empty()) {
    nodes::RequestList answered;
    shared_.answered.TakeAll(answered);
    EndAnswered(answered);
  }
  const Micros now = clock_.now();
  bool kept = true;
  for (const auto& node : topology_.nodes()) {
    kept = node->Advance(now) && kept;
    kept = node->Dispatch(now) && kept;
    node->Expire(now);
  }
  if (sleepers_.size() > 1 || !idle()) sleepers_.WakeAll();
  WriteNotes();
  return kept;
}

// Nothing is under way, and nothing will be unless somebody asks.
bool Loop::idle() const {
  const auto nodes = topology_.nodes();
  return notes_.empty() && std::all_of(nodes.begin(), nodes.end(), [](const auto& node) { return node->idle(); });
}

// Waits for something to do, idle without the baton: a caller may run the loop meanwhile, and nothing of it is touched here. A
// lone caller that sleeps is woken when the baton lies, and so finds it there when it asks again; else it would need this thread for
// that request too, and so on.
void Loop::Rest() {
  const Micros since = clock_.now();
  const Micros wait = NextTimer() - since;
  const bool lent = idle();
  Polled polled = Sockets(lent ? POLLRDHUP : POLLIN);  // replies are for whoever has the baton
  Sleepers answered;
  answered.TakeAll(sleepers_);
  if (lent) shared_.baton.PutDown();
  answered.WakeAll();
  bool woken = false;
  if (!SpinForWork(since, lent)) woken = Sleep(polled, wait);
  if (lent) shared_.baton.PickUp();
  shared_.wakeup.Awake();
  if (woken) shared_.wakeup.Silence();
  ReceiveFrom(polled);
  spin_.Observe(clock_.now() - since);
}

// Looks for work for a moment before sleeping.
bool Loop::SpinForWork(Micros now, bool lent) {
  const Micros budget = spin_.budget();
  const SpinTrial& trial = shared_.load() > kSpinnersMax ? shared_.crowd_trial : shared_.lone_trial;
  if (budget == 0 || !trial.on()) return false;
  const Micros until = now + budget;
  do {
    for (int i = 0; i < 16; ++i) {
      if (shared_.has_news()) return true;
      base::CpuPause();
    }
    if (lent && !shared_.baton.lies()) return false;
    if (!lent && Receive(1)) return true;
    base::YieldCpu();
  } while (clock_.now() < until);
  return false;
}

Micros Loop::NextTimer() const {
  Micros next = INT64_MAX;
  for (const auto& node : topology_.nodes()) next = std::min(next, node->NextTimer());
  return next;
}

Loop::Polled Loop::Sockets(short events) const {
  Polled polled{{{shared_.wakeup.bell().get(), POLLIN, 0}}};
  for (size_t i = 0; i < kNodesMax; ++i) {
    const nodes::Node& node = *topology_.nodes()[i];
    polled[1 + i] = {node.poll_fd(), static_cast<short>(node.wants_write() ? events | POLLOUT : events), 0};
    polled[1 + kNodesMax + i] = {node.watch_fd(), POLLIN, 0};
  }
  return polled;
}

// Until somebody has news, a socket is ready (its revents say so), or the time is over. True when the descriptor for news is to be
// cleared.
bool Loop::Sleep(Polled& polled, Micros wait) {
  if (!shared_.wakeup.Announce()) return false;
  constexpr Micros kLongest = 60'000'000;
  const timespec timeout = base::ToTimespec(std::clamp<Micros>(wait, 0, kLongest));
  ppoll(polled.data(), polled.size(), &timeout, nullptr);
  return polled[0].revents != 0;
}

void Loop::ReceiveFrom(const Polled& polled) {
  for (size_t i = 0; i < kNodesMax; ++i) {
    nodes::Node& node = *topology_.nodes()[i];
    if (polled[1 + i].revents != 0 && node.ready()) node.Receive();
    if (polled[1 + kNodesMax + i].revents != 0) node.WatchDue();
  }
}

bool Loop::Receive(size_t commands_min) {
  bool any = false;
  for (const auto& node : topology_.nodes()) {
    if (node->ready() && node->commands_in_flight() >= commands_min) any = node->Receive() || any;
  }
  return any;
}

// Memory ran out somewhere in the midst.
void Loop::Abort() noexcept {
  for (const auto& node : topology_.nodes()) node->Abort(clock_.now());
  sleepers_.WakeAll();
}

void Loop::Shutdown() {
  constexpr const char* kClosed = "the client is closed";
  const auto close_nodes = [this] {
    for (const auto& node : topology_.nodes()) node->Close(DRL_ERR_CLOSED, kClosed);
  };
  close_nodes();  // callbacks may still ask
  nodes::RequestList fresh;
  shared_.submissions.Close(fresh);
  TakeUp(fresh);
  close_nodes();
  nodes::RequestList answered;
  shared_.answered.Close(answered);
  EndAnswered(answered);
  sleepers_.WakeAll();
  WriteNotes();
}

void Loop::WriteNotes() {
  notes_.TakeAll([this](int32_t level, const std::string& text) { shared_.log.Write(level, text); });
}

}  // namespace drl::engine
