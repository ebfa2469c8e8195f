#include "base/status.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

namespace drl::base {
namespace {

constexpr drl_status kAll[] = {
#define DRL_STATUS_VALUE(name, value, message) name,
    DRL_STATUS_TABLE(DRL_STATUS_VALUE)
#undef DRL_STATUS_VALUE
};

TEST(Status, NamesAreTheirEnumerators) {
#define DRL_STATUS_CHECK(name, value, message) EXPECT_STREQ(StatusName(name), #name);
  DRL_STATUS_TABLE(DRL_STATUS_CHECK)
#undef DRL_STATUS_CHECK
}

TEST(Status, EveryCodeHasItsOwnMessage) {
  std::set<std::string> messages;
  for (const drl_status code : kAll) EXPECT_TRUE(messages.insert(StatusMessage(code)).second) << StatusName(code);
}

TEST(Status, UnknownCodesHaveNameAndMessageToo) {
  for (const drl_status code : {-1, 99, 150, 1000, INT32_MIN, INT32_MAX}) {
    EXPECT_STREQ(StatusName(code), "DRL_ERR_UNKNOWN");
    EXPECT_STREQ(StatusMessage(code), "unknown status");
  }
}

TEST(Status, DegradedAreTheHundreds) {
  EXPECT_FALSE(IsDegraded(DRL_OK));
  EXPECT_FALSE(IsDegraded(99));
  EXPECT_TRUE(IsDegraded(100));
  EXPECT_TRUE(IsDegraded(199));
  EXPECT_FALSE(IsDegraded(200));
}

TEST(Report, FillsTheErrorOfTheCaller) {
  drl_error error;
  std::memset(&error, 0x5a, sizeof error);
  Report(DRL_ERR_RATE, "rate is 0", &error);
  EXPECT_EQ(error.status, DRL_ERR_RATE);
  EXPECT_EQ(error.reserved, 0);
  EXPECT_STREQ(error.message, "rate is 0");
}

TEST(Report, CutsALongMessageAndEndsIt) {
  drl_error error;
  Report(DRL_ERR_URL, std::string(1000, 'x'), &error);
  EXPECT_EQ(std::strlen(error.message), sizeof error.message - 1);
}

TEST(Report, CutsNoCharacterInTwo) {
  drl_error error;
  for (const size_t before : {0, 1, 2}) {
    std::string long_text(before, 'x');
    for (int i = 0; i < 200; ++i) long_text += "\xE2\x82\xAC";  // the euro sign
    Report(DRL_ERR_URL, long_text, &error);
    const size_t length = std::strlen(error.message);
    EXPECT_EQ((length - before) % 3, 0u);
    EXPECT_GE(length, sizeof error.message - 3);
  }
}

TEST(Report, ShowsNoByteThatIsNoCharacter) {
  drl_error error;
  Report(DRL_ERR_REDIS, std::string("gr\xFC\xDF \x1B[31m\r\n\0\xC2\x85 \xC3\xA9", 18), &error);
  EXPECT_STREQ(error.message, "gr?? ?[31m???? \xC3\xA9");
}

TEST(Report, NeverLeavesAnErrorWithoutASentence) {
  drl_error error;
  Report(DRL_ERR_TIMEOUT, "", &error);
  EXPECT_STREQ(error.message, StatusMessage(DRL_ERR_TIMEOUT));
}

TEST(Report, ClearsTheErrorOnSuccess) {
  drl_error error;
  Report(DRL_ERR_RATE, "rate is 0", &error);
  Report(Status(), &error);
  EXPECT_EQ(error.status, DRL_OK);
  EXPECT_STREQ(error.message, "");
}

TEST(Report, TakesNoErrorAtAll) { Report(DRL_ERR_RATE, "rate is 0", nullptr); }

TEST(Result, HoldsAValueOrAStatus) {
  const Result<int> value(5);
  const Result<int> status(Status(DRL_ERR_URL, "why"));
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value, 5);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.status().code(), DRL_ERR_URL);
}

}  // namespace
}  // namespace drl::base
