#include "redis/reply_reader.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <charconv>

namespace drl::redis {
namespace {

// The members of redisReader are read below, and its layout changes from version to version: headers of one version with the
// library of another would read elsewhere.
#ifdef DRL_HIREDIS_VERSION
#define DRL_TEXT_OF(number) #number
#define DRL_VERSION_TEXT(major, minor, patch) DRL_TEXT_OF(major) "." DRL_TEXT_OF(minor) "." DRL_TEXT_OF(patch)
static_assert(std::string_view(DRL_VERSION_TEXT(HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH)) == DRL_HIREDIS_VERSION,
              "<hiredis/hiredis.h> is not of the version that pkg-config found");
#endif

// In how many arrays it stands.
size_t DepthOf(const redisReadTask* task) {
  size_t depth = 0;
  for (const redisReadTask* around = task->parent; around != nullptr; around = around->parent) ++depth;
  return depth;
}

struct Free {
  void operator()(redisReader* reader) const { redisReaderFree(reader); }
};

}  // namespace

struct ReplyReader::Parser {
  Parser();

  Reply reply;
  bool refused = false;  // an array was not accepted; hiredis would call it "Out of memory"
  redisReplyObjectFunctions functions{};
  std::unique_ptr<redisReader, Free> reader;

  // What hiredis calls while it parses. The "object" it is given back is always the parser's one reply; null refuses.
  static Reply& Target(const redisReadTask* task) { return static_cast<Parser*>(task->privdata)->reply; }
  static void* Integer(const redisReadTask* task, long long value);
  static void* String(const redisReadTask* task, char* text, size_t length);
  static void* Nil(const redisReadTask* task);
  static void Discard(void*) {}

  // hiredis counts elements in an int up to 0.14 and in a size_t later: the member decides.
  template <typename Count>
  static void* Array(const redisReadTask* task, Count elements) {
    const size_t depth = DepthOf(task);
    if (depth >= kDepthMax || static_cast<size_t>(elements) > kElementsMax) {
      static_cast<Parser*>(task->privdata)->refused = true;
      return nullptr;
    }
    if (depth == 0) Target(task).type = Reply::Type::kArray;
    if (depth == 1) Target(task).integers.push_back(Reply::kRefused);
    return &Target(task);
  }
};

ReplyReader::Parser::Parser() {
  // The members that newer versions have for RESP3 stay null, which hiredis allows: its own would build their kind of object
  // into ours when a hostile server sends RESP3 unasked.
  functions.createArray = Array;
  functions.createInteger = Integer;
  functions.createString = String;
  functions.createNil = Nil;
  functions.freeObject = Discard;
  reader.reset(redisReaderCreateWithFunctions(&functions));
  if (reader != nullptr) {
    reader->privdata = this;
    reader->maxbuf = 0;  // keeps its buffer, which is bounded: to give it back and ask anew would assert that there is memory
  }
  // What is filled from inside hiredis, which exceptions must not cross, has its room.
  reply.integers.reserve(kElementsMax);
  reply.text.reserve(Reply::kTextMax);
  reply.words.reserve(Reply::kTextMax);
}

void* ReplyReader::Parser::Integer(const redisReadTask* task, long long value) {
  Reply& reply = Target(task);
  const size_t depth = DepthOf(task);
  if (depth == 0) reply.type = Reply::Type::kInteger;
  if (depth <= 1) reply.integers.push_back(value);
  return &reply;
}

void* ReplyReader::Parser::String(const redisReadTask* task, char* text, size_t length) {
  Reply& reply = Target(task);
  const bool error = task->type == REDIS_REPLY_ERROR;
  const size_t depth = DepthOf(task);
  if (depth > 1) return &reply;
  if (depth == 0) {
    reply.type = error ? Reply::Type::kError : Reply::Type::kString;
    reply.text.assign(text, std::min(length, Reply::kTextMax));
    return &reply;
  }
  int64_t number = Reply::kRefused;
  const auto [end, wrong] = std::from_chars(text, text + length, number);
  if (error || wrong != std::errc() || end != text + length) number = Reply::kRefused;
  reply.integers.push_back(number);
  if (error && reply.text.empty()) reply.text.assign(text, std::min(length, Reply::kTextMax));
  if (!error && reply.words.size() + length < Reply::kTextMax) {
    reply.words.append(text, length);
    reply.words.push_back('\0');
  }
  return &reply;
}

void* ReplyReader::Parser::Nil(const redisReadTask* task) {
  const size_t depth = DepthOf(task);
  if (depth == 0) Target(task).type = Reply::Type::kNil;
  if (depth == 1) Target(task).integers.push_back(Reply::kRefused);
  return &Target(task);
}

std::string_view Reply::Word(size_t number) const {
  std::string_view rest = words;
  while (number-- > 0) rest.remove_prefix(std::min(rest.find('\0') + 1, rest.size()));
  return rest.substr(0, rest.find('\0'));
}

ReplyReader::ReplyReader() : parser_(std::make_unique<Parser>()) {}
ReplyReader::~ReplyReader() = default;

base::Status ReplyReader::Feed(std::string_view bytes) {
  redisReader* reader = parser_->reader.get();
  if (reader == nullptr) return {DRL_ERR_MEMORY, "no memory to read replies"};
  unanswered_ += bytes.size();
  if (unanswered_ > kReplyBytesMax + kFeedMax) return {DRL_ERR_PROTOCOL, "a reply of Redis is too long"};
  if (redisReaderFeed(reader, bytes.data(), bytes.size()) != REDIS_OK) {
    return {DRL_ERR_PROTOCOL, std::string("reading a reply of Redis: ") + reader->errstr};
  }
  return {};
}

base::Result<const Reply*> ReplyReader::Next() {
  redisReader* reader = parser_->reader.get();
  if (reader == nullptr) return base::Status(DRL_ERR_MEMORY, "no memory to read replies");
  Reply& reply = parser_->reply;
  if (reader->ridx < 0) {  // between replies: start a fresh one
    reply.type = Reply::Type::kNil;
    reply.integers.clear();
    reply.text.clear();
    reply.words.clear();
  }
  void* object = nullptr;
  if (redisReaderGetReply(reader, &object) != REDIS_OK) {
    return base::Status(DRL_ERR_PROTOCOL, std::string("reading a reply of Redis: ") +
                                              (parser_->refused ? "an array is too long or nested" : reader->errstr));
  }
  if (object == nullptr) return static_cast<const Reply*>(nullptr);
  unanswered_ = reader->len - reader->pos;
  return static_cast<const Reply*>(&reply);
}

}  // namespace drl::redis
