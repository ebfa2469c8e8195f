#include "redis/resp.h"

#include <gtest/gtest.h>

namespace drl::redis {
namespace {

using namespace std::string_view_literals;

TEST(RespWriter, WritesACommandAsAnArrayOfBulkStrings) {
  RespWriter out;
  out.Array(3);
  out.Bulk("SET");
  out.Bulk("a\0\r\n"sv);
  out.Integer(-5);
  EXPECT_EQ(out.pending(), "*3\r\n$3\r\nSET\r\n$4\r\na\0\r\n\r\n$2\r\n-5\r\n"sv);
}

TEST(RespWriter, WritesEveryInteger) {
  RespWriter out;
  out.Integer(INT64_MIN);
  out.Integer(INT64_MAX);
  EXPECT_EQ(out.pending(), "$20\r\n-9223372036854775808\r\n$19\r\n9223372036854775807\r\n");
}

TEST(RespWriter, ForgetsWhatWasSent) {
  RespWriter out;
  out.Bulk("abc");
  out.Consume(4);
  EXPECT_EQ(out.pending(), "abc\r\n");
  out.Bulk("d");
  EXPECT_EQ(out.pending(), "abc\r\n$1\r\nd\r\n");
  out.Consume(out.pending().size());
  EXPECT_TRUE(out.pending().empty());
}

TEST(RespWriter, KnowsWhereACommandBeganAndWhatHasLeft) {
  RespWriter out;
  out.Bulk("abc");
  EXPECT_EQ(out.written(), 9U);
  out.Consume(9);
  const uint64_t second = out.written();
  out.Bulk("d");
  EXPECT_EQ(out.left(), second) << "nothing of the second";
  out.Consume(1);
  EXPECT_GT(out.left(), second) << "some of it";
  EXPECT_EQ(out.written(), 16U);
}

TEST(RespWriter, GrowsAsNeeded) {
  RespWriter out;
  const std::string large(1'000'000, 'x');
  out.Bulk(large);
  EXPECT_EQ(out.pending(), "$1000000\r\n" + large + "\r\n");
}

}  // namespace
}  // namespace drl::redis
