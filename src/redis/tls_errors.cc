#include "redis/tls_errors.h"

#include <openssl/err.h>

namespace drl::redis {

QuietErrors::QuietErrors() { ERR_clear_error(); }
QuietErrors::~QuietErrors() { ERR_clear_error(); }

std::string QuietErrors::Reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  return reason != nullptr ? reason : "OpenSSL does not say why";
}

}  // namespace drl::redis
