// Work that may block for long and cannot be cancelled (getaddrinfo, the application's own code), on a thread of its own.
//
// One piece of work at a time; when it has ended, the owner's eventfd is signalled. Nobody ever waits for it: when the owner goes
// before, the work ends by itself, and its result is dropped. The result is shared by the thread and the owner; whoever comes last
// frees it. Since the thread may outlive the last handle and even dlclose, it keeps this library mapped.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/fd.h"
#include "base/status.h"

namespace drl::base {

// Keeps this library mapped from now on.
void PinLibrary();

template <typename Value>
class Errand {
 public:
  explicit Errand(const EventFd& wake) : wake_(wake) {}
  ~Errand() {
    if (job_ == nullptr) return;
    const std::lock_guard lock(job_->mutex);
    job_->wake = nullptr;
    if (!job_->result) PinLibrary();  // the thread may not have come to it yet
  }
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  // `work` returns a Result<Value> and does not throw. `purpose` is for the sentence when there is no thread for it: "to ...".
  template <typename Work>
  Status Start(Work work, const char* purpose) {
    job_ = std::make_shared<Job>();
    job_->wake = &wake_;
    try {
      std::thread([job = job_, work = std::move(work)]() mutable {
        PinLibrary();
        Result<Value> result = work();
        const std::lock_guard lock(job->mutex);
        job->result.emplace(std::move(result));
        if (job->wake != nullptr) job->wake->Signal();
      }).detach();
    } catch (const std::system_error&) {
      job_ = nullptr;
      return {DRL_ERR_SYSTEM, std::string("cannot start a thread ") + purpose};
    } catch (...) {
      job_ = nullptr;
      throw;
    }
    return {};
  }

  // Started, and its result not taken yet.
  [[nodiscard]] bool running() const { return job_ != nullptr; }
  // Whether the work has ended; then its result, once.
  [[nodiscard]] bool done() const {
    if (job_ == nullptr) return false;
    const std::lock_guard lock(job_->mutex);
    return job_->result.has_value();
  }
  Result<Value> Take() {
    const std::shared_ptr<Job> job = std::exchange(job_, nullptr);
    const std::lock_guard lock(job->mutex);
    return std::move(*job->result);
  }

 private:
  struct Job {
    std::mutex mutex;
    const EventFd* wake = nullptr;  // null once the owner has gone
    std::optional<Result<Value>> result;
  };

  const EventFd& wake_;
  std::shared_ptr<Job> job_;
};

}  // namespace drl::base
