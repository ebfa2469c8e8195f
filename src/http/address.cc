#include "http/address.h"

#include <algorithm>
#include <array>

namespace drl::http {
namespace {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

constexpr int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<uint32_t> ParseIpv4(std::string_view text) {
  uint32_t value = 0;
  size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at == text.size() || text[at++] != '.')) return std::nullopt;
    const size_t first = at;
    uint32_t number = 0;
    while (at < text.size() && at - first < 3 && IsDigit(text[at])) {
      number = number * 10 + static_cast<uint32_t>(text[at++] - '0');
    }
    // A leading zero is octal to some readers and decimal to others: nobody may profit from the difference.
    if (at == first || number > 255 || (at - first > 1 && text[first] == '0')) return std::nullopt;
    value = value << 8 | number;
  }
  if (at != text.size()) return std::nullopt;
  return value;
}

// The 16-bit groups of an IPv6 address while it is being read.
struct Groups {
  std::array<uint16_t, 8> value{};
  size_t count = 0;
  std::optional<size_t> gap;  // where "::" stands

  bool Push(uint32_t group) {
    if (count == value.size()) return false;
    value[count++] = static_cast<uint16_t>(group);
    return true;
  }
};

// Reads 1 to 4 hexadecimal digits at the front of `text`.
bool TakeGroup(std::string_view& text, Groups& groups) {
  uint32_t group = 0;
  size_t digits = 0;
  while (digits < text.size() && digits < 4 && HexValue(text[digits]) >= 0) {
    group = group << 4 | static_cast<uint32_t>(HexValue(text[digits++]));
  }
  if (digits == 0 || !groups.Push(group)) return false;
  text.remove_prefix(digits);
  return true;
}

bool TakeIpv4Tail(std::string_view text, Groups& groups) {
  const std::optional<uint32_t> tail = ParseIpv4(text);
  return tail && groups.Push(*tail >> 16) && groups.Push(*tail & 0xFFFF);
}

std::optional<Groups> ReadGroups(std::string_view text) {
  Groups groups;
  if (text.starts_with("::")) {
    groups.gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    const std::string_view rest = text;
    if (!TakeGroup(text, groups)) return std::nullopt;
    if (text.empty()) break;
    if (text[0] == '.') {  // the digits just read began a dotted tail
      --groups.count;
      if (!TakeIpv4Tail(rest, groups)) return std::nullopt;
      break;
    }
    if (text[0] != ':') return std::nullopt;
    text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    if (text[0] != ':') continue;
    if (groups.gap) return std::nullopt;
    groups.gap = groups.count;
    text.remove_prefix(1);
  }
  return groups;
}

std::optional<Address> ParseIpv6(std::string_view text) {
  if (text.size() < 2 || text.size() > 45) return std::nullopt;  // 45: all groups written out, and a dotted tail
  std::optional<Groups> groups = ReadGroups(text);
  if (!groups) return std::nullopt;
  if (groups->gap ? groups->count > 7 : groups->count != 8) return std::nullopt;
  if (groups->gap) {  // move what follows the gap to the end
    const auto begin = groups->value.begin();
    const auto after = begin + static_cast<ptrdiff_t>(*groups->gap);
    std::rotate(after, begin + static_cast<ptrdiff_t>(groups->count), groups->value.end());
  }
  Address address{true, 0, 0};
  for (size_t i = 0; i < 4; ++i) {
    address.high = address.high << 16 | groups->value[i];
    address.low = address.low << 16 | groups->value[i + 4];
  }
  if (address.high == 0 && address.low >> 32 == 0xFFFF) return Address{false, 0, address.low & 0xFFFFFFFF};
  return address;
}

// RFC 7239: up to five digits, or an obfuscated one that begins with an underscore.
bool IsPort(std::string_view text) {
  if (text.empty()) return false;
  if (text[0] != '_') return text.size() <= 5 && std::all_of(text.begin(), text.end(), IsDigit);
  text.remove_prefix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return IsDigit(c) || IsAlpha(c) || c == '.' || c == '_' || c == '-';
  });
}

