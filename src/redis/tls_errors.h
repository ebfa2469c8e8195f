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

  // What went wrong first, in a few words.
  [[nodiscard]] static std::string Reason();
};

}  // namespace drl::redis
