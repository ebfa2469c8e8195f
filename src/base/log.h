// The log callback of a client, silent when none is set.
#pragma once

#include <cstdint>
#include <string>

#include "drl/client.h"

namespace drl::base {

class Log {
 public:
  Log() = default;
  Log(drl_log_callback callback, void* user) : callback_(callback), user_(user) {}

  void Error(const std::string& message) const { Write(DRL_LOG_ERROR, message); }
  void Warning(const std::string& message) const { Write(DRL_LOG_WARNING, message); }
  void Info(const std::string& message) const { Write(DRL_LOG_INFO, message); }

 private:
  void Write(int32_t level, const std::string& message) const {
    if (callback_ != nullptr) callback_(level, message.c_str(), user_);
  }

  drl_log_callback callback_ = nullptr;
  void* user_ = nullptr;
};

}  // namespace drl::base
