// The edge of the ABI: no exception crosses it, every status is reported, every handle and struct is checked here and only here.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "base/sentence.h"
#include "drl/status.h"

namespace drl::capi {

inline constexpr size_t kStructSizeMax = 4096;  // garbage beyond: nothing of such a size will ever be read

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

inline drl_status CodeOf(const base::Status& status) { return status.code(); }
inline drl_status CodeOf(const base::Cause& cause) { return cause.code; }

// Runs `body`, which returns a base::Status or a base::Cause, and reports it.
template <typename Body>
drl_status Fence(drl_error* error, Body body) noexcept {
  const NotCancelled guard;
  try {
    const auto ended = body();
    base::Report(ended, error);
    return CodeOf(ended);
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

// The bytes of a struct of the caller, as a header of its size had it, into one as this version knows it. `first` is the size it
// had when it first appeared: shorter ones never were. What an older header lacks is zero; what a newer one has beyond ours must
// be, else something was asked for that this version cannot do.
template <typename Struct>
base::Status CopyStruct(const void* from, size_t size, size_t first, const std::string& argument, Struct& into) {
  if (size < first) {
    return {DRL_ERR_STRUCT_SIZE, argument + " is " + std::to_string(size) + " bytes, must be at least " +
                                     std::to_string(first)};
  }
  const auto* bytes = static_cast<const unsigned char*>(from);
  for (size_t i = sizeof(Struct); i < size; ++i) {
    if (bytes[i] != 0) {
      return {DRL_ERR_STRUCT_SIZE, argument + " is " + std::to_string(size) + " bytes, and sets what this version, with " +
                                       std::to_string(sizeof(Struct)) + ", does not know"};
    }
  }
  std::memset(static_cast<void*>(&into), 0, sizeof into);
  std::memcpy(static_cast<void*>(&into), bytes, std::min(size, sizeof into));
  return {};
}

// Options that begin with struct_size. `first` as above.
template <typename Options>
base::Status CopyOptions(const Options* options, const char* argument, Options& into, size_t first = sizeof(Options)) {
  if (options == nullptr) return Null(argument);
  if (options->struct_size > kStructSizeMax) {
    return {DRL_ERR_STRUCT_SIZE, std::string(argument) + "->struct_size is " + std::to_string(options->struct_size) +
                                     ": use the _INIT macro"};
  }
  base::Status status =
      CopyStruct(options, options->struct_size, first, std::string(argument) + "->struct_size", into);
  into.struct_size = sizeof into;
  return status;
}

inline base::Status CheckReserved(int64_t value, const std::string& argument) {
  if (value == 0) return {};
  return {DRL_ERR_OPTION, argument + " is reserved and must be 0"};
}

}  // namespace drl::capi
