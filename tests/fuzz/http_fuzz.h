// What the fuzz targets of src/http share: a check that stays on in every build, and readers of what was written.
#pragma once

#include <arpa/inet.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http/resolver.h"

namespace drl::fuzz {

#define DRL_FUZZ_CHECK(condition)                                                     \
  do {                                                                                \
    if (!(condition)) {                                                               \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
      std::abort();                                                                   \
    }                                                                                 \
  } while (false)

// No CR, LF, NUL or other control character may reach a header or a body.
inline bool HasControl(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') return true;
  }
  return false;
}

inline std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

inline std::string Resolve(const http::Resolver& resolver, std::string_view peer,
                           const std::vector<std::string>& lines) {
  std::vector<drl_header_line> spans;
  for (const std::string& line : lines) spans.push_back({line.data(), line.size()});
  char text[DRL_CLIENT_ADDRESS_SIZE - 1];
  http::TextWriter out(text);
  resolver.Resolve(peer, spans, out);
  DRL_FUZZ_CHECK(out.fits());
  return std::string(out.Since(0));
}

// Whether nobody whom DRL_TRUST_PRIVATE trusts has this identity, by other means than the resolver's.
inline bool IsOutsidePrivate(const std::string& identity) {
  unsigned char b[4];
  if (inet_pton(AF_INET, identity.c_str(), b) != 1) return identity == "unknown" || identity.starts_with("2001:");
  return b[0] != 10 && b[0] != 127 && !(b[0] == 172 && b[1] / 16 == 1) && !(b[0] == 192 && b[1] == 168) &&
         !(b[0] == 169 && b[1] == 254);
}

// The first byte chooses the options, the first line is the peer, the others are lines of the header.
inline void CheckResolver(int32_t header, const std::string& forged, const std::string& garbage, const uint8_t* data,
                          size_t size) {
  if (size == 0 || size > 16000) return;  // beyond, the length bound makes what is put in front matter
  drl_resolver_options options = DRL_RESOLVER_OPTIONS_INIT;
  options.header = header;
  const int32_t trust = data[0] % 3 == 0 ? DRL_TRUST_HOPS : DRL_TRUST_PRIVATE;
  options.trust = trust;
  options.hops = trust == DRL_TRUST_HOPS ? 1 + data[0] / 3 % 4 : 0;
  options.ipv6_prefix_len = (data[0] & 64) != 0 ? 128 : 0;
  const base::Result<http::Resolver> resolver = http::Resolver::Compile(options);
  DRL_FUZZ_CHECK(resolver.ok());
  std::vector<std::string> lines = SplitLines({reinterpret_cast<const char*>(data) + 1, size - 1});
  const std::string peer = lines.front();
  lines.erase(lines.begin());

  const std::string identity = Resolve(*resolver, peer, lines);
  DRL_FUZZ_CHECK(!identity.empty() && !HasControl(identity));
  if (identity != "unix" && identity != "unknown") {
    // Canonical: it reads as a network, and stands for itself.
    DRL_FUZZ_CHECK(http::ParseNetwork(identity).ok());
    options.trust = DRL_TRUST_NONE;
    options.hops = 0;
    const base::Result<http::Resolver> plain = http::Resolver::Compile(options);
    DRL_FUZZ_CHECK(Resolve(*plain, identity.substr(0, identity.find('/')), {}) == identity);
  }
  if (lines.empty()) return;
  // What anybody may put in front of the header is believed only where every hop behind it was trusted; garbage never.
  const std::string first = lines.front();
  lines.front() = forged + ", " + first;
  const std::string lured = Resolve(*resolver, peer, lines);
  DRL_FUZZ_CHECK(lured == identity || lured == "192.0.2.66");
  if (trust == DRL_TRUST_PRIVATE && IsOutsidePrivate(identity)) DRL_FUZZ_CHECK(lured == identity);
  lines.front() = garbage + ", " + first;
  DRL_FUZZ_CHECK(Resolve(*resolver, peer, lines) == identity);
}

}  // namespace drl::fuzz
