// The edge of the ABI: no exception crosses it, every status is reported, every handle and struct is checked here and only here.
#pragma once

#include <pthread.h>

#include <exception>
#include <new>
#include <string>

#include "base/status.h"
#include "drl/status.h"

namespace drl::capi {

// A thread that is cancelled inside a call would unwind through it, with a lock or the engine's baton in its hands: it is
// cancelled after the call.
class NotCancelled {
 public:
  NotCancelled() { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
  ~NotCancelled() { pthread_setcancelstate(before_, nullptr); }
  NotCancelled(const NotCancelled&) = delete;
  NotCancelled& operator=(const NotCancelled&) = delete;

 private:
  int before_ = 0;
};

// Runs `body`, which returns a base::Status, and reports it.
template <typename Body>
drl_status Fence(drl_error* error, Body body) noexcept {
  const NotCancelled guard;
  try {
    const base::Status status = body();
    base::Report(status, error);
    return status.code();
  } catch (const std::bad_alloc&) {
    base::Report(DRL_ERR_MEMORY, {}, error);
    return DRL_ERR_MEMORY;
  } catch (const std::exception& exception) {
    base::Report(DRL_ERR_INTERNAL, exception.what(), error);
    return DRL_ERR_INTERNAL;
  } catch (...) {
    base::Report(DRL_ERR_INTERNAL, {}, error);
    return DRL_ERR_INTERNAL;
  }
}

inline base::Status Null(const char* argument) { return {DRL_ERR_NULL, std::string(argument) + " is NULL"}; }

// A struct of the caller: not null, and of the size that this version knows.
template <typename Struct>
base::Status CheckStruct(const Struct* options, const char* argument) {
  if (options == nullptr) return Null(argument);
  if (options->struct_size == sizeof(Struct)) return {};
  return {DRL_ERR_STRUCT_SIZE, std::string(argument) + "->struct_size is " + std::to_string(options->struct_size) +
                                   ", must be " + std::to_string(sizeof(Struct)) + ": use the _INIT macro"};
}

}  // namespace drl::capi
