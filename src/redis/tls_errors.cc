#include "redis/tls_errors.h"

#include <openssl/err.h>

#include <new>

namespace drl::redis {

QuietErrors::QuietErrors() { ERR_clear_error(); }
QuietErrors::~QuietErrors() { ERR_clear_error(); }

void QuietErrors::ThrowIfMemoryRanOut() {
  if (ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE) throw std::bad_alloc();
  if (ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE) throw std::bad_alloc();
}

std::string QuietErrors::Reason() {
  ThrowIfMemoryRanOut();
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  return reason != nullptr ? reason : "OpenSSL does not say why";
}

}  // namespace drl::redis
