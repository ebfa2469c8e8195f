/* Asynchronous calls for an event loop: submit with an id, wait for the descriptor, drain completions. */
#ifndef DRL_CPP_QUEUE_HPP
#define DRL_CPP_QUEUE_HPP

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../queue.h"
#include "client.hpp"
#include "decision.hpp"
#include "limiter.hpp"
#include "request.hpp"
#include "status.hpp"

namespace drl {

/** The end of one asynchronous request. */
struct Completion {
  int64_t id = 0;         ///< as submitted
  std::error_code error;  ///< what the blocking call would have reported; also DRL_ERR_CANCELLED, DRL_ERR_CLOSED
  Decision decision;      ///< of a cancelled call, `charged` says whether it may have run
  std::string message;    ///< why Redis did not decide; empty when it did
};

/** A completion queue on a client. Destroying it cancels and drops what is waiting. */
class Queue {
 public:
  /** `capacity` calls may be submitted and not yet drained; 0: 4096. */
  explicit Queue(const Client& client, int64_t capacity = 0) { Open(client, capacity, nullptr); }
  Queue(const Client& client, int64_t capacity, std::error_code& error) { Open(client, capacity, &error); }

  /** Readable while completions are there. Wait for it; never read or close it. After fork() ask again. */
  int fd() const noexcept { return drl_queue_fd(handle_.get()); }

  /** Submit one call, whose completion carries `id`. Exactly one completion follows, unless this fails. */
  void Submit(const Limiter& limiter, std::string_view identity, int64_t cost, int64_t id) {
    Submit(limiter, {identity, cost}, id, nullptr);
  }
  void Submit(const Limiter& limiter, std::string_view identity, int64_t cost, int64_t id, std::error_code& error) {
    Submit(limiter, {identity, cost}, id, &error);
  }

  /** The same for a request that says more. */
  void Submit(const Limiter& limiter, const Request& request, int64_t id) { Submit(limiter, request, id, nullptr); }
  void Submit(const Limiter& limiter, const Request& request, int64_t id, std::error_code& error) {
    Submit(limiter, request, id, &error);
  }

  /** Submit a reset. */
  void SubmitReset(const Limiter& limiter, std::string_view identity, int64_t id) {
    SubmitReset(limiter, identity, id, nullptr);
  }
  void SubmitReset(const Limiter& limiter, std::string_view identity, int64_t id, std::error_code& error) {
    SubmitReset(limiter, identity, id, &error);
  }

  /** Cancel one request: it completes now with DRL_ERR_CANCELLED. Returns whether it was still waiting. */
  bool Cancel(int64_t id) { return drl_queue_cancel(handle_.get(), id, nullptr) == DRL_OK; }

  /** Take the completions that are there, at most `most`. */
  std::vector<Completion> Drain(size_t most = 64) { return Take(std::chrono::microseconds(0), most, nullptr); }
  std::vector<Completion> Drain(size_t most, std::error_code& error) {
    return Take(std::chrono::microseconds(0), most, &error);
  }

  /** The same, but wait up to `timeout` for the first one; kForever without end. */
  std::vector<Completion> Wait(std::chrono::microseconds timeout, size_t most = 64) {
    return Take(timeout, most, nullptr);
  }
  std::vector<Completion> Wait(std::chrono::microseconds timeout, size_t most, std::error_code& error) {
    return Take(timeout, most, &error);
  }

  static constexpr std::chrono::microseconds kForever{-1};

  /** The C handle, borrowed. */
  drl_queue* get() const noexcept { return handle_.get(); }

 private:
  struct Close {
    void operator()(drl_queue* queue) const noexcept { drl_queue_close(queue); }
  };

  void Open(const Client& client, int64_t capacity, std::error_code* error) {
    drl_queue_options options = detail::Unset<drl_queue_options>();
    options.capacity = capacity;
    drl_queue* opened = nullptr;
    detail::Run(error, [&](drl_error* why) { return drl_queue_open(client.get(), &options, &opened, why); });
    handle_.reset(opened);
    client_ = client.state_;
  }

  void Submit(const Limiter& limiter, const Request& from, int64_t id, std::error_code* error) {
    const drl_request request = detail::ToC(limiter.get(), from);
    detail::Run(error,
                [&](drl_error* why) { return drl_queue_decide(get(), &request, sizeof request, id, why); });
  }

  void SubmitReset(const Limiter& limiter, std::string_view identity, int64_t id, std::error_code* error) {
    detail::Run(error, [&](drl_error* why) {
      return drl_queue_submit_reset(get(), limiter.get(), detail::Data(identity), identity.size(), id, why);
    });
  }

  std::vector<Completion> Take(std::chrono::microseconds timeout, size_t most, std::error_code* error) {
    // Room for one more, since a `most` of 0 is to be reported as such, and not as a null pointer.
    std::vector<drl_completion> ended(most + 1);
    int32_t count = 0;
    detail::Run(error, [&](drl_error* why) {
      return drl_queue_wait(get(), timeout.count(), ended.data(), static_cast<int32_t>(most), &count, why);
    });
    std::vector<Completion> completions;
    completions.reserve(static_cast<size_t>(count));
    for (int32_t i = 0; i < count; ++i) {
      const drl_completion& from = ended[static_cast<size_t>(i)];
      completions.push_back({from.id, MakeErrorCode(from.status), detail::FromC(from.decision, from.message), from.message});
    }
    return completions;
  }

  std::shared_ptr<detail::ClientState> client_;  // first, so that it goes last
  std::unique_ptr<drl_queue, Close> handle_;
};

}  // namespace drl

#endif  // DRL_CPP_QUEUE_HPP
