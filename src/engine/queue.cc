#include "engine/queue.h"

#include <poll.h>

#include <algorithm>
#include <bit>
#include <cerrno>

namespace drl::engine {

using base::Micros;
using base::Result;
using base::Status;

namespace {

constexpr const char* kNoEventFd = "cannot make an eventfd";

}  // namespace

Result<Queue*> Queue::Open(Client& client, int64_t capacity) {
  Status why;
  Engine* engine = client.engine(why);
  if (engine == nullptr) return why;
  const auto drop = [](Queue* unfinished) { delete unfinished; };
  std::unique_ptr<Queue, decltype(drop)> queue(new Queue(client, capacity), drop);
  Local* local = new Local(*engine, queue->capacity_);
  queue->local_.Set(local);
  if (local->valid()) return queue.release();
  queue.release()->Close();
  return Status(DRL_ERR_SYSTEM, kNoEventFd);
}

void Queue::Close() {
  Local* local = local_.Inherited();
  if (local->generation() == base::ForkGeneration()) {
    local->Close();
  } else {
    local->Abandon();
  }
  delete this;
}

Queue::Local* Queue::local(Status& why) {
  Engine* engine = client_.engine(why);
  if (engine == nullptr) {
    Local* inherited = local_.Inherited();  // of a closed client: what ended can still be drained
    return inherited->generation() == base::ForkGeneration() ? inherited : nullptr;
  }
  return local_.Get([&](Local* inherited) -> Local* {
    Local* fresh = new Local(*engine, capacity_);
    if (!fresh->valid()) {
      fresh->Close();
      why = {DRL_ERR_SYSTEM, kNoEventFd};
      return nullptr;
    }
    inherited->Abandon();
    return fresh;
  });
}

int Queue::fd() {
  Status why;
  Local* local = this->local(why);
  return local == nullptr ? -1 : local->fd();
}

Status Queue::Submit(const Ask& ask, int64_t id) {
  Status why;
  Local* local = this->local(why);
  return why.ok() ? local->Submit(ask, id) : why;
}

Status Queue::Cancel(int64_t id) {
  Status why;
  Local* local = this->local(why);
  return local == nullptr ? why : local->Cancel(id);
}

size_t Queue::Drain(std::span<drl_completion> completions) {
  Status why;
  Local* local = this->local(why);
  return local == nullptr ? 0 : local->Drain(completions);
}

Status Queue::Wait(int64_t timeout_us, std::span<drl_completion> completions, size_t& count) {
  constexpr Micros kLongest = 86'400'000'000;  // of one sleep: any sum with it stays far from overflow
  const Micros since = base::MonotonicMicros();
  bool over = false;
  while (true) {
    count = Drain(completions);
    const Micros left = timeout_us < 0 ? kLongest : timeout_us - (base::MonotonicMicros() - since);
    if (count > 0 || left <= 0) return {};
    if (over) return {DRL_ERR_CLOSED, base::StatusMessage(DRL_ERR_CLOSED)};
    Status why;
    const Local* local = this->local(why);
    if (local == nullptr) return why;
    pollfd items[2] = {{local->fd(), POLLIN, 0}, {local->over(), POLLIN, 0}};
    const timespec timeout = base::ToTimespec(std::min(left, kLongest));
    if (ppoll(items, 2, &timeout, nullptr) < 0 && errno == EINTR) {
      count = Drain(completions);
      return {};
    }
    over = items[1].revents != 0;  // all have ended: one more look finds the last
  }
}

Queue::Local::Local(Engine& engine, size_t capacity)
    : CompletionSink(false), engine_(engine), tickets_(capacity), buckets_(std::bit_ceil(capacity), nullptr) {}

Queue::Local::~Local() {
  ended_.TakeAll(ready_);
  while (!ready_.empty()) LimiterOf(ready_.PopFront()->asked).Unref();
}

void Queue::Local::Unref() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

Ticket* Queue::Local::Find(int64_t id) {
  Ticket* ticket = Bucket(id);
  while (ticket != nullptr && ticket->id != id) ticket = ticket->same_bucket;
  return ticket;
}

Status Queue::Local::Admit(int64_t id) {
  if (tickets_.exhausted()) {
    return {DRL_ERR_COMPLETIONS_FULL, "the queue's capacity is taken by requests that were not drained"};
  }
  if (Find(id) != nullptr) {
    return {DRL_ERR_DUPLICATE_ID, "id " + std::to_string(id) + " is in use by another request of this queue"};
  }
  return {};
}

Ticket& Queue::Local::Begin(const Ask& ask, int64_t id) {
  Ticket& ticket = *tickets_.Acquire();
  ticket.id = id;
  ticket.hold.Restart();
  Engine::Take(ask, ticket.asked);
  ticket.fail_strategy = ask.fail_strategy;
  ticket.same_bucket = Bucket(id);
  Bucket(id) = &ticket;
  return ticket;
}

// The ticket is free; its answer was drained or will never be.
void Queue::Local::Drop(Ticket& ticket) {
  Ticket** at = &Bucket(ticket.id);
  while (*at != &ticket) at = &(*at)->same_bucket;
  *at = ticket.same_bucket;
  LimiterOf(ticket.asked).Unref();
  tickets_.Release(ticket);
}

Status Queue::Local::Submit(const Ask& ask, int64_t id) {
  const std::lock_guard lock(mutex_);
  Status status = Admit(id);
  if (!status.ok()) return status;
  base::Cause cause;
  Slot* slot = engine_.Prepare(ask, this, cause);
  Ticket& ticket = Begin(ask, id);
  if (slot == nullptr) {
    AnswerAtOnce(ticket, cause);
    ended_.Push(&ticket, &ticket);
    Signal();
    return {};
  }
  ticket.slot = slot;
  slot->ticket = &ticket;
  references_.fetch_add(1, std::memory_order_relaxed);
  if (engine_.Submit(slot, slot)) return {};
  Drop(ticket);
  engine_.Discard(*slot);
  Unref();
  return {DRL_ERR_CLOSED, base::StatusMessage(DRL_ERR_CLOSED)};
}

void Queue::Local::AnswerAtOnce(Ticket& ticket, const base::Cause& why) {
  ticket.answer.cause = why.code;
  ticket.answer.charged = DRL_CHARGED_NO;
  ticket.answer.SetDetail(why.sentence.view());
  ticket.hold.EndHeld();
}

Status Queue::Local::Cancel(int64_t id) {
  const std::lock_guard lock(mutex_);
  Ticket* ticket = Find(id);
  if (ticket == nullptr || !GiveUp(*ticket)) {
    return {DRL_ERR_UNKNOWN_ID, "no request with id " + std::to_string(id) + " is waiting"};
  }
  ended_.Push(ticket, ticket);
  Signal();
  Unref();
  return {};
}

// Ends the request from this side. False when it has ended.
bool Queue::Local::GiveUp(Ticket& ticket) {
  if (!ticket.hold.Hold()) return false;
  Slot& slot = *ticket.slot;
  if (engine_.GiveUp(slot, DRL_ERR_CANCELLED)) {
    Engine::FillGivenUp(slot, ticket.answer);
    ticket.hold.EndHeld();
    engine_.Release(slot);
    return true;
  }
  if (!ticket.hold.LetGo()) engine_.Release(slot);
  return false;
}

// Wakes whoever waits, once for all that is there.
void Queue::Local::Signal() {
  if (!signalled_.exchange(true, std::memory_order_seq_cst)) event_.Signal();
}

void Queue::Local::Deliver(Slot& slot) {
  Ticket& ticket = *slot.ticket;
  ticket.answer = slot;
  if (ticket.hold.End()) engine_.Release(slot);
  ended_.Push(&ticket, &ticket);
  Signal();
  Unref();
}

size_t Queue::Local::Drain(std::span<drl_completion> completions) {
  const std::lock_guard lock(mutex_);
  // Clear before taking: what is pushed from here on signals again. A producer may have been overtaken between its mark and its
  // signal: a drain that finds nothing clears that too, or the descriptor would stay readable for nothing.
  if (signalled_.load(std::memory_order_seq_cst) || ended_.empty()) {
    event_.Clear();
    signalled_.store(false, std::memory_order_seq_cst);
  }
  ended_.TakeAll(ready_);
  size_t count = 0;
  while (count < completions.size() && !ready_.empty()) Complete(*ready_.PopFront(), completions[count++]);
  if (!ready_.empty()) Signal();
  return count;
}

void Queue::Local::Complete(Ticket& ticket, drl_completion& completion) {
  completion = {};
  completion.id = ticket.id;
  base::Sentence detail;
  completion.status = Engine::Conclude(ticket.asked, ticket.fail_strategy, ticket.answer, completion.decision, detail);
  if (!detail.empty()) base::CopyMessage(detail.view(), completion.message);
  const nodes::Asked& asked = ticket.asked;
  if (asked.kind == nodes::RequestKind::kAllow) engine_.Observe(LimiterOf(asked), completion.status, completion.decision);
  Drop(ticket);
}

void Queue::Local::Close() {
  {
    const std::lock_guard lock(mutex_);
    for (Ticket* ticket : buckets_) {
      while (ticket != nullptr) {
        Ticket* next = ticket->same_bucket;
        if (GiveUp(*ticket)) {
          Drop(*ticket);
          references_.fetch_sub(1, std::memory_order_relaxed);  // never the last: the handle's is still there
        }
        ticket = next;
      }
    }
  }
  Unref();
}

}  // namespace drl::engine
