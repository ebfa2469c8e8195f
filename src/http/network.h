// Networks (CIDR), and a set of them that is searched in logarithmic time.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "http/address.h"

namespace drl::http {

struct Network {
  Address first;
  int prefix = 0;  // 0..first.bits()
};

// "192.0.2.0/24", "2001:db8::/32", or an address, which is a network of one. Host bits must be zero: "10.1.2.3/8" is
// more often a slip than a wish to trust sixteen million hosts.
base::Result<Network> ParseNetwork(std::string_view text);

// The text that ParseNetwork reads, always with a prefix.
void PutNetwork(const Network& network, TextWriter& out);

class NetworkSet {
 public:
  NetworkSet() = default;
  explicit NetworkSet(const std::vector<Network>& networks);

  // IPv6 networks never hold IPv4 addresses: ::/0 is all of IPv6 alone.
  [[nodiscard]] bool Contains(const Address& address) const;

 private:
  struct Range {
    Address first;
    Address last;
  };

  std::vector<Range> ranges_;  // ordered, without overlap
};

}  // namespace drl::http
