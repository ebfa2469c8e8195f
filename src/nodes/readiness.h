// Whether the server has run the script once: what drl_client_wait_ready waits for, and why not yet.
//
//   state   kWaiting, kReady, kExcused, kClosed; written under the mutex. kReady is left for kClosed alone.
//   why     what kept it so far, and whether that was a failure of the script; guarded by the mutex
//   asked   somebody wants the server to be asked soon; a matter for the I/O thread (wakeup.h)
//
// Excused is a user who may not touch the key of a probe while no limiter is open: which keys it needs nobody has said yet.
// That counts as ready until the first limiter opens; then the server is asked again, about the namespace of that.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/status.h"

namespace drl::nodes {

// The namespace of the limiter that was opened first on a client: its probes ask about a key there.
class FirstNamespace {
 public:
  FirstNamespace() = default;
  FirstNamespace(const FirstNamespace&) = delete;
  FirstNamespace& operator=(const FirstNamespace&) = delete;
  ~FirstNamespace() { delete name_.load(); }

  // Any thread. True the first time.
  bool Set(const std::string& name) {
    if (known()) return false;
    auto fresh = std::make_unique<const std::string>(name);
    const std::string* none = nullptr;
    return name_.compare_exchange_strong(none, fresh.get()) && fresh.release() != nullptr;
  }
  [[nodiscard]] bool known() const { return name_.load() != nullptr; }
  [[nodiscard]] std::string get() const { return known() ? *name_.load() : "default"; }

 private:
  std::atomic<const std::string*> name_{nullptr};
};

class Readiness {
 public:
  // Whoever runs the loop: the script ran; it did not, since; it could not, which is excused; nobody could ask; nobody has asked
  // yet, which is no news after a failure: a replica, say, refuses the script on each new connection.
  void Ready();
  void Fail(const base::Status& why) { Note(why, true); }
  void Away(const base::Status& why) { Note(why, false); }
  void Connected(const base::Status& why);
  void Excuse();
  // Whether somebody waits.
  [[nodiscard]] bool awaited() const { return waiters_.load(std::memory_order_relaxed) > 0; }
  [[nodiscard]] bool TakeAsked() { return asked() && asked_.exchange(false, std::memory_order_seq_cst); }

  // Any thread.
  [[nodiscard]] bool ready() const { return state_.load(std::memory_order_acquire) == kReady; }
  [[nodiscard]] bool asked() const { return asked_.load(std::memory_order_seq_cst); }
  // The first limiter opened: nothing is excused any more. True when that is news for the I/O thread.
  bool LimiterOpened();
  // Have the server asked soon, by whoever will Wait.
  void Ask() { asked_.store(true, std::memory_order_seq_cst); }
  // Until it is ready; at the deadline why it is not, or DRL_ERR_CLOSED.
  base::Status Wait(const base::Clock& clock, base::Micros deadline);
  void Close() { Move(kClosed); }

  // Counts whoever waits, from before Ask to after Wait.
  class Waiter {
   public:
    explicit Waiter(Readiness& readiness) : readiness_(readiness) { readiness_.waiters_.fetch_add(1); }
    ~Waiter() { readiness_.waiters_.fetch_sub(1); }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

   private:
    Readiness& readiness_;
  };

 private:
  enum State : uint32_t { kWaiting, kReady, kExcused, kClosed };

  void Move(State to);
  void Note(const base::Status& why, bool failed);

  std::atomic<uint32_t> state_{kWaiting};
  std::atomic<int32_t> waiters_{0};
  std::atomic<bool> asked_{false};
  std::mutex mutex_;
  base::Status why_{DRL_ERR_TIMEOUT, "Redis has not answered yet"};
  bool failed_ = false;
};

}  // namespace drl::nodes
