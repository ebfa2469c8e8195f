// Random programs run in the reference model and in Redis, and every integer must be the same.
#include <gtest/gtest.h>

#include <algorithm>

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

// A key and the limits that it is always met with: a key of the library holds the fingerprint of its plan.
struct Bucket {
  std::string key;
  const Limits* limits;
};

struct Program {
  Program(ScriptServer& server, uint64_t seed) : redis(server), random(seed) {
    for (int i = 0; i < 12; ++i) policies.push_back(RandomLimits(random));
    const int64_t count = OneIn(random, 3) ? 2 : Uniform(random, 4, 40);
    for (int64_t i = 0; i < count; ++i) {
      const Limits& limits = policies[static_cast<size_t>(i) % policies.size()];
      buckets.push_back({"{" + std::to_string(seed) + "}:" + std::to_string(i), &limits});
    }
  }

  ScriptServer& redis;
  Random random;
  std::vector<Limits> policies;
  std::vector<Bucket> buckets;
  core::Model model;
  int64_t decisions = 0;
  int64_t tag = 0;
};

// A deadline that mostly is far off, sometimes past, sometimes now.
int64_t AnyDeadline(Program& program) {
  const int64_t now = program.redis.now();
  switch (Uniform(program.random, 0, 15)) {
    case 0:
      return now - 1 - LogUniform(program.random, 1'000'000);
    case 1:
      return now;
    case 2:
      return now - 1;
    default:
      return ScriptCall::kNoDeadline;
  }
}

int64_t AnyHeadroom(Program& program, const Limits& limits) {
  return OneIn(program.random, 4) ? RandomCost(program.random, limits) : 0;
}

// One group of up to `room` requests, in the command and in the model.
int64_t AddGroup(Program& program, int64_t room, ScriptCall& call, std::vector<core::ModelRequest>& requests) {
  const auto first = static_cast<size_t>(Uniform(program.random, 0, std::ssize(program.buckets) - 1));
  const Limits& limits = *program.buckets[first].limits;
  core::ModelRequest request;
  request.deadline = AnyDeadline(program);
  if (OneIn(program.random, 25)) {
    request.operation = core::Operation::kForget;
  } else {
    request.limits = &limits;
    request.question = {RandomCost(program.random, limits), AnyHeadroom(program, limits)};
  }
  const int64_t count = OneIn(program.random, 3) ? Uniform(program.random, 1, room) : 1;
  std::vector<std::string> keys;
  for (int64_t i = 0; i < count; ++i) {  // keys of the same policy, again and again
    const size_t rounds = program.buckets.size() / program.policies.size() + 1;
    const auto round = static_cast<size_t>(Uniform(program.random, 0, static_cast<int64_t>(rounds) - 1));
    const size_t at = first % program.policies.size() + round * program.policies.size();
    request.key = program.buckets[at < program.buckets.size() ? at : first].key;
    keys.push_back(request.key);
    requests.push_back(request);
    ++program.decisions;
  }
  call.Until(request.deadline);
  if (request.operation == core::Operation::kForget) {
    call.Forget(keys);
  } else {
    call.Decide(keys, limits, request.question.cost, request.question.headroom);
  }
  return count;
}

std::vector<int64_t> WriteCall(Program& program) {
  ScriptCall call(++program.tag);
  std::vector<core::ModelRequest> requests;
  int64_t room = OneIn(program.random, 4) ? core::kRequestsPerCommandMax : Uniform(program.random, 1, 12);
  while (room > 0) {
    room -= AddGroup(program, room, call, requests);
    if (OneIn(program.random, 6)) break;
  }
  call.Write(program.redis.out());
  std::vector<int64_t> expected{program.tag, program.redis.now()};
  const std::vector<int64_t> decided = program.model.Run(requests, program.redis.now());
  expected.insert(expected.end(), decided.begin(), decided.end());
  return expected;
}

void CompareState(Program& program, const Bucket& bucket) {
  const std::string& key = bucket.key;
  const core::KeyState* state = program.model.Find(key, program.redis.now());
  const std::optional<std::string> stored = program.redis.Get(key);
  ASSERT_EQ(stored.has_value(), state != nullptr) << key;
  if (state == nullptr) return;
  ASSERT_EQ(ReadState(*stored), state->full_at) << key;
  ASSERT_EQ((*stored)[0] != '\1', IsKeptAsInteger(*bucket.limits)) << key;
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
      const auto differs = std::mismatch(integers.begin(), integers.end(), reply.integers.begin(), reply.integers.end());
      ASSERT_EQ(reply.integers, integers) << "from " << differs.first - integers.begin() << " on, at " << program.redis.now();
    }
    if (OneIn(program.random, 4)) {
      const auto at = static_cast<size_t>(Uniform(program.random, 0, std::ssize(program.buckets) - 1));
      ASSERT_NO_FATAL_FAILURE(CompareState(program, program.buckets[at]));
    }
    const auto policy = static_cast<size_t>(Uniform(program.random, 0, std::ssize(program.policies) - 1));
    program.redis.SetNow(
        RandomInstant(program.random, program.policies[policy], program.redis.now(), kEarliestUs, kLatestUs));
  }
  for (const Bucket& bucket : program.buckets) ASSERT_NO_FATAL_FAILURE(CompareState(program, bucket));
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
