// What OpenSSL says went wrong.
#pragma once

#include <string>

namespace drl::redis {

// OpenSSL keeps errors in a queue of each thread, which may be the application's: it is empty before we ask for something, or an
// older error would be taken for ours, and afterwards, or ours would be taken for the application's.
class QuietErrors {
 public:
  QuietErrors();
  ~QuietErrors();
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;

  // What went wrong first, in a few words. Throws std::bad_alloc when it was that.
  [[nodiscard]] static std::string Reason();
  // To be asked where something failed that has but one other reason.
  static void ThrowIfMemoryRanOut();
};

}  // namespace drl::redis
