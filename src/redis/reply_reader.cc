#include "redis/reply_reader.h"

#include <algorithm>
#include <charconv>

namespace drl::redis {

// What hiredis calls while it parses. The "object" it is given back is always the reader's one reply; null refuses.
struct ReaderCallbacks {
  static Reply& Target(const redisReadTask* task) { return static_cast<ReplyReader*>(task->privdata)->reply_; }

  // hiredis counts elements in an int up to 0.14 and in a size_t later: the member decides.
  template <typename Count>
  static void* Array(const redisReadTask* task, Count elements) {
    if (task->parent != nullptr || static_cast<size_t>(elements) > ReplyReader::kElementsMax) {
      static_cast<ReplyReader*>(task->privdata)->refused_ = true;
      return nullptr;
    }
    Target(task).type = Reply::Type::kArray;
    return &Target(task);
  }

  static void* Integer(const redisReadTask* task, long long value) {
    Reply& reply = Target(task);
    if (task->parent == nullptr) reply.type = Reply::Type::kInteger;
    reply.integers.push_back(value);
    return &reply;
  }

  static void* String(const redisReadTask* task, char* text, size_t length) {
    Reply& reply = Target(task);
    const bool error = task->type == REDIS_REPLY_ERROR;
    if (task->parent == nullptr) {
      reply.type = error ? Reply::Type::kError : Reply::Type::kString;
      reply.text.assign(text, std::min(length, Reply::kTextMax));
      return &reply;
    }
    int64_t number = error ? Reply::kRefused : 0;
    if (!error) std::from_chars(text, text + length, number);
    reply.integers.push_back(number);
    if (error && reply.text.empty()) reply.text.assign(text, std::min(length, Reply::kTextMax));
    return &reply;
  }

  static void* Nil(const redisReadTask* task) {
    if (task->parent == nullptr) {
      Target(task).type = Reply::Type::kNil;
    } else {
      Target(task).integers.push_back(0);
    }
    return &Target(task);
  }

  static void Discard(void*) {}
};

ReplyReader::ReplyReader() {
  // The members that newer versions have for RESP3 stay null, which hiredis allows: its own would build their kind of object
  // into ours when a hostile server sends RESP3 unasked.
  functions_.createArray = ReaderCallbacks::Array;
  functions_.createInteger = ReaderCallbacks::Integer;
  functions_.createString = ReaderCallbacks::String;
  functions_.createNil = ReaderCallbacks::Nil;
  functions_.freeObject = ReaderCallbacks::Discard;
  reader_.reset(redisReaderCreateWithFunctions(&functions_));
  if (reader_ != nullptr) reader_->privdata = this;
  reply_.integers.reserve(kElementsMax);
}

base::Status ReplyReader::Feed(std::string_view bytes) {
  if (reader_ == nullptr) return {DRL_ERR_MEMORY, "no memory to read replies"};
  unanswered_ += bytes.size();
  if (unanswered_ > kReplyBytesMax + kFeedMax) return {DRL_ERR_PROTOCOL, "a reply of Redis is too long"};
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
    return {DRL_ERR_PROTOCOL, std::string("reading a reply of Redis: ") + reader_->errstr};
  }
  return {};
}

base::Result<const Reply*> ReplyReader::Next() {
  if (reader_ == nullptr) return base::Status(DRL_ERR_MEMORY, "no memory to read replies");
  void* object = nullptr;
  if (reader_->ridx < 0) {  // between replies: start a fresh one
    reply_.type = Reply::Type::kNil;
    reply_.integers.clear();
    reply_.text.clear();
  }
  if (redisReaderGetReply(reader_.get(), &object) != REDIS_OK) {
    return base::Status(DRL_ERR_PROTOCOL, std::string("reading a reply of Redis: ") +
                                              (refused_ ? "an array is too long or nested" : reader_->errstr));
  }
  if (object == nullptr) return static_cast<const Reply*>(nullptr);
  unanswered_ = reader_->len - reader_->pos;
  return static_cast<const Reply*>(&reply_);
}

}  // namespace drl::redis
