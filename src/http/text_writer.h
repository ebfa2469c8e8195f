// Text into a fixed buffer: no allocation, no overrun. What does not fit is counted, so that the caller can be told.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace drl::http {

class TextWriter {
 public:
  explicit TextWriter(std::span<char> buffer) : buffer_(buffer) {}

  void Put(char c) {
    if (length_ < buffer_.size()) buffer_[length_] = c;
    ++length_;
  }
  void Put(std::string_view text) {
    if (length_ < buffer_.size() && !text.empty()) {
      std::memcpy(buffer_.data() + length_, text.data(), std::min(text.size(), buffer_.size() - length_));
    }
    length_ += text.size();
  }
  void Put(int64_t number) {
    char digits[20];  // the 19 of 2^63 and a sign
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    Put(std::string_view(digits, static_cast<size_t>(end - digits)));
  }

  // How much was put, whether or not it fitted.
  [[nodiscard]] size_t length() const { return length_; }
  [[nodiscard]] bool fits() const { return length_ <= buffer_.size(); }
  // What was put since `from`, an earlier length(). Only while it fits.
  [[nodiscard]] std::string_view Since(size_t from) const { return {buffer_.data() + from, length_ - from}; }

 private:
  std::span<char> buffer_;
  size_t length_ = 0;
};

}  // namespace drl::http
