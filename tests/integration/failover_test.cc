// Ten failovers of a sentinels' master under load: callers are told the truth about every charge, no call outlives its deadline, and
// decisions are real again as soon as Redis has another master.
//
// Redis copies what it has charged to its replicas a moment after it has answered, and a master that is replaced while it is well
// takes charges until it is told: what callers are told while a failover is under way may be lost with the old master. Only that.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "scale.h"
#include "sentinel_group.h"
#include "tally.h"

namespace drl::test {
namespace {

constexpr int64_t kTimeoutUs = 100'000;
constexpr int kCallers = 16;

// What callers look at, and leave.
struct Play {
  std::atomic<bool> over{false};
  std::atomic<bool> at_risk{false};          // a failover is under way
  std::atomic<int64_t> killed_at{INT64_MAX};  // microseconds of SteadyClock, as those that follow
  std::atomic<int64_t> decided_at{INT64_MAX};  // the first decision that was asked for since
};

int64_t Now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now().time_since_epoch()).count();
}

class Caller {
 public:
  Caller(const Limiter& limiter, Play& play, int number)
      : identity_("caller-" + std::to_string(number)), thread_([&] { Run(limiter, play); }) {}

  void Join() { thread_.join(); }
  [[nodiscard]] const std::string& identity() const { return identity_; }
  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] int64_t at_risk() const { return at_risk_; }

 private:
  void Run(const Limiter& limiter, Play& play) {
    while (!play.over.load(std::memory_order_relaxed)) {
      const int64_t start = Now();
      const bool asked_at_risk = play.at_risk;
      const Answer answer = Allow(limiter, identity_);
      const int64_t end = Now();
      tally_.Count(answer.decision, end - start);
      if (answer.decision.charged == DRL_CHARGED_YES && (asked_at_risk || play.at_risk)) at_risk_ += answer.decision.cost;
      if (answer.decision.outcome == DRL_OUTCOME_UNDECIDED) {
        std::this_thread::sleep_for(std::chrono::microseconds(500));
      } else if (start > play.killed_at) {
        int64_t first = play.decided_at;
        while (end < first && !play.decided_at.compare_exchange_weak(first, end)) continue;
      }
    }
  }

  const std::string identity_;
  Tally tally_;
  int64_t at_risk_ = 0;
  std::thread thread_;
};

bool IsConnectedTo(redis_server* server) {
  const RedisReply reply = SentinelGroup::AskServer(server, "CLIENT LIST");
  return reply != nullptr && reply->str != nullptr && std::strstr(reply->str, "name=libdrl") != nullptr;
}

int64_t MicrosUntilConnectedTo(redis_server* server) {
  const int64_t start = Now();
  while (!IsConnectedTo(server) && Now() - start < kPatientUs) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return Now() - start;
}

// The master dies, or is well and replaced. How long after the sentinels told of it decisions were real again, or the client was
// with the new master.
int64_t FailOver(const SentinelGroup& group, SwitchListener& listener, Play& play, bool killed) {
  const int from = group.MasterPort();
  redis_server* const old = group.server_at(from);
  play.at_risk = true;
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // what was charged before is with the replicas now
  const int64_t begun = Now();
  if (killed) {
    group.SetPatience(500);
    redis_server_kill(old);
    play.decided_at = INT64_MAX;
    play.killed_at = Now();
  } else {
    group.BeginFailover();
  }
  int to = 0;
  const int64_t told = std::chrono::duration_cast<std::chrono::microseconds>(
      listener.AwaitSwitchFrom(from, to).time_since_epoch()).count();
  MicrosUntilConnectedTo(group.server_at(to));
  int64_t back = Now();
  if (killed) {
    while (play.decided_at == INT64_MAX && Now() - told < kPatientUs) std::this_thread::sleep_for(std::chrono::microseconds(200));
    back = play.decided_at;
    play.killed_at = INT64_MAX;
  }
  play.at_risk = false;
  std::printf("%s: a master after %ld ms; %s %.1f ms later\n", killed ? "killed" : "replaced", (told - begun) / 1000,
              killed ? "real decisions" : "the client there", static_cast<double>(back - told) / 1000);
  if (killed) {
    group.SetPatience(30'000);
    group.MakeReplica(old, to);
  } else {
    group.AwaitReplicas(to);
  }
  return back - told;
}

TEST(Failover, TenUnderLoadLoseNothingThatTheyNeedNotAndTakeNoLongerThanRedis) {
  const SentinelGroup group;
  SwitchListener listener(group);
  const Client client = OpenClient(group.url(), kTimeoutUs);
  const Limiter limiter = OpenLimiter(client, Ledger());
  ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0);

  Play play;
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < kCallers; ++i) callers.push_back(std::make_unique<Caller>(limiter, play, i));
  std::vector<int64_t> took;
  for (int64_t i = 0; i < Scaled(10); ++i) took.push_back(FailOver(group, listener, play, i % 2 == 0));
  play.over = true;
  for (auto& caller : callers) caller->Join();

  const Client auditor = OpenClient(group.url());
  const Limiter ledger = OpenLimiter(auditor, Ledger());
  Tally sum;
  int64_t at_risk = 0;
  int64_t in_redis = 0;
  for (const auto& caller : callers) {
    const Tally& tally = caller->tally();
    const int64_t charged = ChargedInRedis(ledger, caller->identity());
    EXPECT_LE(charged, tally.charged + tally.unknown) << "charged without being told";
    EXPECT_GE(charged, tally.charged - caller->at_risk()) << "lost, though no failover was under way";
    sum.Add(tally);
    at_risk += caller->at_risk();
    in_redis += charged;
  }
  std::printf("%ld calls, %ld undecided; told: %ld charged (%ld of them in a failover), %ld unknown; in Redis: %ld; slowest %ld us\n",
              sum.calls, sum.undecided, sum.charged, at_risk, sum.unknown, in_redis, sum.slowest_us);
  EXPECT_GT(sum.charged, at_risk);
  EXPECT_LE(sum.slowest_us, kTimeoutUs + kSchedulingNoiseUs);
  std::nth_element(took.begin(), took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2), took.end());
  EXPECT_LE(took[took.size() / 2], 100'000 + kSchedulingNoiseUs) << "half of them took longer than Redis's own election by more";
}

}  // namespace
}  // namespace drl::test
