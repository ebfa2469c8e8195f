// Writes commands as RESP arrays of bulk strings (https://redis.io/docs/reference/protocol-spec/) into one growing buffer.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace drl::redis {

class RespWriter {
 public:
  void Array(size_t elements) { Header('*', elements); }

  void Bulk(std::string_view text) {
    Header('$', text.size());
    char* out = Grow(text.size() + 2);
    std::memcpy(out, text.data(), text.size());
    out[text.size()] = '\r';
    out[text.size() + 1] = '\n';
  }

  void Integer(int64_t value) {
    char digits[20];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
    Bulk({digits, static_cast<size_t>(end - digits)});
  }

  [[nodiscard]] std::string_view pending() const { return {buffer_.data() + sent_, used_ - sent_}; }
  void Consume(size_t bytes) {
    sent_ += bytes;
    left_ += bytes;
    if (sent_ == used_) used_ = sent_ = 0;
  }
  // Bytes that have left, of all that were ever written.
  [[nodiscard]] uint64_t left() const { return left_; }
  [[nodiscard]] uint64_t written() const { return left_ + (used_ - sent_); }

 private:
  void Header(char type, size_t count) {
    char text[24];
    text[0] = type;
    char* end = std::to_chars(text + 1, text + sizeof text - 2, count).ptr;
    *end++ = '\r';
    *end++ = '\n';
    const auto length = static_cast<size_t>(end - text);
    std::memcpy(Grow(length), text, length);
  }

  char* Grow(size_t bytes) {
    if (used_ + bytes > buffer_.size()) buffer_.resize((used_ + bytes) * 2);
    char* at = buffer_.data() + used_;
    used_ += bytes;
    return at;
  }

  std::vector<char> buffer_;
  size_t used_ = 0;
  size_t sent_ = 0;
  uint64_t left_ = 0;
};

}  // namespace drl::redis
