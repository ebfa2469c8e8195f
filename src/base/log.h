// The log callback of a client, silent when none is set.
#pragma once

#include <cstdint>

#include "drl/client.h"

namespace drl::base {

class Log {
 public:
  Log() = default;
  Log(drl_log_callback callback, void* user) : callback_(callback), user_(user) {}

  void Write(int32_t level, const char* message) const {
    if (callback_ != nullptr) callback_(level, message, user_);
  }

 private:
  drl_log_callback callback_ = nullptr;
  void* user_ = nullptr;
};

}  // namespace drl::base
