// Random programs run in the reference model and in Redis, and every integer must be the same.
#include <gtest/gtest.h>

#include <map>

#include "core/model.h"
#include "random_program.h"
#include "script_server.h"
#include "stored_state.h"

namespace drl::test {
namespace {

using core::Limits;

constexpr int64_t kDecisionsMin = 210'000;
constexpr int kDecisionsPerProgram = 6'000;
constexpr int64_t kEarliestUs = int64_t{3600} * 1'000'000;                  // an hour into 2025
constexpr int64_t kLatestUs = int64_t{30} * 365 * 86'400 * int64_t{1'000'000};  // thirty years later

struct Program {
  Program(ScriptServer& server, uint64_t seed) : redis(server), random(seed) {
    for (int i = 0; i < 12; ++i) policies.push_back(RandomLimits(random));
    const int64_t count = OneIn(random, 3) ? 2 : Uniform(random, 4, 40);
    for (int64_t i = 0; i < count; ++i) keys.push_back("{" + std::to_string(seed) + "}:" + std::to_string(i));
  }

  ScriptServer& redis;
  Random random;
  std::vector<Limits> policies;
  std::vector<std::string> keys;
  core::Model model;
  std::map<std::string, bool> kept_as_integer;  // by the policy that wrote the key last
  int64_t decisions = 0;
  int64_t tag = 0;
};

const Limits& AnyPolicy(Program& program) {
  return program.policies[static_cast<size_t>(Uniform(program.random, 0, std::ssize(program.policies) - 1))];
}

// Mostly the policy that belongs to the key, sometimes another: a policy that was changed.
const Limits& PolicyOf(Program& program, size_t key) {
  return OneIn(program.random, 12) ? AnyPolicy(program) : program.policies[key % program.policies.size()];
}

void DecideInModel(Program& program, const std::string& key, const Limits& limits, int64_t cost,
                   std::vector<int64_t>& expected) {
  const core::KeyState* found = program.model.Find(key, program.redis.now());
  const std::vector<core::Time> before = found != nullptr ? found->full_at : std::vector<core::Time>();
  const std::vector<int64_t> reply = program.model.Decide(key, limits, cost, program.redis.now());
  expected.insert(expected.end(), reply.begin(), reply.end());
  found = program.model.Find(key, program.redis.now());
  if (found != nullptr && found->full_at != before) program.kept_as_integer[key] = IsKeptAsInteger(limits);
  ++program.decisions;
}

// One group of up to `room` decisions, in the call and in the model.
int64_t AddGroup(Program& program, int64_t room, ScriptCall& call, std::vector<int64_t>& expected) {
  const auto first = static_cast<size_t>(Uniform(program.random, 0, std::ssize(program.keys) - 1));
  const Limits& limits = PolicyOf(program, first);
  const int64_t cost = RandomCost(program.random, limits);
  const bool forget = OneIn(program.random, 25);
  const int64_t count = OneIn(program.random, 3) ? Uniform(program.random, 1, room) : 1;
  std::vector<std::string> keys;
  for (int64_t i = 0; i < count; ++i) {  // keys of the same policy, again and again
    const size_t rounds = program.keys.size() / program.policies.size() + 1;
    const auto round = static_cast<size_t>(Uniform(program.random, 0, static_cast<int64_t>(rounds) - 1));
    keys.push_back(program.keys[(first + round * program.policies.size()) % program.keys.size()]);
    if (forget) {
      expected.push_back(program.model.Reset(keys.back(), program.redis.now()));
    } else {
      DecideInModel(program, keys.back(), limits, cost, expected);
    }
  }
  if (forget) {
    call.Forget(keys);
  } else {
    call.Decide(keys, limits, cost);
  }
  return count;
}

std::vector<int64_t> WriteCall(Program& program) {
  ScriptCall call(++program.tag);
  std::vector<int64_t> expected{program.tag, program.redis.now()};
  int64_t room = OneIn(program.random, 4) ? core::kDecisionsPerCallMax : Uniform(program.random, 1, 12);
  while (room > 0) {
    room -= AddGroup(program, room, call, expected);
    if (OneIn(program.random, 6)) break;
  }
  call.Write(program.redis.out());
  return expected;
}

void CompareState(Program& program, const std::string& key) {
  const core::KeyState* state = program.model.Find(key, program.redis.now());
  const std::optional<std::string> stored = program.redis.Get(key);
  ASSERT_EQ(stored.has_value(), state != nullptr) << key;
  if (state == nullptr) return;
  ASSERT_EQ(ReadState(*stored), state->full_at) << key;
  const bool is_integer = (*stored)[0] <= '9';  // a double of such a size begins with 'B' or 'C'
  ASSERT_EQ(is_integer, program.kept_as_integer[key]) << key;
  const int64_t now_ms = (program.redis.now() + core::kEpochUs) / 1000;
  ASSERT_EQ(program.redis.Pttl(key), state->expires_at_ms - now_ms) << key;
}

// A few calls at one instant, pipelined, then the next instant.
void RunProgram(Program& program) {
  while (program.decisions < kDecisionsPerProgram) {
    std::vector<std::vector<int64_t>> expected;
    const int64_t calls = Uniform(program.random, 1, 4);
    for (int64_t i = 0; i < calls; ++i) expected.push_back(WriteCall(program));
    program.redis.Flush();
    for (const std::vector<int64_t>& integers : expected) {
      const redis::Reply& reply = program.redis.Next();
      ASSERT_EQ(reply.type, redis::Reply::Type::kArray) << reply.text;
      ASSERT_EQ(reply.integers, integers) << "at " << program.redis.now();
    }
    if (OneIn(program.random, 4)) {
      const auto key = static_cast<size_t>(Uniform(program.random, 0, std::ssize(program.keys) - 1));
      ASSERT_NO_FATAL_FAILURE(CompareState(program, program.keys[key]));
    }
    const int64_t next =
        RandomInstant(program.random, AnyPolicy(program), program.redis.now(), kEarliestUs, kLatestUs);
    program.redis.SetNow(next);
  }
  for (const std::string& key : program.keys) ASSERT_NO_FATAL_FAILURE(CompareState(program, key));
}

TEST(ModelAgainstScript, AgreesToTheLastIntegerInRandomPrograms) {
  ScriptServer redis;
  Random seeds(Seed());
  int64_t decisions = 0;
  while (decisions < kDecisionsMin) {
    const uint64_t seed = seeds();
    Program program(redis, seed);
    RunProgram(program);
    if (HasFatalFailure()) FAIL() << "after " << decisions << " decisions, in the program of seed " << seed;
    decisions += program.decisions;
  }
  RecordProperty("decisions", static_cast<int>(decisions));
  std::printf("%lld decisions agree\n", static_cast<long long>(decisions));
}

}  // namespace
}  // namespace drl::test
