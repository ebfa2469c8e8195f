#include "redis/reply_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drl::redis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// Feeds everything, at most kFeedMax at a time; the first reply, or null.
base::Result<const Reply*> Read(ReplyReader& reader, std::string_view bytes) {
  while (!bytes.empty()) {
    base::Status status = reader.Feed(bytes.substr(0, ReplyReader::kFeedMax));
    if (!status.ok()) return status;
    bytes.remove_prefix(std::min(bytes.size(), ReplyReader::kFeedMax));
    base::Result<const Reply*> reply = reader.Next();
    if (!reply.ok() || *reply != nullptr) return reply;
  }
  return static_cast<const Reply*>(nullptr);
}

Reply Whole(std::string_view bytes) {
  ReplyReader reader;
  const base::Result<const Reply*> reply = Read(reader, bytes);
  EXPECT_TRUE(reply.ok()) << reply.status().message();
  EXPECT_NE(*reply, nullptr);
  return **reply;
}

TEST(ReplyReader, ReadsAnInteger) {
  const Reply reply = Whole(":-42\r\n");
  EXPECT_EQ(reply.type, Reply::Type::kInteger);
  EXPECT_THAT(reply.integers, ElementsAre(-42));
}

TEST(ReplyReader, ReadsTheSmallestAndTheLargestInteger) {
  EXPECT_THAT(Whole(":9223372036854775807\r\n").integers, ElementsAre(INT64_MAX));
  EXPECT_THAT(Whole("*2\r\n:-9007199254740992\r\n:1\r\n").integers, ElementsAre(-9007199254740992, 1));
}

TEST(ReplyReader, ReadsAStatusAndABulkAsStrings) {
  EXPECT_EQ(Whole("+OK\r\n").type, Reply::Type::kString);
  EXPECT_EQ(Whole("+OK\r\n").text, "OK");
  EXPECT_EQ(Whole("$5\r\nab\r\nc\r\n").text, "ab\r\nc");
}

TEST(ReplyReader, ReadsAnErrorWithItsText) {
  const Reply reply = Whole("-NOSCRIPT No matching script.\r\n");
  EXPECT_EQ(reply.type, Reply::Type::kError);
  EXPECT_EQ(reply.text, "NOSCRIPT No matching script.");
}

TEST(ReplyReader, ReadsNil) {
  EXPECT_EQ(Whole("$-1\r\n").type, Reply::Type::kNil);
  EXPECT_EQ(Whole("*-1\r\n").type, Reply::Type::kNil);
}

TEST(ReplyReader, ReadsAnEmptyArray) {
  const Reply reply = Whole("*0\r\n");
  EXPECT_EQ(reply.type, Reply::Type::kArray);
  EXPECT_THAT(reply.integers, SizeIs(0));
}

TEST(ReplyReader, ReadsNumbersThatComeAsStrings) {
  EXPECT_THAT(Whole("*2\r\n$10\r\n1767225600\r\n$6\r\n123456\r\n").integers, ElementsAre(1767225600, 123456));
}

TEST(ReplyReader, TakesWhatIsNoNumberInAnArrayForRefused) {
  EXPECT_THAT(Whole("*5\r\n$-1\r\n$3\r\nabc\r\n$3\r\n12a\r\n$0\r\n\r\n:7\r\n").integers,
              ElementsAre(Reply::kRefused, Reply::kRefused, Reply::kRefused, Reply::kRefused, 7));
}

TEST(ReplyReader, KeepsTheFirstErrorInAnArray) {
  EXPECT_EQ(Whole("*3\r\n:1\r\n-ERR first\r\n-ERR second\r\n").text, "ERR first");
}

