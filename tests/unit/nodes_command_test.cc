// What a command carries: keys once, groups of requests that share their numbers, and the order of what is asked of one key.
#include "nodes/command.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

namespace drl::nodes {
namespace {

constexpr int64_t kSecond = 1'000'000;

core::Plan Made(std::initializer_list<drl_limit> options) {
  core::Limits limits;
  for (const drl_limit& one : options) limits.push_back(*core::Limit::Make(one, ""));
  return core::Plan(limits);
}

using Strings = std::vector<std::string>;

// The bulk strings of one command.
Strings Parsed(std::string_view bytes) {
  Strings parts;
  size_t at = bytes.find("\r\n") + 2;
  while (at < bytes.size()) {
    const size_t length = std::stoul(std::string(bytes.substr(at + 1)));
    at = bytes.find("\r\n", at) + 2;
    parts.emplace_back(bytes.substr(at, length));
    at += length + 2;
  }
  EXPECT_EQ(bytes.substr(0, bytes.find("\r\n")), "*" + std::to_string(parts.size()));
  return parts;
}

class CommandWriterTest : public testing::Test {
 protected:
  Request& Ask(const std::string& key, int64_t cost, const core::Plan& plan, int64_t headroom = 0) {
    Request& request = requests.emplace_back();
    request.key.length = static_cast<uint8_t>(key.copy(request.key.text, core::kKeyLenMax));
    request.key.hash = static_cast<uint32_t>(std::hash<std::string>()(key));
    request.plan = &plan;
    request.question = {cost, headroom};
    request.deadline = 1'000;
    return request;
  }
  Request& Add(const std::string& key, int64_t cost) {
    Request& request = Ask(key, cost, ten);
    writer.Add(request);
    return request;
  }
  Request& AddReset(const std::string& key) {
    Request& request = Ask(key, 0, ten);
    request.kind = RequestKind::kReset;
    writer.Add(request);
    return request;
  }

  // What follows EVALSHA and the digest.
  Strings Written() {
    redis::RespWriter out;
    writer.Write(command, 7, 500, clock, out);
    Strings parts = Parsed(out.pending());
    EXPECT_EQ(parts[0], "EVALSHA");
    parts.erase(parts.begin(), parts.begin() + 2);
    return parts;
  }

  // The requests in the order of the reply.
  [[nodiscard]] std::vector<const Request*> Order() const { return {command.requests.begin(), command.requests.begin() + command.count}; }

