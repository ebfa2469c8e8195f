// What a TLS connection is made from: the certificates to trust, our own with its key, and what is asked of the server's. All is read
// from files anew for each connection, so that they can be replaced while the process runs.
#pragma once

#include <memory>

#include "base/status.h"
#include "redis/endpoint.h"

struct ssl_ctx_st;  // OpenSSL's, which only src/redis/tls_*.cc sees

namespace drl::redis {

struct TlsContextDeleter {
  void operator()(ssl_ctx_st* context) const;
};
using TlsContext = std::unique_ptr<ssl_ctx_st, TlsContextDeleter>;

// An error is DRL_ERR_OPTION, and its sentence begins with the name of the option that is wrong. Throws std::bad_alloc.
[[nodiscard]] base::Result<TlsContext> MakeTlsContext(const Tls& tls);

// Whether all files that the endpoint names can be used, those for its sentinels too. Needs no network.
[[nodiscard]] base::Status CheckTlsFiles(const Endpoint& endpoint);

// What is to be logged of the ways in which the endpoint does without TLS's protection; empty: nothing.
[[nodiscard]] std::string TlsWarning(const Endpoint& endpoint);

}  // namespace drl::redis
