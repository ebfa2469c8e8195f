// Comma-separated header values, read from the right, over all lines of the header, within fixed bounds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "drl/http.h"

namespace drl::http {

// Without the spaces and tabs at both ends.
[[nodiscard]] constexpr std::string_view TrimSpace(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Where the last element of a list begins, in a syntax without quotation marks.
[[nodiscard]] constexpr size_t LastPlain(std::string_view list) {
  const size_t comma = list.rfind(',');
  return comma == std::string_view::npos ? 0 : comma + 1;
}

// The elements of a header, the last first. The lines count as joined by commas. At most DRL_FORWARD_LEN_MAX bytes from
// the right are looked at, and DRL_FORWARD_HOPS_MAX elements; one that the length limit cuts is not given out.
class ListFromRight {
 public:
  using LastElement = size_t (*)(std::string_view list);

  ListFromRight(std::span<const drl_header_line> lines, LastElement last_element)
      : lines_(lines), last_element_(last_element) {}

  // The next element to the left; none at the end or beyond a bound. Do not call it again then.
  [[nodiscard]] std::optional<std::string_view> Next() {
    if (elements_left_-- == 0 || (!in_line_ && !EnterLine())) return std::nullopt;
    const size_t begin = last_element_(list_);
    if (begin == 0 && line_cut_) return std::nullopt;
    const std::string_view element = list_.substr(begin);
    in_line_ = begin > 0;
    if (in_line_) list_ = list_.substr(0, begin - 1);
    return element;
  }

 private:
  bool EnterLine() {
    if (lines_.empty()) return false;
    const drl_header_line& last = lines_.back();
    const std::string_view line = last.value == nullptr ? "" : std::string_view(last.value, last.value_len);
    lines_ = lines_.first(lines_.size() - 1);
    line_cut_ = line.size() > bytes_left_ || (line.size() == bytes_left_ && !lines_.empty());
    list_ = line.substr(line.size() - std::min(line.size(), bytes_left_));
    bytes_left_ -= line_cut_ ? bytes_left_ : std::min(bytes_left_, line.size() + 1);  // 1: the comma of the join
    return true;
  }

  std::span<const drl_header_line> lines_;
  LastElement last_element_;
  std::string_view list_;  // what is left of the line
  bool in_line_ = false;
  bool line_cut_ = false;
  size_t bytes_left_ = DRL_FORWARD_LEN_MAX;
  int32_t elements_left_ = DRL_FORWARD_HOPS_MAX;
};

}  // namespace drl::http
