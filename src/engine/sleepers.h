// Callers to wake: gathered while replies are taken, woken when the next command is on its way, so that Redis does not wait for
// them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/futex.h"

namespace drl::engine {

class Sleepers {
 public:
  ~Sleepers() { WakeAll(); }

  // The word that a caller sleeps on. It may belong to another request by the time it is woken: callers look again.
  void Add(std::atomic<uint32_t>& word) {
    if (count_ == words_.size()) WakeAll();
    words_[count_++] = &word;
  }
  // Takes over whomever another has gathered.
  void TakeAll(Sleepers& from) {
    for (size_t i = 0; i < from.count_; ++i) Add(*from.words_[i]);
    from.count_ = 0;
  }
  [[nodiscard]] size_t size() const { return count_; }
  void WakeAll() {
    for (size_t i = 0; i < count_; ++i) base::FutexWakeAll(*words_[i]);
    count_ = 0;
  }

 private:
  size_t count_ = 0;
  std::array<std::atomic<uint32_t>*, 256> words_;
};

}  // namespace drl::engine
