// Why the breaker is open: written now and then by one thread, read by every caller that is refused, without a lock.
//
// A thread of low priority may be stopped anywhere for half a second, so nobody waits for another here:
//   version   odd while a writer is at it; grows with every text
//   A reader copies the text between two looks at the version, and does without it when that was not even or has changed.
//   A writer that meets another leaves its text to that one: both speak of the same moment.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>

#include "base/sentence.h"

namespace drl::nodes {

class Reason {
 public:
  // Any thread.
  void Write(drl_status code, std::string_view head, std::string_view rest = {}) {
    uint32_t version = version_.load(std::memory_order_relaxed);
    if (version % 2 != 0 || !version_.compare_exchange_strong(version, version + 1, std::memory_order_acquire)) return;
    base::Sentence sentence(head);
    sentence.Append(rest);
    std::atomic_thread_fence(std::memory_order_release);
    code_.store(code, std::memory_order_relaxed);
    length_.store(sentence.view().size(), std::memory_order_relaxed);
    std::array<uint64_t, kWords> words{};
    std::memcpy(words.data(), sentence.view().data(), sentence.view().size());
    for (size_t i = 0; i < kWords; ++i) words_[i].store(words[i], std::memory_order_relaxed);
    version_.store(version + 2, std::memory_order_release);
  }

  // Any thread.
  [[nodiscard]] base::Cause Read() const {
    for (int look = 0; look < kLooks; ++look) {
      const uint32_t version = version_.load(std::memory_order_acquire);
      if (version % 2 != 0) continue;
      std::array<uint64_t, kWords> words;
      for (size_t i = 0; i < kWords; ++i) words[i] = words_[i].load(std::memory_order_relaxed);
      const size_t length = length_.load(std::memory_order_relaxed);
      const drl_status code = code_.load(std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_acquire);
      if (version_.load(std::memory_order_relaxed) != version) continue;
      return {code, std::string_view(reinterpret_cast<const char*>(words.data()), length)};
    }
    return {DRL_ERR_CIRCUIT_OPEN, base::StatusMessage(DRL_ERR_CIRCUIT_OPEN)};
  }

 private:
  static constexpr size_t kWords = (base::Sentence::kLengthMax + 7) / 8;
  static constexpr int kLooks = 4;

  std::atomic<uint32_t> version_{0};
  std::atomic<drl_status> code_{DRL_ERR_CIRCUIT_OPEN};
  std::atomic<size_t> length_{0};
  std::array<std::atomic<uint64_t>, kWords> words_{};
};

}  // namespace drl::nodes
