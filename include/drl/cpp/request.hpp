/* The request: one call with all that may be asked of it. */
#ifndef DRL_CPP_REQUEST_HPP
#define DRL_CPP_REQUEST_HPP

#include <chrono>
#include <cstdint>
#include <string_view>

#include "../request.h"
#include "status.hpp"

namespace drl {

/** What `allowed` says when Redis does not decide. */
enum class FailStrategy : int32_t {
  kDefault = DRL_FAIL_DEFAULT,  ///< of a limiter: kOpen; of a request: as its limiter
  kOpen = DRL_FAIL_OPEN,        ///< serve
  kClosed = DRL_FAIL_CLOSED,    ///< do not serve
  kError = DRL_FAIL_ERROR       ///< the call fails with the cause
};

enum class Operation : int32_t {
  kAllow = DRL_OPERATION_ALLOW,  ///< take `cost` tokens, now or not at all
  kPeek = DRL_OPERATION_PEEK,    ///< look and take nothing
  kReset = DRL_OPERATION_RESET   ///< forget the identity: its buckets are full again
};

/** One request to a limiter: {"user_123"}, {"user_123", 5}, or with more of its fields set. It borrows the identity. */
struct Request {
  std::string_view identity;
  int64_t cost = 1;      ///< tokens, of kAllow; the other operations take nothing
  int64_t headroom = 0;  ///< tokens that this request leaves to others: allowed when cost + headroom are there
  std::chrono::microseconds timeout{0};  ///< default the client's
  FailStrategy fail_strategy = FailStrategy::kDefault;
  Operation operation = Operation::kAllow;
};

namespace detail {

inline drl_request ToC(drl_limiter* limiter, const Request& from) noexcept {
  drl_request request = DRL_REQUEST_INIT;
  request.operation = static_cast<int32_t>(from.operation);
  request.limiter = limiter;
  request.identity = Data(from.identity);
  request.identity_len = from.identity.size();
  request.cost = from.operation == Operation::kAllow ? from.cost : 0;
  request.headroom = from.headroom;
  request.timeout_us = from.timeout.count();
  request.fail_strategy = static_cast<int32_t>(from.fail_strategy);
  return request;
}

}  // namespace detail
}  // namespace drl

#endif  // DRL_CPP_REQUEST_HPP