// RFC 6874 names of interfaces, unescaped.
bool IsZone(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return IsDigit(c) || IsAlpha(c) || c == '.' || c == '_' || c == '-' || c == '~';
  });
}

std::optional<Address> ParseIpv6WithZone(std::string_view text) {
  const size_t percent = text.find('%');
  if (percent == std::string_view::npos) return ParseIpv6(text);
  if (!IsZone(text.substr(percent + 1))) return std::nullopt;
  return ParseIpv6(text.substr(0, percent));
}

std::optional<Address> FromIpv4(std::optional<uint32_t> value) {
  if (!value) return std::nullopt;
  return Address{false, 0, *value};
}

// The bits of a 64-bit half that lie behind the prefix.
constexpr uint64_t HostMask(int prefix) {
  if (prefix >= 64) return 0;
  return prefix <= 0 ? ~uint64_t{0} : ~uint64_t{0} >> prefix;
}

// Where the longest run of at least two zero groups begins, the leftmost on a tie, and its length; 0, 0 for none.
struct Run {
  size_t begin = 0;
  size_t length = 0;
};

Run LongestZeros(const std::array<uint16_t, 8>& groups) {
  Run best;
  Run run;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (groups[i] != 0) {
      run = {i + 1, 0};
      continue;
    }
    ++run.length;
    if (run.length >= 2 && run.length > best.length) best = run;
  }
  return best;
}

void PutHex(uint16_t group, TextWriter& out) {
  char digits[4];
  const auto end = std::to_chars(digits, digits + sizeof digits, static_cast<unsigned>(group), 16).ptr;
  out.Put(std::string_view(digits, static_cast<size_t>(end - digits)));
}

void PutIpv4(uint64_t value, TextWriter& out) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.Put(static_cast<int64_t>(value >> shift & 255));
    if (shift > 0) out.Put('.');
  }
}

}  // namespace

std::optional<Address> ParseAddress(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return FromIpv4(ParseIpv4(text));
  return ParseIpv6(text);
}

std::optional<Address> ParseNode(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && (rest[0] != ':' || !IsPort(rest.substr(1)))) return std::nullopt;
    return ParseIpv6WithZone(text.substr(1, close - 1));
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return FromIpv4(ParseIpv4(text));
  // One colon is a port, several are IPv6.
  if (text.find(':', colon + 1) != std::string_view::npos) return ParseIpv6WithZone(text);
  if (!IsPort(text.substr(colon + 1))) return std::nullopt;
  return FromIpv4(ParseIpv4(text.substr(0, colon)));
}

Address FirstOf(Address address, int prefix) {
  if (!address.v6) prefix += 96;
  address.high &= ~HostMask(prefix);
  address.low &= ~HostMask(prefix - 64);
  return address;
}

Address LastOf(Address address, int prefix) {
  if (!address.v6) {
    address.low |= HostMask(prefix + 32);
    return address;
  }
  address.high |= HostMask(prefix);
  address.low |= HostMask(prefix - 64);
  return address;
}

void PutAddress(const Address& address, TextWriter& out) {
  if (!address.v6) return PutIpv4(address.low, out);
  std::array<uint16_t, 8> groups;
  for (size_t i = 0; i < 4; ++i) {
    groups[i] = static_cast<uint16_t>(address.high >> (48 - 16 * i));
    groups[i + 4] = static_cast<uint16_t>(address.low >> (48 - 16 * i));
  }
  const Run zeros = LongestZeros(groups);
  for (size_t i = 0; i < groups.size();) {
    if (zeros.length > 0 && i == zeros.begin) {
      out.Put(std::string_view("::"));
      i += zeros.length;
      continue;
    }
    PutHex(groups[i++], out);
    const bool gap_next = zeros.length > 0 && i == zeros.begin;
    if (i < groups.size() && !gap_next) out.Put(':');
  }
}

}  // namespace drl::http
