// The Forwarded header (RFC 7239), read from its right end.
//
// The right end is what the nearest proxy wrote, the left what anybody may have sent. A reader that starts on the left
// can be derailed by one quotation mark; one that starts on the right has its answer before it meets the mark.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace drl::http {

inline constexpr size_t kForwardedNodeMax = 128;  // longer ones are no addresses

// Where the last element of a comma-separated list of Forwarded elements begins. Where quotation marks do not match,
// the element has an odd one out, and ForwardedFor refuses it. An empty list has one element, which is empty.
[[nodiscard]] size_t LastForwarded(std::string_view list);

// The value of the parameter `for` of one element, quotes and backslashes removed into `buffer`. None where the element
// is malformed, has no such parameter, or has it twice.
[[nodiscard]] std::optional<std::string_view> ForwardedFor(std::string_view element,
                                                           std::span<char, kForwardedNodeMax> buffer);

}  // namespace drl::http
