// Keys that hold what this script did not write: reported, never read as a bucket, never overwritten.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "script_server.h"

namespace drl::test {
namespace {

using testing::Each;
using testing::ElementsAre;

constexpr int64_t kSecond = 1'000'000;

const core::Limits kTenPerSecond = MakeLimits({{10, kSecond, 10, nullptr, {}}});
const core::Limits kSevenPerMinute = MakeLimits({{7, 60 * kSecond, 7, nullptr, {}}});
const core::Limits kBoth = {kTenPerSecond[0], kSevenPerMinute[0]};

struct Foreign {
  const char* name;
  std::vector<std::string> command;  // makes the key "foreign"
};

const std::vector<Foreign>& Foreigns() {
  static const std::vector<Foreign> foreigns = {
      {"Hash", {"HSET", "foreign", "field", "value"}},
      {"List", {"RPUSH", "foreign", "value"}},
      {"Set", {"SADD", "foreign", "value"}},
      {"Text", {"SET", "foreign", "hello"}},
      {"TextOfSixteenBytes", {"SET", "foreign", "sixteen bytes of"}},
      {"TextOfThirtyTwoBytes", {"SET", "foreign", "thirty-two bytes make two pairs."}},
      {"Empty", {"SET", "foreign", ""}},
      {"FifteenBytes", {"SET", "foreign", std::string(15, 'B')}},
      {"SeventeenBytes", {"SET", "foreign", std::string(17, 'B')}},
      {"TwentyFourBytes", {"SET", "foreign", std::string(24, 'B')}},
      {"Infinity", {"SET", "foreign", "inf"}},
      {"LargeExponent", {"SET", "foreign", "1e300"}},
      {"Exponent", {"SET", "foreign", "4e13"}},
      {"LeadingSpace", {"SET", "foreign", " 50000000000000"}},
      {"TrailingLineFeed", {"SET", "foreign", "50000000000000\n"}},
      {"LeadingZero", {"SET", "foreign", "050000000000000"}},
      {"PlusSign", {"SET", "foreign", "+50000000000000"}},
      {"Hexadecimal", {"SET", "foreign", "0x5AF3107A4000"}},
      {"Fraction", {"SET", "foreign", "50000000000000.5"}},
      {"TooLarge", {"SET", "foreign", "9007199254740992"}},
      {"ManyDigits", {"SET", "foreign", std::string(400, '9')}},
      {"Zero", {"SET", "foreign", "0"}},
      {"TextThatIsAPairOfLargeIntegers", {"SET", "foreign", "C 123456C 123456"}},
      {"AnotherVersion", {"SET", "foreign", "\2" + std::string(16, 'B')}},
      {"RightVersionOfNotANumber", {"SET", "foreign", "\1" + std::string(16, '\xFF')}},
      {"RightVersionOfAFraction", {"SET", "foreign", "\1" + std::string("\x3F\xE0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16)}},
      {"NegativeNumber", {"SET", "foreign", "-1"}},
      {"NotANumber", {"SET", "foreign", "nan"}},
      {"NegativePair", {"SET", "foreign", std::string("\xC2\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16)}},
      {"PairsOfNotANumber", {"SET", "foreign", std::string(32, '\xFF')}},
  };
  return foreigns;
}

using Case = std::tuple<size_t, core::Limits>;

class ScriptForeign : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const std::vector<std::string>& command = Foreigns()[std::get<0>(GetParam())].command;
    redis_.out().Array(command.size());
    for (const std::string& word : command) redis_.out().Bulk(word);
    redis_.Flush();
    redis_.Next();
  }

  [[nodiscard]] const core::Limits& limits() const { return std::get<1>(GetParam()); }

  // The key as it is, of any type.
  std::string Dump() {
    redisReply* reply = redis_server_command(redis_.server(), "DUMP foreign");
    std::string dump(reply->str, static_cast<size_t>(reply->len));
    freeReplyObject(reply);
    return dump;
  }

  ScriptServer redis_;
};

TEST_P(ScriptForeign, IsReportedInEveryPlaceOfItsDecision) {
  const std::vector<int64_t> reply = redis_.Run(ScriptCall(1).Decide({"foreign", "foreign"}, limits(), 1));
  ASSERT_EQ(reply.size(), 2 + 2 * core::VerdictLength(limits()));
  EXPECT_THAT(std::vector<int64_t>(reply.begin() + 2, reply.end()), Each(core::kForeignMark));
}

// A number that a bucket could have, 0.6 s ahead, in other words than Redis and this script write.
class ScriptSpelling : public testing::TestWithParam<const char*> {
 protected:
  ScriptSpelling() {
    redis_.SetNow(50'000'000'000'000);
    redis_.out().Array(5);
    for (const char* word : {"SET", "k", GetParam(), "PX", "100000"}) redis_.out().Bulk(word);
    redis_.Flush();
    redis_.Next();
  }

  ScriptServer redis_;
};

TEST_P(ScriptSpelling, IsForeignToWhoTakesAndWhoPeeks) {
  for (const int64_t cost : {1, 0}) {
    const std::vector<int64_t> reply = redis_.Run(ScriptCall(1).Decide({"k", "k"}, kTenPerSecond, cost));
    EXPECT_THAT(std::vector<int64_t>(reply.begin() + 2, reply.end()), Each(core::kForeignMark)) << cost;
  }
  EXPECT_EQ(redis_.Get("k"), GetParam());
}

TEST_P(ScriptSpelling, IsNotChangedByADenial) {
  redis_.Run(ScriptCall(1).Decide({"k"}, kTenPerSecond, 9));
  EXPECT_EQ(redis_.Get("k"), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Values, ScriptSpelling,
                         testing::Values(" 50000000600000", "50000000600000 ", "050000000600000", "+50000000600000",
                                         "5.00000006e13", "0x2d79884647c0", "50000000600000.0", "50000000600000.5"));

TEST_P(ScriptForeign, IsLeftUntouched) {
  const std::string before = Dump();
  for (const int64_t cost : {0, 1, 5, 11}) redis_.Run(ScriptCall(1).Decide({"foreign"}, limits(), cost));
  EXPECT_EQ(Dump(), before);
}

TEST_P(ScriptForeign, DoesNotDisturbItsNeighbours) {
  const std::vector<int64_t> reply =
      redis_.Run(ScriptCall(1).Decide({"a", "foreign", "b"}, limits(), 1).Decide({"c"}, kTenPerSecond, 2));
  EXPECT_EQ(redis_server_calls(redis_.server(), "get"), 0);
  const size_t length = core::VerdictLength(limits());
  ASSERT_EQ(reply.size(), 2 + 3 * length + 1);
  EXPECT_EQ(reply[2], limits()[0].CostTime(1).us);
  EXPECT_EQ(reply[2 + 2 * length], limits()[0].CostTime(1).us);
  EXPECT_EQ(reply.back(), 200'000);
  EXPECT_EQ(redis_server_key_count(redis_.server()), 4);
}

TEST_P(ScriptForeign, CanBeForgotten) {
  EXPECT_THAT(redis_.Run(ScriptCall(1).Forget({"foreign"})), ElementsAre(1, redis_.now(), 1));
  EXPECT_EQ(redis_.Allow("foreign", limits(), 1).outcome, DRL_OUTCOME_ALLOWED);
}

std::string CaseName(const testing::TestParamInfo<Case>& info) {
  const core::Limits& limits = std::get<1>(info.param);
  const char* layout = limits.size() > 1 ? "Several" : limits[0].den() > 1 ? "Fraction" : "Integer";
  return std::string(Foreigns()[std::get<0>(info.param)].name) + layout;
}

INSTANTIATE_TEST_SUITE_P(Values, ScriptForeign,
                         testing::Combine(testing::Range(size_t{0}, Foreigns().size()),
                                          testing::Values(kTenPerSecond, kSevenPerMinute, kBoth)),
                         CaseName);

}  // namespace
}  // namespace drl::test
