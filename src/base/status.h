// Status and Result: how every fallible function of the inner layers reports.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "drl/status.h"

namespace drl::base {

// A code with the sentence for a person. Cheap when ok: no allocation.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(drl_status code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] bool ok() const { return code_ == DRL_OK; }
  [[nodiscard]] drl_status code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }

 private:
  drl_status code_ = DRL_OK;
  std::string message_;
};

// A value or the status that kept it from being made.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}              // NOLINT: implicit by intent
  Result(Status status) : status_(std::move(status)) {}      // NOLINT: implicit by intent

  [[nodiscard]] bool ok() const { return value_.has_value(); }
  [[nodiscard]] const Status& status() const { return status_; }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

[[nodiscard]] const char* StatusName(drl_status code);
[[nodiscard]] const char* StatusMessage(drl_status code);

// True for the codes of 100..199: Redis did not decide, the fail strategy speaks.
[[nodiscard]] constexpr bool IsDegraded(drl_status code) { return code >= 100 && code < 200; }

// Writes a status into the caller's drl_error (which may be null), cutting the message to fit.
void Report(const Status& status, drl_error* error);
// The same for any other text of the caller's, ended by a NUL.
void CopyMessage(std::string_view message, std::span<char> out);
void Report(drl_status code, std::string_view message, drl_error* error);

}  // namespace drl::base
