// Replies of Redis, parsed by hiredis into one reused buffer: nothing is allocated for an integer.
//
// Only what this library asks for is accepted: integers, short strings, errors, and arrays of these. Of arrays in an array (ROLE
// answers with such) no more is known than that they are there. Longer, deeper or endless replies are a protocol error, so a
// hostile server costs neither memory nor time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace drl::redis {

struct Reply {
  enum class Type { kInteger, kString, kError, kNil, kArray };

  Type type = Type::kNil;
  // Of an array, or the one; a string element counts as its number, anything else as kRefused.
  std::vector<int64_t> integers;
  std::string text;               // of a string or an error, cut to kTextMax; of an array the first error in it
  std::string words;              // of an array its strings, each ended by a NUL; those beyond kTextMax bytes are left out

  static constexpr size_t kTextMax = 512;
  static constexpr int64_t kRefused = INT64_MIN;

  // One of the words; empty where there are not so many.
  [[nodiscard]] std::string_view Word(size_t number) const;
};

class ReplyReader {
 public:
  ReplyReader();
  ~ReplyReader();

  static constexpr size_t kFeedMax = 16 * 1024;      // larger feeds make hiredis move its buffer again and again
  static constexpr size_t kElementsMax = 2 + 64 * 16;
  static constexpr size_t kDepthMax = 3;  // of arrays
  static constexpr size_t kReplyBytesMax = 64 * 1024;

  // Takes bytes from the wire (at most kFeedMax at a time).
  base::Status Feed(std::string_view bytes);
  // The next whole reply, or null when more bytes are needed. Borrowed until the next call. An error is final.
  base::Result<const Reply*> Next();

 private:
  // hiredis's reader and what it fills. Its types have other sizes in other versions, and only src/redis/*.cc sees them.
  struct Parser;
  std::unique_ptr<Parser> parser_;
  size_t unanswered_ = 0;  // bytes fed since the last whole reply
};

}  // namespace drl::redis
