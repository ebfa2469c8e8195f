// What waits and what is under way, with the replies put in by hand.
#include "nodes/pipeline.h"

#include <gtest/gtest.h>

#include <deque>

#include "drl/decision.h"
#include "redis/reply_reader.h"

namespace drl::nodes {
namespace {

constexpr int64_t kDebtOfOne = 100'000;  // of 10 a second

core::Plan TenASecond() {
  core::Limits limits;
  limits.push_back(*core::Limit::Make({10, 1'000'000, 10, nullptr, {}}, ""));
  return core::Plan(limits);
}

class Recorder final : public Endings {
 public:
  void Decided(Request& request, const core::Verdict& /*verdict*/, int64_t /*redis_us*/, base::Micros /*now*/) override {
    decided.push_back(&request);
    request.fate.End();
  }
  bool Failed(Request& request, drl_status cause, int32_t charged, std::string_view /*why*/) override {
    failed.push_back({&request, cause, charged});
    return request.fate.End();
  }
  void LetGo(Request& request) override { let_go.push_back(&request); }
  void CommandAnswered(base::Micros /*waited*/) override {}

  struct Failure {
    const Request* request;
    drl_status cause;
    int32_t charged;
  };
  std::vector<const Request*> decided;
  std::vector<Failure> failed;
  std::vector<const Request*> let_go;
};

class PipelineTest : public testing::Test {
 protected:
  PipelineTest() { scope.SetApart(false); }

  Request& Ask(const std::string& key) { return Ask(key, scope); }
  Request& Ask(const std::string& key, Scope& of) {
    Request& request = requests.emplace_back();
    request.key.length = static_cast<uint8_t>(key.copy(request.key.text, core::kKeyLenMax));
    request.key.hash = static_cast<uint32_t>(std::hash<std::string>()(key));
    request.plan = &plan;
    request.scope = &of;
    request.question = {1, 0};
    request.deadline = 1'000'000;
    pipeline.TakeUp(request);
    return request;
  }
  void Write(base::Micros now) {
    pipeline.WriteMissingScript(now, out);
    pipeline.Write(now, clock, out);
  }
  void Decide(std::vector<int64_t> debts, const base::Cause& not_written = {}) {
    const Command& command = pipeline.TakeOldest();
    debts.insert(debts.begin(), {command.tag, 5});
    EXPECT_TRUE(pipeline.TakeVerdicts(debts, not_written, 10));
    pipeline.DropTaken();
  }
  void MeetNoScript() {
    pipeline.TakeOldest();
    pipeline.TakeNoScript(DRL_ERR_REDIS, "NOSCRIPT", 10);
    pipeline.DropTaken();
  }

