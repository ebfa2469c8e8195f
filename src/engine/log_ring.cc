#include "engine/log_ring.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/clock.h"
#include "base/utf8.h"

namespace drl::engine {

LogRing::LogRing(const base::Log& callback) : callback_(callback), lines_(new (std::nothrow) drl_log_line[kLinesMax]) {}

void LogRing::Write(int32_t level, std::string_view message) {
  drl_log_line line;
  line.at_us = base::WallMicros();
  line.level = level;
  line.reserved = 0;
  base::CopyShown(message, line.message, sizeof line.message);
  {
    const std::lock_guard lock(mutex_);
    if (count_ == kLinesMax) {
      first_ = (first_ + 1) % kLinesMax;
      --count_;
      ++dropped_;
    }
    at(count_++) = line;
    if (count_ == 1) event_.Signal();
  }
  callback_.Write(level, line.message);
}

size_t LogRing::Drain(std::span<drl_log_line> lines, int64_t& dropped) {
  const std::lock_guard lock(mutex_);
  const size_t taken = std::min(lines.size(), count_);
  for (size_t i = 0; i < taken; ++i) lines[i] = at(i);
  first_ = (first_ + taken) % kLinesMax;
  count_ -= taken;
  dropped = std::exchange(dropped_, 0);
  if (count_ == 0) event_.Clear();
  return taken;
}

}  // namespace drl::engine
