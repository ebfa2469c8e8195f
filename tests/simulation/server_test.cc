// The simulated server says what Redis says: lua/README.md's example, answers worked out by hand, torn bytes, refusals.
#include "server.h"

#include <gtest/gtest.h>

#include "redis/resp.h"
#include "redis/script.h"

namespace drl::simulation {
namespace {

constexpr int64_t kSecond = 1'000'000;

core::Limits LimitsOf(int64_t rate, int64_t per_us, int64_t burst) {
  return {*core::Limit::Make({rate, per_us, burst, nullptr, {0, 0}}, "")};
}

class SimulatedServer : public testing::Test, protected Outlet {
 protected:
  SimulatedServer() {
    keys.Add("a", hundred);
    keys.Add("b", hundred);
    keys.Add("c", seven);
    server.Open(1);
    Send({"SCRIPT", "LOAD", redis::kScriptText});
    replies.clear();
  }

  static std::string Bytes(std::initializer_list<std::string_view> command) {
    redis::RespWriter writer;
    writer.Array(command.size());
    for (const std::string_view argument : command) {
      writer.Bulk(argument == "drl.lua" ? redis::kScriptSha1 : argument);
    }
    return std::string(writer.pending());
  }
  // What it answers at once, a space for each end of a line.
  std::string Send(std::initializer_list<std::string_view> command) {
    replies.clear();
    server.Receive(1, Bytes(command));
    return Said();
  }
  std::string Said() const {
    std::string said;
    for (size_t i = 0; i < replies.size(); ++i) {
      if (replies[i] == '\r') continue;
      said += replies[i] == '\n' ? ' ' : replies[i];
    }
    return said;
  }
  std::string Now() const { return std::to_string(server.clock()); }
  std::string Take(std::string_view key) {
    return Send({"EVALSHA", "drl.lua", "1", key, "41", "1", "60000000000000", "1", "1", "1", "1", "600000", "60000000", "60000000"});
  }

  void Reply(SessionId /*session*/, std::string_view bytes) override { replies += bytes; }
  void Close(SessionId /*session*/, bool /*reset*/) override { closed = true; }

  const core::Limits hundred = LimitsOf(100, 60 * kSecond, 100);
  const core::Limits seven = LimitsOf(7, 60 * kSecond, 7);
  World world{1};
  Keys keys;
  Journal journal;
  std::string replies;
  bool closed = false;
  Server server{world, keys, journal, *this, false};
};

TEST_F(SimulatedServer, DecidesTheExampleOfTheContract) {
  EXPECT_EQ(Send({"EVALSHA", "drl.lua", "2", "a", "b", "41", "1", "60000000000000", "2", "1", "1", "1", "600000", "60000000",
                  "60000000"}),
            "*4 :41 :" + Now() + " :600000 :600000 ");
  EXPECT_EQ(Send({"EVALSHA", "drl.lua", "1", "a", "42", "1", "60000000000000", "1", "1", "1", "1", "60000000", "60000000",
                  "60000000"}),
            "*3 :42 :" + Now() + " :-600001 ");
  EXPECT_EQ(Send({"EVALSHA", "drl.lua", "1", "c", "45", "1", "60000000000000", "1", "1", "1", "7", "8571428", "4", "60000000", "0",
                  "60000000", "0"}),
            "*4 :45 :" + Now() + " :8571428 :4 ");
  ASSERT_EQ(journal.size(), 4U);
  EXPECT_EQ(journal[2].fate, Fate::kDenied);
  EXPECT_EQ(journal[2].question.cost, 100);
  EXPECT_EQ(world.failure(), "");
}

TEST_F(SimulatedServer, AnswersTheSameHoweverTheBytesAreTorn) {
  const std::string bytes = Bytes({"EVALSHA", "drl.lua", "1", "a", "41", "1", "60000000000000", "1", "1", "1", "1", "600000",
                                   "60000000", "60000000"}) +
                            Bytes({"TIME"});
  for (const char byte : bytes) server.Receive(1, {&byte, 1});
  const std::string seconds = std::to_string((server.clock() + core::kEpochUs) / kSecond);
  EXPECT_EQ(Said(), "*3 :41 :" + Now() + " :600000 *2 $10 " + seconds + " $1 0 ");
}

TEST_F(SimulatedServer, ForgottenScriptRunsNothing) {
  server.FlushScripts();
  EXPECT_EQ(Take("a"), "-NOSCRIPT No matching script. Please use EVAL. ");
  EXPECT_TRUE(journal.empty());
}

TEST_F(SimulatedServer, PastItsDeadlineAGroupChargesNothing) {
  EXPECT_EQ(Send({"EVALSHA", "drl.lua", "1", "a", "41", "1", "1", "1", "1", "1", "1", "600000", "60000000", "60000000"}),
            "*3 :41 :" + Now() + " :" + std::to_string(core::kExpiredMark) + " ");
  EXPECT_EQ(Take("a"), "*3 :41 :" + Now() + " :600000 ");
}

TEST_F(SimulatedServer, RefusedWritesChargeNothing) {
  server.SetWrites(Writes::kOutOfMemory);
  EXPECT_EQ(Take("a"), "*3 :41 :" + Now() + " -DRL SET OOM command not allowed when used memory > 'maxmemory'. ");
  server.SetWrites(Writes::kTaken);
  EXPECT_EQ(Take("a"), "*3 :41 :" + Now() + " :600000 ");
  EXPECT_EQ(journal[0].fate, Fate::kRefused);
}

TEST_F(SimulatedServer, NumbersThatMeanNoQuestionAreAFailure) {
  (void)Send({"EVALSHA", "drl.lua", "1", "a", "41", "1", "60000000000000", "1", "1", "1", "1", "600001", "60000000", "60000000"});
  EXPECT_TRUE(world.failed());
}

TEST_F(SimulatedServer, StoppedItAnswersLater) {
  server.Stop();
  EXPECT_EQ(Take("a"), "");
  world.Step(world.now() + 5);
  server.Continue();
  EXPECT_EQ(Said(), "*3 :41 :" + Now() + " :600000 ");
}

TEST_F(SimulatedServer, SlowItTakesItsTime) {
  server.SetSlowness(300);
  EXPECT_EQ(Take("a"), "");
  EXPECT_TRUE(world.Step(INT64_MAX));
  EXPECT_EQ(Said(), "*3 :41 :50000000000300 :600000 ");
}

TEST_F(SimulatedServer, ItsClockDriftsAndSteps) {
  server.Drift(100);
  world.Step(world.now() + kSecond);
  EXPECT_EQ(server.clock(), 50'000'001'000'100);
  server.StepClock(-500);
  EXPECT_EQ(server.clock(), 50'000'000'999'600);
}

TEST_F(SimulatedServer, FullItTurnsAwayWhoComes) {
  server.SetSessionsMax(1);
  server.Open(2);
  EXPECT_EQ(Said(), "-ERR max number of clients reached ");
  EXPECT_TRUE(closed);
}

}  // namespace
}  // namespace drl::simulation
