// A completion queue: ended requests of one client, gathered for an event loop.
//
// Producers (the I/O thread, a cancelling thread) push without locks; the eventfd is signalled when the queue turns from empty to
// not. The mutex guards only what submitting, cancelling and draining threads share: the table of ids.
#pragma once

#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/fd.h"
#include "base/fork.h"
#include "drl/queue.h"
#include "engine/client.h"
#include "engine/submissions.h"

namespace drl::engine {

class Queue {
 public:
  static base::Result<Queue*> Open(Client& client, int64_t capacity);
  // Cancels and drops what is under way; the queue itself goes when the last of it has ended.
  void Close();

  [[nodiscard]] int fd();
  base::Status Submit(const Request& request, int64_t id);
  base::Status Cancel(int64_t id);
  size_t Drain(std::span<drl_completion> completions);
  // Not ok once the client is closed and nothing is left to drain.
  base::Status Wait(int64_t timeout_us, std::span<drl_completion> completions, size_t& count);
  [[nodiscard]] Client& client() { return client_; }

 private:
  // What one process has of the queue. Counted by reference: the handle's, and one for each request that was not yet delivered.
  class Local final : public CompletionSink {
   public:
    Local(Engine& engine, size_t capacity);

    [[nodiscard]] bool valid() const { return event_.valid(); }
    [[nodiscard]] uint64_t generation() const { return engine_.generation(); }
    [[nodiscard]] int fd() const { return event_.get(); }
    [[nodiscard]] int over() const { return engine_.over(); }
    base::Status Submit(const Request& request, int64_t id);
    base::Status Cancel(int64_t id);
    size_t Drain(std::span<drl_completion> completions);
    void Close();
    // In a forked child: gives up the parent's descriptor and nothing else.
    void Abandon() {
      if (!abandoned_.exchange(true, std::memory_order_relaxed)) close(event_.get());
    }
    void Deliver(Slot& slot) override;

   private:
    ~Local();
    void Unref();
    void Signal();
    base::Status Admit(int64_t id);
    void AnswerAtOnce(const Request& request, int64_t id, const base::Status& why);
    void Complete(Slot& slot, drl_completion& completion);
    Slot*& Bucket(int64_t id) { return buckets_[static_cast<uint64_t>(id) % buckets_.size()]; }
    [[nodiscard]] Slot* Find(int64_t id) { return FindIn(Bucket(id), id); }
    static Slot* FindIn(Slot* slot, int64_t id);
    void Forget(const Slot& slot);

    Engine& engine_;
    const size_t capacity_;
    std::atomic<int64_t> references_{1};
    base::EventFd event_;
    std::atomic<bool> abandoned_{false};
    std::atomic<bool> signalled_{false};
    EndedSlots ended_;  // by their producers
    std::mutex mutex_;
    size_t held_ = 0;                      // guarded: submitted and not drained
    std::vector<Slot*> buckets_;           // guarded: those of them that have a slot, by id
    EndedList ready_;                      // guarded: taken from ended_, not drained yet
    std::unordered_set<int64_t> at_once_ids_;  // guarded: of those in at_once_
    std::deque<drl_completion> at_once_;   // guarded: answered without Redis, not drained yet
  };

  Queue(Client& client, int64_t capacity) : client_(client), capacity_(static_cast<size_t>(capacity)) { client_.Ref(); }
  ~Queue() { client_.Unref(); }
  Local* local(base::Status& why);

  Client& client_;
  const size_t capacity_;
  base::PerProcess<Local> local_;
};

}  // namespace drl::engine
