#include "base/status.h"

#include "base/utf8.h"

namespace drl::base {

const char* StatusName(drl_status code) {
  switch (code) {
#define DRL_STATUS_CASE(name, value, message) \
  case name:                                  \
    return #name;
    DRL_STATUS_TABLE(DRL_STATUS_CASE)
#undef DRL_STATUS_CASE
    default:
      return "DRL_ERR_UNKNOWN";
  }
}

const char* StatusMessage(drl_status code) {
  switch (code) {
#define DRL_STATUS_CASE(name, value, message) \
  case name:                                  \
    return message;
    DRL_STATUS_TABLE(DRL_STATUS_CASE)
#undef DRL_STATUS_CASE
    default:
      return "unknown status";
  }
}

void Report(const Status& status, drl_error* error) { Report(status.code(), status.message(), error); }

void Report(drl_status code, std::string_view message, drl_error* error) {
  if (error == nullptr) return;
  error->status = code;
  error->reserved = 0;
  if (code == DRL_OK) message = {};
  if (code != DRL_OK && message.empty()) message = StatusMessage(code);
  CopyShown(message, error->message, sizeof error->message);
}

void CopyMessage(std::string_view message, std::span<char> out) { CopyShown(message, out.data(), out.size()); }

}  // namespace drl::base
