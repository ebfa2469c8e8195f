/* HTTP: what goes into a response, and whose request it is. */
#ifndef DRL_CPP_HTTP_HPP
#define DRL_CPP_HTTP_HPP

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../http.h"
#include "status.hpp"

namespace drl {

enum class XReset : int32_t { kDelta = DRL_X_RESET_DELTA, kEpoch = DRL_X_RESET_EPOCH };

/** How the headers of a decision are written. */
struct HeaderOptions {
  int32_t styles = 0;  ///< DRL_HEADERS_*, combined with |; default draft and legacy
  XReset x_reset = XReset::kDelta;
  bool lower_case = false;
  std::chrono::microseconds retry_jitter{0};  ///< Retry-After grows by up to this much; at most a day
};

struct Header {
  std::string name;
  std::string value;
};

/** The body of a refusal (RFC 9457), to be sent as kProblemContentType; empty with 200. */
struct Problem {
  int32_t http_status = 200;  ///< 200, 429 or 503
  std::string body;
};

inline constexpr const char* kProblemContentType = DRL_PROBLEM_CONTENT_TYPE;

enum class Trust : int32_t {
  kNone = DRL_TRUST_NONE,          ///< the client is the peer of the socket
  kNetworks = DRL_TRUST_NETWORKS,  ///< proxies within `networks`
  kPrivate = DRL_TRUST_PRIVATE,    ///< every private address; read the warning in http.h
  kHops = DRL_TRUST_HOPS           ///< the last `hops` proxies
};

enum class ForwardHeader : int32_t {
  kXForwardedFor = DRL_FORWARD_X_FORWARDED_FOR,
  kForwarded = DRL_FORWARD_FORWARDED
};

/** How client addresses are found, as drl_resolver_options documents it. */
struct ResolverOptions {
  Trust trust = Trust::kNone;
  ForwardHeader header = ForwardHeader::kXForwardedFor;
  int32_t hops = 0;
  std::vector<std::string> networks;
  int32_t ipv4_prefix_len = 0;  ///< default 32
  int32_t ipv6_prefix_len = 0;  ///< default 64
};

/** Finds the identity of the client of a request. */
class Resolver {
 public:
  /** By default nobody is trusted. */
  Resolver() : Resolver(ResolverOptions()) {}
  explicit Resolver(const ResolverOptions& options) { Open(options, nullptr); }
  Resolver(const ResolverOptions& options, std::error_code& error) { Open(options, &error); }

  /** The header whose lines Resolve wants, in lower case; "" when it wants none. */
  const char* header() const noexcept { return drl_resolver_header(handle_.get()); }

  /** The canonical address of the client: "203.0.113.7", "2001:db8:0:1::/64", "unix" or "unknown".
   *  `peer` is the socket's address, `lines` all lines of header() in the order received.
   */
  std::string Resolve(std::string_view peer, const std::vector<std::string_view>& lines = {}) const {
    return Resolve(peer, lines, nullptr);
  }
  std::string Resolve(std::string_view peer, const std::vector<std::string_view>& lines, std::error_code& error) const {
    return Resolve(peer, lines, &error);
  }

  /** The C handle, borrowed. */
  drl_resolver* get() const noexcept { return handle_.get(); }

 private:
  struct Close {
    void operator()(drl_resolver* resolver) const noexcept { drl_resolver_close(resolver); }
  };

  void Open(const ResolverOptions& options, std::error_code* error) {
    std::vector<const char*> networks;
    for (const std::string& network : options.networks) networks.push_back(network.c_str());
    drl_resolver_options at = detail::Unset<drl_resolver_options>();
    at.trust = static_cast<int32_t>(options.trust);
    at.header = static_cast<int32_t>(options.header);
    at.hops = options.hops;
    at.networks = networks.data();
    at.networks_count = static_cast<int32_t>(networks.size());
    at.ipv4_prefix_len = options.ipv4_prefix_len;
    at.ipv6_prefix_len = options.ipv6_prefix_len;
    drl_resolver* opened = nullptr;
    detail::Run(error, [&](drl_error* why) {
      for (const std::string& network : options.networks) {
        const drl_status status = detail::CheckTexts({{"a network", &network, DRL_ERR_ADDRESS}}, why);
        if (status != DRL_OK) return status;
      }
      return drl_resolver_open(&at, &opened, why);
    });
    handle_.reset(opened);
  }

  std::string Resolve(std::string_view peer, const std::vector<std::string_view>& lines, std::error_code* error) const {
    std::vector<drl_header_line> list;
    list.reserve(lines.size());
    for (const std::string_view line : lines) list.push_back({detail::Data(line), line.size()});
    char address[DRL_CLIENT_ADDRESS_SIZE];
    size_t length = 0;
    detail::Run(error, [&](drl_error* why) {
      return drl_resolver_resolve(handle_.get(), detail::Data(peer), peer.size(), list.data(),
                                  static_cast<int32_t>(list.size()), address, sizeof address, &length, why);
    });
    return std::string(address, length);
  }

  std::unique_ptr<drl_resolver, Close> handle_;
};

}  // namespace drl

#endif  // DRL_CPP_HTTP_HPP
