// The log of one process's engine: the last lines that nobody took, in a ring with a descriptor to wait on, and the application's
// callback beside it. Each line goes to both.
//
// Whoever runs the loop writes, any thread drains. A forked child has an engine of its own and with it an empty ring.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string_view>

#include "base/fd.h"
#include "base/log.h"
#include "drl/log.h"

namespace drl::engine {

class LogRing {
 public:
  static constexpr size_t kLinesMax = 256;

  explicit LogRing(const base::Log& callback);

  [[nodiscard]] bool valid() const { return lines_ != nullptr; }
  // Readable while lines wait; not valid where the system refused one.
  [[nodiscard]] const base::EventFd& event() const { return event_; }

  // Allocates nothing. The oldest line makes room.
  void Write(int32_t level, std::string_view message);
  // Takes lines, oldest first; `dropped` since the last time.
  size_t Drain(std::span<drl_log_line> lines, int64_t& dropped);

 private:
  [[nodiscard]] drl_log_line& at(size_t i) { return lines_[(first_ + i) % kLinesMax]; }

  const base::Log callback_;
  const base::EventFd event_;
  std::mutex mutex_;
  // Guarded. 128 KiB, of which the system gives only what was written to.
  const std::unique_ptr<drl_log_line[]> lines_;
  size_t first_ = 0;
  size_t count_ = 0;
  int64_t dropped_ = 0;
};

}  // namespace drl::engine
