#include "http/network.h"

#include <algorithm>
#include <string>

namespace drl::http {
namespace {

using base::Result;
using base::Status;

Status NotANetwork(std::string_view text, const std::string& reason) {
  constexpr size_t kShownMax = 64;
  std::string shown(text.substr(0, kShownMax));
  std::replace_if(shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return {DRL_ERR_ADDRESS, "'" + shown + "' is not an IP address or network: " + reason};
}

// 0..128 in decimal, without leading zeros; -1 for anything else.
int ParsePrefix(std::string_view text) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return -1;
  int prefix = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    prefix = prefix * 10 + (c - '0');
  }
  return prefix;
}

}  // namespace

Result<Network> ParseNetwork(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const std::optional<Address> address = ParseAddress(host);
  if (!address) return NotANetwork(text, "write it as 192.0.2.0/24 or 2001:db8::/32");
  if (slash == std::string_view::npos) return Network{*address, address->bits()};
  int prefix = ParsePrefix(text.substr(slash + 1));
  const bool mapped = !address->v6 && host.find(':') != std::string_view::npos;
  if (mapped) prefix -= 96;
  if (prefix < 0 || prefix > address->bits()) return NotANetwork(text, "the prefix length is out of range");
  if (FirstOf(*address, prefix) != *address) return NotANetwork(text, "bits beyond the prefix are set");
  return Network{*address, prefix};
}

void PutNetwork(const Network& network, TextWriter& out) {
  PutAddress(network.first, out);
  out.Put('/');
  out.Put(static_cast<int64_t>(network.prefix));
}

NetworkSet::NetworkSet(const std::vector<Network>& networks) {
  std::vector<Range> all;
  for (const Network& network : networks) all.push_back({network.first, LastOf(network.first, network.prefix)});
  std::sort(all.begin(), all.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
  for (const Range& range : all) {
    if (ranges_.empty() || ranges_.back().last < range.first) {
      ranges_.push_back(range);
    } else {
      ranges_.back().last = std::max(ranges_.back().last, range.last);
    }
  }
}

bool NetworkSet::Contains(const Address& address) const {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                                      [](const Address& value, const Range& range) { return value < range.first; });
  return after != ranges_.begin() && address <= std::prev(after)->last;
}

}  // namespace drl::http
