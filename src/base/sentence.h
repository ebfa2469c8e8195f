// A sentence for a person, kept in place: it needs neither memory nor a lock, so it can be said where calls are refused and where
// memory has run out.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/status.h"

namespace drl::base {

// Cut to what a drl_error can show.
class Sentence {
 public:
  static constexpr size_t kLengthMax = sizeof(drl_error::message) - 1;

  Sentence() = default;
  Sentence(std::string_view text) { Append(text); }  // NOLINT: implicit by intent
  Sentence(const Sentence& other) { *this = other; }
  Sentence& operator=(const Sentence& other) {  // a few words, not the whole room
    length_ = other.length_;
    std::memmove(text_.data(), other.text_.data(), length_);
    return *this;
  }

  void Append(std::string_view text) {
    length_ = static_cast<uint8_t>(length_ + text.copy(text_.data() + length_, kLengthMax - length_));
  }
  [[nodiscard]] bool empty() const { return length_ == 0; }
  [[nodiscard]] std::string_view view() const { return {text_.data(), length_}; }

 private:
  static_assert(kLengthMax <= UINT8_MAX);

  uint8_t length_ = 0;
  std::array<char, kLengthMax> text_;
};

// A Status that allocates nothing: why Redis did not decide.
struct Cause {
  Cause() = default;
  Cause(drl_status why, std::string_view said) : code(why), sentence(said) {}
  Cause(const Status& status) : code(status.code()), sentence(status.message()) {}  // NOLINT: implicit by intent

  [[nodiscard]] bool ok() const { return code == DRL_OK; }

  drl_status code = DRL_OK;
  Sentence sentence;
};

inline void Report(const Cause& cause, drl_error* error) { Report(cause.code, cause.sentence.view(), error); }

}  // namespace drl::base
