// IP addresses as bits. Whatever the spelling, one address has one value here and one text (RFC 5952).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/text_writer.h"

namespace drl::http {

// An IPv4 address is the low 32 bits of `low`. It orders before every IPv6 address, so that ranges never span both.
struct Address {
  bool v6 = false;
  uint64_t high = 0;
  uint64_t low = 0;

  [[nodiscard]] constexpr int bits() const { return v6 ? 128 : 32; }
  friend constexpr auto operator<=>(const Address&, const Address&) = default;
};

// An address alone: "192.0.2.1", "2001:db8::1", without port, brackets, zone or surrounding space. Strict: four decimal
// numbers without leading zeros; RFC 4291 forms. An IPv4-mapped address becomes IPv4: masked as IPv6, all of IPv4 would
// share one prefix.
[[nodiscard]] std::optional<Address> ParseAddress(std::string_view text);

// An address as peers and proxies write it (RFC 7239 section 6, and what is common in X-Forwarded-For): with port
// ("192.0.2.1:443", "[2001:db8::1]:_proxy"), brackets around IPv6, and a zone ("fe80::1%eth0"), all of them dropped.
[[nodiscard]] std::optional<Address> ParseNode(std::string_view text);

// The first and the last address that share the leading `prefix` bits (0..bits()).
[[nodiscard]] Address FirstOf(Address address, int prefix);
[[nodiscard]] Address LastOf(Address address, int prefix);

// The text of RFC 5952, at most 39 characters.
void PutAddress(const Address& address, TextWriter& out);

}  // namespace drl::http
