// A completion queue: ended requests of one client, gathered for an event loop.
//
// Producers (the I/O thread, a cancelling thread) push without locks; the eventfd is signalled when the queue turns from empty to
// not. The mutex guards only what submitting, cancelling and draining threads share: the tickets and the table of their ids.
#pragma once

#include <mutex>
#include <span>
#include <vector>

#include "base/fd.h"
#include "base/fork.h"
#include "drl/queue.h"
#include "engine/client.h"
#include "engine/ticket.h"

namespace drl::engine {

class Queue {
 public:
  static base::Result<Queue*> Open(Client& client, int64_t capacity);
  // Cancels and drops what is under way; the queue itself goes when the last of it has ended.
  void Close();

  [[nodiscard]] int fd();
  base::Status Submit(const Ask& ask, int64_t id);
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
    base::Status Submit(const Ask& ask, int64_t id);
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
    Ticket& Begin(const Ask& ask, int64_t id);
    static void AnswerAtOnce(Ticket& ticket, const base::Cause& why);
    void Complete(Ticket& ticket, drl_completion& completion);
    [[nodiscard]] bool GiveUp(Ticket& ticket);
    void Drop(Ticket& ticket);
    Ticket*& Bucket(int64_t id) { return buckets_[static_cast<uint64_t>(id) % buckets_.size()]; }
    [[nodiscard]] Ticket* Find(int64_t id);

    Engine& engine_;
    std::atomic<int64_t> references_{1};
    base::EventFd event_;
    std::atomic<bool> abandoned_{false};
    std::atomic<bool> signalled_{false};
    EndedTickets ended_;  // by their producers
    std::mutex mutex_;
    TicketPool tickets_;            // guarded: submitted and not drained
    std::vector<Ticket*> buckets_;  // guarded: these by id
    TicketList ready_;              // guarded: taken from ended_, not drained yet
  };

  Queue(Client& client, int64_t capacity) : client_(client), capacity_(static_cast<size_t>(capacity)) { client_.Ref(); }
  ~Queue() { client_.Unref(); }
  Local* local(base::Status& why);

  Client& client_;
  const size_t capacity_;
  base::PerProcess<Local> local_;
};

}  // namespace drl::engine
