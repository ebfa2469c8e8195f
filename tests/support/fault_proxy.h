// A proxy between a client and its Redis, inside the test, that hurts the bytes on their way: it delays them, slices them into a
// few bytes each, and cuts connections in the middle. What passes is never changed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace drl::test {

// One chance in n for each piece of bytes; 0: never.
struct Faults {
  int64_t delay_one_in = 0;
  int64_t delay_max_us = 0;
  int64_t slice_one_in = 0;  // into pieces of 1 to 7 bytes
  int64_t cut_one_in = 0;
};

class FaultProxy {
 public:
  // Listens on a Unix socket in a directory of its own and forwards to that of `upstream`.
  FaultProxy(std::string upstream, uint64_t seed);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  [[nodiscard]] std::string url() const { return "unix://" + path_; }
  void SetFaults(const Faults& faults);
  // Breaks all connections.
  void CutAll() { cut_all_.store(true); }

  [[nodiscard]] int64_t accepted() const { return accepted_.load(); }
  [[nodiscard]] int64_t cut() const { return cut_.load(); }

 private:
  struct State;
  void Run();

  std::string directory_;
  std::string path_;
  const std::string upstream_;
  std::unique_ptr<State> state_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> cut_all_{false};
  std::atomic<int64_t> accepted_{0};
  std::atomic<int64_t> cut_{0};
  std::thread thread_;
};

}  // namespace drl::test
