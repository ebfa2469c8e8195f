// Who the client of a request is, given the peer of the socket and what proxies wrote.
//
// A chain of claims: the kernel vouches for the peer; each trusted proxy vouches for the hop that it wrote into the
// header, right to left. The client is the last hop that somebody trusted vouches for. So nothing that an untrusted
// sender puts into the header is ever believed, however it is spelled.
#pragma once

#include <span>
#include <string_view>

#include "base/status.h"
#include "drl/http.h"
#include "http/network.h"

namespace drl::http {

class Resolver {
 public:
  // `options` as in the public header, its struct_size not looked at.
  static base::Result<Resolver> Compile(const drl_resolver_options& options);

  // Puts the identity: at most 43 characters. No allocation; linear in the length of the lines, which is bounded.
  void Resolve(std::string_view peer, std::span<const drl_header_line> lines, TextWriter& out) const;

  // The header that Resolve wants, in lower case; "" for none.
  [[nodiscard]] const char* header() const;

 private:
  // Where the walk stands: an address, or a peer that has none.
  enum class Kind { kAddress, kLocalSocket, kEmpty, kUnknown };
  struct Hop {
    Kind kind = Kind::kUnknown;
    Address address;
  };

  Resolver() = default;
  [[nodiscard]] static Hop ParsePeer(std::string_view peer);
  [[nodiscard]] bool IsTrusted(const Hop& hop, int32_t distance) const;
  [[nodiscard]] Hop Walk(Hop peer, std::span<const drl_header_line> lines) const;
  void PutIdentity(const Hop& hop, TextWriter& out) const;
  base::Status AddNetworks(const drl_resolver_options& options);

  int32_t trust_ = DRL_TRUST_NONE;
  int32_t header_ = DRL_FORWARD_X_FORWARDED_FOR;
  int32_t hops_ = 0;
  int ipv4_prefix_ = 32;
  int ipv6_prefix_ = 64;
  bool trust_local_sockets_ = false;
  bool trust_empty_peer_ = false;
  NetworkSet networks_;
};

}  // namespace drl::http
