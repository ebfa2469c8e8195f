#include "base/status.h"

#include <algorithm>

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
  if (code == DRL_OK) {
    error->status = DRL_OK;
    error->reserved = 0;
    error->message[0] = '\0';
    return;
  }
  if (message.empty()) message = StatusMessage(code);
  error->status = code;
  error->reserved = 0;
  size_t length = 0;
  while (!message.empty()) {
    const Character character = DecodeUtf8(message);
    const bool shown = character.length > 0 && !IsControl(character.code);
    const std::string_view piece = shown ? message.substr(0, character.length) : "?";
    if (length + piece.size() >= sizeof(error->message)) break;
    piece.copy(error->message + length, piece.size());
    length += piece.size();
    message.remove_prefix(std::max<size_t>(character.length, 1));
  }
  error->message[length] = '\0';
}

}  // namespace drl::base
