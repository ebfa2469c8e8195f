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
  Queue* queue = new Queue(client, capacity);
  Local* local = new Local(*engine, queue->capacity_);
  queue->local_.Set(local);
  if (local->valid()) return queue;
  queue->Close();
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

Status Queue::Submit(const Request& request, int64_t id) {
  Status why;
  Local* local = this->local(why);
  return why.ok() ? local->Submit(request, id) : why;
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
    : CompletionSink(false), engine_(engine), capacity_(capacity), buckets_(std::bit_ceil(capacity), nullptr) {}

Queue::Local::~Local() {
  ended_.TakeAll(ready_);
  engine_.CountUndrained(-ready_.size());
  while (!ready_.empty()) engine_.Release(*ready_.PopFront());
}

void Queue::Local::Unref() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

Slot* Queue::Local::FindIn(Slot* slot, int64_t id) {
  while (slot != nullptr && slot->id != id) slot = slot->same_bucket;
  return slot;
}

void Queue::Local::Forget(const Slot& slot) {
  Slot** at = &Bucket(slot.id);
  while (*at != &slot) at = &(*at)->same_bucket;
  *at = slot.same_bucket;
}

Status Queue::Local::Admit(int64_t id) {
  if (held_ >= capacity_) {
    return {DRL_ERR_COMPLETIONS_FULL, "the queue's capacity is taken by calls that were not drained"};
  }
  if (Find(id) != nullptr || at_once_ids_.contains(id)) {
    return {DRL_ERR_DUPLICATE_ID, "id " + std::to_string(id) + " is in use by another call of this queue"};
  }
  return {};
}

Status Queue::Local::Submit(const Request& request, int64_t id) {
  const std::lock_guard lock(mutex_);
  Status status = Admit(id);
  if (!status.ok()) return status;
  Slot* slot = engine_.Prepare(request, this, status);
  if (slot == nullptr) {
    AnswerAtOnce(request, id, status);
    return {};
  }
  slot->id = id;
  references_.fetch_add(1, std::memory_order_relaxed);
  slot->same_bucket = Bucket(id);
  Bucket(id) = slot;
  ++held_;
  if (engine_.Submit(slot, slot)) return {};
  Forget(*slot);
  --held_;
  engine_.Discard(*slot);
  Unref();
  return {DRL_ERR_CLOSED, base::StatusMessage(DRL_ERR_CLOSED)};
}

void Queue::Local::AnswerAtOnce(const Request& request, int64_t id, const Status& why) {
  drl_completion completion{};
  completion.id = id;
  completion.status = Degrade(request, why.code(), completion.decision);
  base::CopyMessage(why.message(), completion.message);
  if (request.kind == SlotKind::kReset) {
    completion.status = why.code();
  } else {
    engine_.Observe(*request.limiter, completion.status, completion.decision);
  }
  at_once_.push_back(completion);
  at_once_ids_.insert(id);
  ++held_;
  Signal();
}

Status Queue::Local::Cancel(int64_t id) {
  const std::lock_guard lock(mutex_);
  Slot* slot = Find(id);
  if (slot == nullptr || !engine_.GiveUp(*slot, DRL_ERR_CANCELLED)) {
    return {DRL_ERR_UNKNOWN_ID, "no call with id " + std::to_string(id) + " is waiting"};
  }
  Deliver(*slot);
  return {};
}

// Wakes whoever waits, once for all that is there.
void Queue::Local::Signal() {
  if (!signalled_.exchange(true, std::memory_order_seq_cst)) event_.Signal();
}

void Queue::Local::Deliver(Slot& slot) {
  engine_.CountUndrained(1);
  ended_.Push(&slot, &slot);
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
  while (count < completions.size() && !at_once_.empty()) {
    completions[count++] = at_once_.front();
    at_once_ids_.erase(at_once_.front().id);
    at_once_.pop_front();
  }
  const size_t decided = std::min(completions.size() - count, static_cast<size_t>(ready_.size()));
  for (size_t i = 0; i < decided; ++i) Complete(*ready_.PopFront(), completions[count++]);
  if (decided > 0) engine_.CountUndrained(-static_cast<int64_t>(decided));
  held_ -= count;
  if (!ready_.empty() || !at_once_.empty()) Signal();
  return count;
}

void Queue::Local::Complete(Slot& slot, drl_completion& completion) {
  completion = {};
  completion.id = slot.id;
  std::string detail;
  completion.status = Engine::Conclude(slot, completion.decision, detail);
  if (!detail.empty()) base::CopyMessage(detail, completion.message);
  if (slot.kind == SlotKind::kAllow) engine_.Observe(*slot.limiter, completion.status, completion.decision);
  Forget(slot);
  engine_.Release(slot);
}

void Queue::Local::Close() {
  {
    const std::lock_guard lock(mutex_);
    for (Slot* slot : buckets_) {
      while (slot != nullptr) {
        Slot* next = slot->same_bucket;
        if (engine_.GiveUp(*slot, DRL_ERR_CANCELLED)) {
          engine_.Release(*slot);
          references_.fetch_sub(1, std::memory_order_relaxed);  // never the last: the handle's is still there
        }
        slot = next;
      }
    }
  }
  Unref();
}

}  // namespace drl::engine
