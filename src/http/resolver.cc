#include "http/resolver.h"

#include <array>
#include <string>

#include "http/forwarded.h"
#include "http/list.h"

namespace drl::http {
namespace {

using base::Result;
using base::Status;

constexpr std::string_view kLocalSocketNetwork = "unix:";

constexpr std::array<std::string_view, 8> kPrivateNetworks = {
    "127.0.0.0/8",    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
    "169.254.0.0/16", "::1/128",    "fe80::/10",     "fc00::/7"};

Status CheckRange(const char* argument, int32_t value, int32_t most) {
  if (value >= 0 && value <= most) return {};
  return {DRL_ERR_OPTION,
          std::string(argument) + " is " + std::to_string(value) + ", must be 0.." + std::to_string(most)};
}

Status CheckOptions(const drl_resolver_options& options) {
  for (const Status& status : {CheckRange("trust", options.trust, DRL_TRUST_HOPS),
                               CheckRange("header", options.header, DRL_FORWARD_FORWARDED),
                               CheckRange("hops", options.hops, DRL_FORWARD_HOPS_MAX),
                               CheckRange("networks_count", options.networks_count, DRL_NETWORKS_MAX),
                               CheckRange("ipv4_prefix_len", options.ipv4_prefix_len, 32),
                               CheckRange("ipv6_prefix_len", options.ipv6_prefix_len, 128)}) {
    if (!status.ok()) return status;
  }
  // What contradicts the mode is refused rather than ignored: it may be what the user counts on.
  if ((options.hops > 0) != (options.trust == DRL_TRUST_HOPS)) {
    return {DRL_ERR_OPTION, "hops goes with DRL_TRUST_HOPS, and must be 1..64 there"};
  }
  const bool takes_networks = options.trust == DRL_TRUST_NETWORKS || options.trust == DRL_TRUST_PRIVATE;
  if (options.networks_count > 0 && !takes_networks) {
    return {DRL_ERR_OPTION, "networks goes with DRL_TRUST_NETWORKS or DRL_TRUST_PRIVATE"};
  }
  if (options.trust == DRL_TRUST_NETWORKS && options.networks_count == 0) {
    return {DRL_ERR_OPTION, "DRL_TRUST_NETWORKS needs networks"};
  }
  if (options.networks_count > 0 && options.networks == nullptr) return {DRL_ERR_NULL, "networks is NULL"};
  return {};
}

std::optional<Address> ParseElement(std::string_view element, int32_t header) {
  if (header == DRL_FORWARD_X_FORWARDED_FOR) return ParseNode(TrimSpace(element));
  char buffer[kForwardedNodeMax];
  const std::optional<std::string_view> node = ForwardedFor(element, buffer);
  return node ? ParseNode(*node) : std::nullopt;
}

}  // namespace

Result<Resolver> Resolver::Compile(const drl_resolver_options& options) {
  if (Status status = CheckOptions(options); !status.ok()) return status;
  Resolver resolver;
  resolver.trust_ = options.trust;
  resolver.header_ = options.header;
  resolver.hops_ = options.hops;
  if (options.ipv4_prefix_len != 0) resolver.ipv4_prefix_ = options.ipv4_prefix_len;
  if (options.ipv6_prefix_len != 0) resolver.ipv6_prefix_ = options.ipv6_prefix_len;
  if (Status status = resolver.AddNetworks(options); !status.ok()) return status;
  return resolver;
}

Status Resolver::AddNetworks(const drl_resolver_options& options) {
  std::vector<Network> networks;
  if (options.trust == DRL_TRUST_PRIVATE) {
    for (const std::string_view text : kPrivateNetworks) networks.push_back(*ParseNetwork(text));
    trust_local_sockets_ = true;
  }
  for (int32_t i = 0; i < options.networks_count; ++i) {
    const std::string argument = "networks[" + std::to_string(i) + "]";
    if (options.networks[i] == nullptr) return {DRL_ERR_NULL, argument + " is NULL"};
    if (options.networks[i] == kLocalSocketNetwork) {
      trust_local_sockets_ = trust_empty_peer_ = true;
      continue;
    }
    Result<Network> network = ParseNetwork(options.networks[i]);
    if (!network.ok()) return {network.status().code(), argument + ": " + network.status().message()};
    networks.push_back(*network);
  }
  networks_ = NetworkSet(networks);
  return {};
}

void Resolver::Resolve(std::string_view peer, std::span<const drl_header_line> lines, TextWriter& out) const {
  PutIdentity(Walk(ParsePeer(peer), lines), out);
}

const char* Resolver::header() const {
  if (trust_ == DRL_TRUST_NONE) return "";
  return header_ == DRL_FORWARD_FORWARDED ? "forwarded" : "x-forwarded-for";
}

Resolver::Hop Resolver::ParsePeer(std::string_view peer) {
  if (peer.empty()) return {Kind::kEmpty, {}};
  if (const std::optional<Address> address = ParseNode(peer)) return {Kind::kAddress, *address};
  // Servers name the peers of a local socket after its path, or "@" where it has none.
  const bool local = peer[0] == '/' || peer[0] == '@' || peer.starts_with(kLocalSocketNetwork);
  return {local ? Kind::kLocalSocket : Kind::kUnknown, {}};
}

// `distance` counts from the peer, which is 0.
bool Resolver::IsTrusted(const Hop& hop, int32_t distance) const {
  if (trust_ == DRL_TRUST_NONE) return false;
  if (trust_ == DRL_TRUST_HOPS) return distance < hops_;
  switch (hop.kind) {
    case Kind::kAddress:
      return networks_.Contains(hop.address);
    case Kind::kLocalSocket:
      return trust_local_sockets_;
    case Kind::kEmpty:
      return trust_empty_peer_;
    case Kind::kUnknown:
      break;
  }
  return false;
}

Resolver::Hop Resolver::Walk(Hop hop, std::span<const drl_header_line> lines) const {
  ListFromRight elements(lines, header_ == DRL_FORWARD_FORWARDED ? LastForwarded : LastPlain);
  for (int32_t distance = 0; IsTrusted(hop, distance); ++distance) {
    const std::optional<std::string_view> element = elements.Next();
    if (!element) break;
    const std::optional<Address> address = ParseElement(*element, header_);
    if (!address) break;
    hop = {Kind::kAddress, *address};
  }
  return hop;
}

void Resolver::PutIdentity(const Hop& hop, TextWriter& out) const {
  if (hop.kind != Kind::kAddress) {
    out.Put(std::string_view(hop.kind == Kind::kLocalSocket ? "unix" : "unknown"));
    return;
  }
  const int prefix = hop.address.v6 ? ipv6_prefix_ : ipv4_prefix_;
  const Network network{FirstOf(hop.address, prefix), prefix};
  if (prefix == hop.address.bits()) return PutAddress(network.first, out);
  PutNetwork(network, out);
}

}  // namespace drl::http
