// Many blocking callers at once: throughput, and latency at a given pace.
#pragma once

#include <atomic>
#include <barrier>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include "samples.h"

namespace drl::bench {

struct CrowdResult {
  double per_second = 0;
  Samples latency;
};

// `callers` threads call decide(caller, i) over and over for `seconds`. With `pace_per_second` above 0, all together make that many
// calls a second on a fixed schedule, and a call's latency counts from its scheduled time, so that a stall is not hidden.
inline CrowdResult RunCrowd(int callers, double seconds, double pace_per_second,
                            const std::function<void(int, size_t)>& decide) {
  std::vector<Samples> samples(static_cast<size_t>(callers));
  std::atomic<int64_t> total{0};
  std::barrier start(callers + 1);
  std::vector<std::jthread> threads;
  for (int caller = 0; caller < callers; ++caller) {
    threads.emplace_back([&, caller] {
      start.arrive_and_wait();
      const double begin = NowUs();
      const double end = begin + seconds * 1e6;
      const double interval = pace_per_second > 0 ? 1e6 * callers / pace_per_second : 0;
      double due = begin + interval * caller / callers;
      int64_t count = 0;
      for (size_t i = 0;; ++i) {
        double from = NowUs();
        if (from >= end) break;
        if (interval > 0) {
          if (due > from) std::this_thread::sleep_for(std::chrono::duration<double, std::micro>(due - from));
          from = due;
          due += interval;
        }
        decide(caller, i);
        samples[static_cast<size_t>(caller)].Add(NowUs() - from);
        ++count;
      }
      total += count;
    });
  }
  start.arrive_and_wait();
  threads.clear();
  CrowdResult result;
  result.per_second = static_cast<double>(total.load()) / seconds;
  for (const Samples& each : samples) result.latency.Append(each);
  return result;
}

}  // namespace drl::bench
