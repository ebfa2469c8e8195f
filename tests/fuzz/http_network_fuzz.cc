// Networks and addresses: what is read is written back as itself, and read as the C library reads it.
#include <arpa/inet.h>

#include <cstring>

#include "http_fuzz.h"

namespace {

using drl::http::Address;

std::string TextOf(const drl::http::Network& network) {
  char text[64];
  drl::http::TextWriter out(text);
  PutNetwork(network, out);
  DRL_FUZZ_CHECK(out.fits());
  return std::string(out.Since(0));
}

uint64_t Big(const unsigned char* bytes, int count = 8) {
  uint64_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

void CheckAddress(const std::string& text) {
  if (text.find('\0') != std::string::npos) {
    DRL_FUZZ_CHECK(!drl::http::ParseAddress(text));
    return;
  }
  const std::optional<Address> address = drl::http::ParseAddress(text);
  unsigned char bytes[16];
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1) {
    DRL_FUZZ_CHECK(address && !address->v6 && address->high == 0 && address->low == Big(bytes, 4));
  } else if (inet_pton(AF_INET6, text.c_str(), bytes) == 1) {
    DRL_FUZZ_CHECK(address);
    const bool mapped = Big(bytes) == 0 && Big(bytes + 8) >> 32 == 0xFFFF;
    DRL_FUZZ_CHECK(address->v6 == !mapped && address->high == Big(bytes));
    DRL_FUZZ_CHECK(address->low == (mapped ? Big(bytes + 8) & 0xFFFFFFFF : Big(bytes + 8)));
  } else {
    DRL_FUZZ_CHECK(!address);
  }
}

void CheckBounds(const drl::http::Network& network) {
  const drl::http::NetworkSet set({network});
  const Address last = LastOf(network.first, network.prefix);
  DRL_FUZZ_CHECK(set.Contains(network.first) && set.Contains(last));
  Address before = network.first;
  Address after = last;
  if (before.low-- > 0) DRL_FUZZ_CHECK(!set.Contains(before));
  if (++after.low != 0) DRL_FUZZ_CHECK(!set.Contains(after));
  Address other = network.first;
  other.v6 = !other.v6;
  DRL_FUZZ_CHECK(!set.Contains(other));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  CheckAddress(text);
  CheckAddress(text.substr(0, text.find('/')));
  const drl::base::Result<drl::http::Network> network = drl::http::ParseNetwork(text);
  if (!network.ok()) {
    DRL_FUZZ_CHECK(!network.status().message().empty() && !drl::fuzz::HasControl(network.status().message()));
    return 0;
  }
  const std::string written = TextOf(*network);
  DRL_FUZZ_CHECK(!drl::fuzz::HasControl(written));
  const drl::base::Result<drl::http::Network> again = drl::http::ParseNetwork(written);
  DRL_FUZZ_CHECK(again.ok() && again->first == network->first && again->prefix == network->prefix);
  DRL_FUZZ_CHECK(TextOf(*again) == written);
  CheckBounds(*network);
  return 0;
}