TEST(ReplyReader, CutsALongText) { EXPECT_EQ(Whole("-" + std::string(5'000, 'x') + "\r\n").text, std::string(Reply::kTextMax, 'x')); }

TEST(ReplyReader, ReadsRepliesThatComeByteByByte) {
  const std::string_view bytes = "*3\r\n:7\r\n:-123456789012345\r\n$2\r\n42\r\n-ERR no\r\n:1\r\n";
  ReplyReader reader;
  std::vector<Reply> replies;
  for (const char byte : bytes) {
    ASSERT_TRUE(reader.Feed({&byte, 1}).ok());
    const base::Result<const Reply*> reply = reader.Next();
    ASSERT_TRUE(reply.ok()) << reply.status().message();
    if (*reply != nullptr) replies.push_back(**reply);
  }
  ASSERT_THAT(replies, SizeIs(3));
  EXPECT_THAT(replies[0].integers, ElementsAre(7, -123456789012345, 42));
  EXPECT_EQ(replies[1].text, "ERR no");
  EXPECT_THAT(replies[2].integers, ElementsAre(1));
}

TEST(ReplyReader, ReadsManyRepliesOfOneFeed) {
  ReplyReader reader;
  ASSERT_TRUE(reader.Feed(":1\r\n*1\r\n:2\r\n:3\r\n").ok());
  for (const int64_t expected : {1, 2, 3}) {
    const base::Result<const Reply*> reply = reader.Next();
    ASSERT_TRUE(reply.ok() && *reply != nullptr);
    EXPECT_THAT((*reply)->integers, ElementsAre(expected));
  }
  EXPECT_EQ(*reader.Next(), nullptr);
}

TEST(ReplyReader, ReadsForEverWithoutRunningIntoItsBound) {
  ReplyReader reader;
  const std::string reply = "*2\r\n:1\r\n:2\r\n";
  for (size_t bytes = 0; bytes < 4 * ReplyReader::kReplyBytesMax; bytes += reply.size()) {
    const base::Result<const Reply*> got = Read(reader, reply);
    ASSERT_TRUE(got.ok() && *got != nullptr);
  }
}

TEST(ReplyReader, ReadsTheLongestReplyOfTheScript) {
  std::string bytes = "*" + std::to_string(ReplyReader::kElementsMax) + "\r\n";
  for (size_t i = 0; i < ReplyReader::kElementsMax; ++i) bytes += ":-9007199254740992\r\n";
  EXPECT_THAT(Whole(bytes).integers, SizeIs(ReplyReader::kElementsMax));
}

TEST(ReplyReader, KeepsTheWordsOfAnArray) {
  const Reply reply = Whole("*3\r\n$6\r\nmaster\r\n:7\r\n$4\r\n6379\r\n");
  EXPECT_EQ(reply.Word(0), "master");
  EXPECT_EQ(reply.Word(1), "6379");
  EXPECT_EQ(reply.Word(2), "");
  EXPECT_THAT(reply.integers, ElementsAre(Reply::kRefused, 7, 6379));
  EXPECT_EQ(Whole("*1\r\n$600\r\n" + std::string(600, 'x') + "\r\n").Word(0), "");
}

// As ROLE answers.
TEST(ReplyReader, LooksIntoNoArrayOfAnArray) {
  const Reply reply = Whole("*3\r\n$6\r\nmaster\r\n:7\r\n*1\r\n*2\r\n$1\r\nx\r\n:8\r\n");
  EXPECT_EQ(reply.type, Reply::Type::kArray);
  EXPECT_EQ(reply.Word(0), "master");
  EXPECT_EQ(reply.Word(1), "");
  EXPECT_THAT(reply.integers, ElementsAre(Reply::kRefused, 7, Reply::kRefused));
}

struct Hostile {
  const char* name;
  std::string bytes;
};

class HostileReply : public testing::TestWithParam<Hostile> {};

TEST_P(HostileReply, IsAProtocolError) {
  ReplyReader reader;
  const base::Result<const Reply*> reply = Read(reader, GetParam().bytes);
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.status().code(), DRL_ERR_PROTOCOL);
}

TEST_P(HostileReply, IsNotForgottenWhenAGoodOneFollows) {
  ReplyReader reader;
  ASSERT_FALSE(Read(reader, GetParam().bytes).ok());
  EXPECT_FALSE(Read(reader, ":1\r\n").ok());
}

std::string Nested(int depth) {
  std::string bytes;
  for (int i = 0; i < depth; ++i) bytes += "*1\r\n";
  return bytes + ":1\r\n";
}

std::string HostileName(const testing::TestParamInfo<Hostile>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Bytes, HostileReply,
    testing::Values(Hostile{"ArrayOfTwoBillion", "*2147483647\r\n"}, Hostile{"ArrayOfMoreThanAnInt", "*4294967297\r\n"},
                    Hostile{"ArrayOneTooLong", "*" + std::to_string(ReplyReader::kElementsMax + 1) + "\r\n"},
                    Hostile{"ArrayOfANegativeLength", "*-2\r\n"}, Hostile{"NestedArrays", Nested(4)},
                    Hostile{"DeeplyNestedArrays", Nested(100'000)},
                    Hostile{"EndlessBulk", "$2147483647\r\n" + std::string(100'000, 'x')},
                    Hostile{"EndlessLine", "+" + std::string(100'000, 'x')},
                    Hostile{"EndlessInteger", ":" + std::string(100'000, '1')},
                    Hostile{"ArrayThatNeverEnds", "*1026\r\n" + std::string(100'000, '\r')},
                    Hostile{"AnotherProtocol", "HTTP/1.1 400 Bad Request\r\n\r\n"}, Hostile{"Nul", std::string(64, '\0')},
                    Hostile{"BulkOfNegativeLength", "$-5\r\n"}),
    HostileName);

TEST(ReplyReader, SaysThatAnArrayWasRefused) {
  ReplyReader reader;
  EXPECT_THAT(Read(reader, "*2147483647\r\n").status().message(), HasSubstr("too long or nested"));
}

// RESP3, which nobody asked for: older hiredis refuses its types, newer ones parse them. Neither may bring the reader down.
TEST(ReplyReader, SurvivesTypesThatItDidNotAskFor) {
  for (const char* bytes : {"*2\r\n,1.5\r\n:1\r\n", "*1\r\n#t\r\n", "*1\r\n_\r\n", ",1.5\r\n", "#f\r\n", "%1\r\n+a\r\n:1\r\n",
                            "~1\r\n:1\r\n", ">2\r\n+message\r\n:1\r\n", "(12345678901234567890\r\n", "=7\r\ntxt:abc\r\n"}) {
    ReplyReader reader;
    const base::Result<const Reply*> reply = Read(reader, bytes);
    if (reply.ok() && *reply != nullptr) {
      EXPECT_LE((*reply)->integers.size(), 2u) << bytes;
    }
  }
}

}  // namespace
}  // namespace drl::redis
