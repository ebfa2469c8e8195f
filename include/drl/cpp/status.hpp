/* Failures: an exception that says why, or a std::error_code. */
#ifndef DRL_CPP_STATUS_HPP
#define DRL_CPP_STATUS_HPP

#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "../status.h"

namespace drl {

/** The category of DRL_OK and DRL_ERR_* as std::error_code. Time-outs equal std::errc::timed_out, cancelled calls
 *  std::errc::operation_canceled, wrong arguments std::errc::invalid_argument.
 */
inline const std::error_category& StatusCategory() noexcept {
  class Category : public std::error_category {
   public:
    const char* name() const noexcept override { return "drl"; }
    std::string message(int status) const override { return drl_status_message(status); }
    std::error_condition default_error_condition(int status) const noexcept override {
      if (status == DRL_ERR_TIMEOUT) return std::errc::timed_out;
      if (status == DRL_ERR_CANCELLED) return std::errc::operation_canceled;
      if (status == DRL_ERR_MEMORY) return std::errc::not_enough_memory;
      if (status > 0 && status < 100) return std::errc::invalid_argument;
      return {status, *this};
    }
  };
  static const Category category;
  return category;
}

/** A DRL_* code as std::error_code: `if (error == drl::MakeErrorCode(DRL_ERR_TIMEOUT))`. */
inline std::error_code MakeErrorCode(drl_status status) noexcept { return {status, StatusCategory()}; }

/** A failed call. what() is a sentence that names the argument or the cause, and holds no identity or password. */
class Error : public std::runtime_error {
 public:
  explicit Error(const drl_error& error) : Error(error.status, error.message) {}
  explicit Error(drl_status status) : Error(status, drl_status_message(status)) {}
  Error(drl_status status, const std::string& message) : std::runtime_error(message), status_(status) {}

  /** The DRL_ERR_* code. */
  drl_status status() const noexcept { return status_; }
  std::error_code code() const noexcept { return MakeErrorCode(status_); }

 private:
  drl_status status_;
};

namespace detail {

// Where a call reports: it throws, or sets the caller's error_code.
inline void Report(drl_status status, const drl_error& error, std::error_code* code) {
  if (code != nullptr) {
    *code = MakeErrorCode(status);
  } else if (status != DRL_OK) {
    throw Error(error);
  }
}

// Runs `call`, which takes a drl_error* and returns a drl_status, and reports it.
template <typename Call>
drl_status Run(std::error_code* code, Call call) {
  drl_error error;
  error.status = DRL_OK;
  const drl_status status = call(&error);
  Report(status, error, code);
  return status;
}

// An options struct of C with nothing set.
template <typename Options>
Options Unset() noexcept {
  Options options{};
  options.struct_size = static_cast<uint32_t>(sizeof options);
  return options;
}

// Fills `error` as C does.
inline drl_status Fail(drl_status status, const char* argument, const char* what, drl_error* error) noexcept {
  error->status = status;
  std::snprintf(error->message, sizeof error->message, "%s %s", argument, what);
  return status;
}

// C reads a text up to its first NUL byte. One that has more behind it would be taken for another: a name for that of
// other buckets, a password for a shorter one.
struct Text {
  const char* argument;
  const std::string* text;
  drl_status status;
};
inline drl_status CheckTexts(std::initializer_list<Text> texts, drl_error* error) noexcept {
  for (const Text& one : texts) {
    if (one.text->find('\0') != std::string::npos) return Fail(one.status, one.argument, "holds a NUL byte", error);
  }
  return DRL_OK;
}

// An empty view may hold a null pointer, which in C is a forgotten argument rather than an empty one.
inline const char* Data(std::string_view text) noexcept { return text.data() != nullptr ? text.data() : ""; }

// For options where empty means: not given.
inline const char* OrNull(const std::string& text) noexcept { return text.empty() ? nullptr : text.c_str(); }
inline const char* OrNull(const std::optional<std::string>& text) noexcept { return text ? text->c_str() : nullptr; }

}  // namespace detail
}  // namespace drl

#endif  // DRL_CPP_STATUS_HPP