  const core::Plan plan = TenASecond();
  Scope scope;
  Recorder recorder;
  Breaker breaker;
  PipelineCounters counters;
  RedisClock clock;
  redis::RespWriter out;
  std::deque<Request> requests;
  Pipeline pipeline{64, recorder, breaker, counters};
};

TEST_F(PipelineTest, ALoneRequestLeavesAtOnceAndACrowdTogether) {
  Ask("a");
  Write(1);
  EXPECT_EQ(pipeline.in_flight(), 1U);
  Ask("b");
  Write(1);
  for (int i = 0; i < 40; ++i) Ask("c" + std::to_string(i));
  Write(1);
  EXPECT_EQ(pipeline.in_flight(), 2U) << "they wait for a reply";
  EXPECT_TRUE(pipeline.waiting());
  Decide({kDebtOfOne});
  Write(2);
  EXPECT_EQ(pipeline.in_flight(), 2U);
  EXPECT_FALSE(pipeline.waiting());
  EXPECT_EQ(counters.batches.get(), 3);
  EXPECT_EQ(counters.batched_decisions.get(), 42);
}

TEST_F(PipelineTest, LoginGoesBetweenRequestsAndHoldsNoneBack) {
  const Request& before = Ask("a");
  Write(1);
  pipeline.WriteAuth(1, redis::Login("drl", "s3cret"), out);
  EXPECT_TRUE(out.pending().ends_with("*3\r\n$4\r\nAUTH\r\n$3\r\ndrl\r\n$6\r\ns3cret\r\n"));
  EXPECT_EQ(pipeline.in_flight(), 2U);
  for (int i = 0; i < 64; ++i) Ask(std::to_string(i));
  Write(1);
  EXPECT_EQ(pipeline.in_flight(), 3U);
  Decide({kDebtOfOne});
  EXPECT_EQ(recorder.decided, std::vector<const Request*>{&before});
  EXPECT_EQ(pipeline.TakeOldest().kind, CommandKind::kAuth);
  pipeline.DropTaken();
  Decide(std::vector<int64_t>(64, kDebtOfOne));
  EXPECT_EQ(recorder.decided.size(), 65U);
  EXPECT_TRUE(recorder.failed.empty());
  EXPECT_EQ(counters.batches.get(), 2) << "it is no command of requests";
}

TEST_F(PipelineTest, LoginThatIsLostWithItsConnectionConcernsNoRequest) {
  pipeline.WriteAuth(1, redis::Login("", "s3cret"), out);
  EXPECT_EQ(pipeline.NextDeadline(), INT64_MAX);
  pipeline.Expire(5'000'000);
  pipeline.EndInFlight(DRL_ERR_CONNECTION_LOST, "cut", out.written(), 5'000'000);
  EXPECT_TRUE(pipeline.idle());
  EXPECT_TRUE(recorder.failed.empty());
}

TEST_F(PipelineTest, NeverMoreRequestsAreUnderWayThanTheBound) {
  for (int i = 0; i < 1'000; ++i) Ask(std::to_string(i));
  Write(1);
  EXPECT_EQ(counters.batched_decisions.get(), Pipeline::kRequestsInFlightMax);
  Decide(std::vector<int64_t>(64, kDebtOfOne));
  Write(2);
  EXPECT_EQ(counters.batched_decisions.get(), Pipeline::kRequestsInFlightMax + 64);
}

TEST_F(PipelineTest, ScopesThatGoApartGoSideBySide) {
  std::deque<Scope> apart(100);
  for (size_t i = 0; i < 200; ++i) Ask(std::to_string(i), apart[i % 100]);
  Write(1);
  EXPECT_EQ(pipeline.in_flight(), CommandRing::kCapacity);
}

TEST_F(PipelineTest, WhatMetNoScriptGoesRightBehindTheScript) {
  const Request& first = Ask("a");
  Write(1);
  Ask("b");
  Write(1);
  MeetNoScript();
  Decide({kDebtOfOne});  // somebody else loaded it
  Write(11);
  EXPECT_EQ(pipeline.in_flight(), 2U) << "the script, and the request";
  EXPECT_FALSE(pipeline.waiting());
  pipeline.TakeOldest();
  pipeline.DropTaken();
  Decide({kDebtOfOne});
  ASSERT_EQ(recorder.decided.size(), 2U);
  EXPECT_EQ(recorder.decided[1], &first);
}

TEST_F(PipelineTest, WhatIsOvertakenEnds) {
  const Request& early = Ask("a");
  Write(1);
  Ask("a");
  Write(1);
  MeetNoScript();
  Decide({kDebtOfOne});
  ASSERT_EQ(recorder.failed.size(), 1U);
  EXPECT_EQ(recorder.failed[0].request, &early);
  EXPECT_EQ(recorder.failed[0].charged, DRL_CHARGED_NO);
  EXPECT_TRUE(pipeline.idle() || pipeline.script_missing());
}

TEST_F(PipelineTest, ALostConnectionTakesWithItWhatMayHaveRunAlone) {
  const Request& sent = Ask("a");
  Write(1);
  const uint64_t left = out.written();
  Ask("b");
  Write(1);
  pipeline.EndInFlight(DRL_ERR_CONNECTION_LOST, "cut", left, 2);
  ASSERT_EQ(recorder.failed.size(), 1U);
  EXPECT_EQ(recorder.failed[0].request, &sent);
  EXPECT_EQ(recorder.failed[0].charged, DRL_CHARGED_UNKNOWN);
  EXPECT_TRUE(pipeline.waiting());
  EXPECT_EQ(pipeline.in_flight(), 0U);
}

TEST_F(PipelineTest, RefusedWritesEndByTheirCauseAndLeaveTheOthersStanding) {
  Ask("a");
  Ask("b");
  Write(1);
  Decide({redis::Reply::kRefused, kDebtOfOne}, {DRL_ERR_REDIS, "out of memory"});
  ASSERT_EQ(recorder.failed.size(), 1U);
  EXPECT_EQ(recorder.failed[0].cause, DRL_ERR_REDIS);
  EXPECT_EQ(recorder.decided.size(), 1U);
}

TEST_F(PipelineTest, WhatWasGivenUpIsLetGoOfOnce) {
  Request& waiting = Ask("a");
  waiting.fate.GiveUp([](bool sent) { EXPECT_FALSE(sent); });
  Request& sent = Ask("b");
  Write(1);
  EXPECT_EQ(recorder.let_go, (std::vector<const Request*>{&waiting}));
  sent.fate.GiveUp([](bool was_sent) { EXPECT_TRUE(was_sent); });
  pipeline.EndInFlight(DRL_ERR_CONNECTION_LOST, "cut", 0, 2);
  EXPECT_EQ(recorder.let_go.size(), 2U);
}

}  // namespace
}  // namespace drl::nodes