  const core::Plan ten = Made({{10, kSecond, 10, nullptr, {}}});  // 100,000 us a token
  const core::Plan seven = Made({{7, 60 * kSecond, 7, nullptr, {}}});
  RedisClock clock;
  CommandWriter writer{64};
  Command command;
  std::deque<Request> requests;
};

TEST_F(CommandWriterTest, WritesOneRequest) {
  Add("a", 3);
  EXPECT_EQ(Written(), (Strings{"1", "a", "7", "1", "1000", "1", "1", "1", "1", "300000", "1000000", "1000000"}));
  EXPECT_EQ(command.tag, 7);
  EXPECT_EQ(command.sent_at, 500);
  EXPECT_EQ(command.deadline, 1'000);
  EXPECT_EQ(command.count, 1);
  EXPECT_EQ(writer.count(), 0) << "ready for the next";
}

TEST_F(CommandWriterTest, RequestsOfEqualNumbersAreOneGroupOverARowOfKeys) {
  for (const char* key : {"a", "b", "c"}) Add(key, 1);
  EXPECT_EQ(Written(),
            (Strings{"3", "a", "b", "c", "7", "1", "1000", "3", "1", "1", "1", "100000", "1000000", "1000000"}));
}

TEST_F(CommandWriterTest, AKeyStandsOnceHoweverManyAskForIt) {
  for (const char* key : {"a", "a", "b", "a"}) Add(key, 1);
  EXPECT_EQ(Written(), (Strings{"2", "a", "b", "7", "1", "1000", "4", "0", "1", "1", "2", "1", "1", "1", "100000",
                                "1000000", "1000000"}));
}

TEST_F(CommandWriterTest, KeysOfOneHashAreToldApart) {
  Request& first = Ask("a", 1, ten);
  Request& second = Ask("b", 1, ten);
  second.key.hash = first.key.hash;
  writer.Add(first);
  writer.Add(second);
  const Strings parts = Written();
  EXPECT_EQ(Strings(parts.begin(), parts.begin() + 3), (Strings{"2", "a", "b"}));
}

TEST_F(CommandWriterTest, OtherNumbersAreAnotherGroup) {
  Add("a", 1);
  Add("b", 2);
  writer.Add(Ask("c", 1, ten, 4));
  writer.Add(Ask("d", 1, seven));
  EXPECT_EQ(Written(), (Strings{"4", "a", "b", "c", "d", "7",                                      //
                                "1", "1000", "1", "1", "1", "1", "100000", "1000000", "1000000",   //
                                "1", "1000", "1", "2", "1", "1", "200000", "1000000", "1000000",   //
                                "1", "1000", "1", "3", "1", "1", "100000", "600000", "1000000",    //
                                "1", "1000", "1", "4", "1", "7", "8571428", "4", "60000000", "0", "60000000", "0"}));
  EXPECT_EQ(command.reply_lengths[0], 1);
  EXPECT_EQ(command.reply_lengths[3], 2);
}

TEST_F(CommandWriterTest, ALaterRequestJoinsAnEarlierGroupWhereItsKeyAllows) {
  const Request& a = Add("a", 1);
  const Request& b = Add("b", 2);
  const Request& c = Add("c", 1);
  const Strings parts = Written();
  EXPECT_EQ(Order(), (std::vector<const Request*>{&a, &c, &b}));
  EXPECT_EQ(Strings(parts.begin(), parts.begin() + 4), (Strings{"3", "a", "c", "b"})) << "a row for each group";
}

TEST_F(CommandWriterTest, WhatIsAskedOfOneKeyKeepsItsOrder) {
  const Request& first = Add("a", 1);
  const Request& second = Add("a", 2);
  const Request& third = Add("a", 1);  // not into the first group: it would overtake the second
  const Request& elsewhere = Add("b", 1);
  Written();
  EXPECT_EQ(Order(), (std::vector<const Request*>{&first, &second, &third, &elsewhere}));
}

TEST_F(CommandWriterTest, AResetIsAGroupWithoutNumbersInTheOrderOfItsKey) {
  const Request& before = Add("a", 1);
  const Request& reset = AddReset("a");
  const Request& after = Add("a", 1);
  EXPECT_EQ(Written(), (Strings{"1", "a", "7",                                                    //
                                "1", "1000", "1", "1", "1", "1", "100000", "1000000", "1000000",  //
                                "0", "1000", "1", "1",                                            //
                                "1", "1000", "1", "1", "1", "1", "100000", "1000000", "1000000"}));
  EXPECT_EQ(Order(), (std::vector<const Request*>{&before, &reset, &after}));
  EXPECT_EQ(command.reply_lengths[1], 1);
}

TEST_F(CommandWriterTest, AGroupHasTheEarliestDeadlineOfItsClass) {
  Add("a", 1);
  Request& sooner = Ask("b", 1, ten);
  sooner.deadline = 900;
  writer.Add(sooner);
  EXPECT_EQ(Written()[5], "900");
  EXPECT_EQ(command.deadline, 900);
}

TEST_F(CommandWriterTest, AnotherClassOfTimeOutsIsAnotherGroupWithADeadlineOfItsOwn) {
  Add("a", 1);
  Request& hasty = Ask("b", 1, ten);
  hasty.timeout_class = 3;
  hasty.deadline = 600;
  writer.Add(hasty);
  Add("c", 1);
  const Strings parts = Written();
  EXPECT_EQ(parts[6], "1000") << "the short one does not cut the others' time";
  EXPECT_EQ(parts[7], "2");
  EXPECT_EQ(parts[15], "600");
  EXPECT_EQ(command.deadline, 600);
}

TEST_F(CommandWriterTest, DeadlinesTravelInRedisTime) {
  clock.Learn(5'000'100, 100, 100);
  Add("a", 1);
  EXPECT_EQ(Written()[4], "5001000");
}

TEST_F(CommandWriterTest, IsFullAtItsBound) {
  for (int i = 0; i < 63; ++i) Add("key-" + std::to_string(i), 1);
  EXPECT_FALSE(writer.full());
  Add("last", 1);
  EXPECT_TRUE(writer.full());
  const Strings parts = Written();
  EXPECT_EQ(parts[0], "64");
  EXPECT_EQ(parts[68], "64");
  EXPECT_EQ(parts[69], "1") << "one row";
}

TEST_F(CommandWriterTest, ANewCallRemembersNothingOfTheLast) {
  Add("a", 1);
  Written();
  Add("b", 2);
  EXPECT_EQ(Written(), (Strings{"1", "b", "7", "1", "1000", "1", "1", "1", "1", "200000", "1000000", "1000000"}));
}

}  // namespace
}  // namespace drl::nodes
