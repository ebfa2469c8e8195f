// Time. Deadlines run on the monotonic clock of this machine; decisions only ever on that of Redis.
#pragma once

#include <cstdint>
#include <ctime>

namespace drl::base {

using Micros = int64_t;

inline Micros MonotonicMicros() {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return static_cast<Micros>(ts.tv_sec) * 1000000 + ts.tv_nsec / 1000;
}

// The clock that deadlines run on, handed to whoever is to be tested with another.
class Clock {
 public:
  [[nodiscard]] virtual Micros now() const = 0;

  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;

 protected:
  ~Clock() = default;
};

class MachineClock final : public Clock {
 public:
  [[nodiscard]] Micros now() const override { return MonotonicMicros(); }
};

// Unix time, for people to read.
inline int64_t WallMicros() {
  timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  return static_cast<int64_t>(ts.tv_sec) * 1000000 + ts.tv_nsec / 1000;
}

inline timespec ToTimespec(Micros us) {
  return {static_cast<time_t>(us / 1'000'000), static_cast<long>(us % 1'000'000 * 1000)};
}

}  // namespace drl::base
