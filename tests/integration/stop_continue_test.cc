// Redis stopped and continued again and again under load: callers are told the truth about every charge, and what was given up
// while Redis stood still is never charged.
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "handles.h"
#include "scale.h"
#include "seed.h"
#include "tally.h"

namespace drl::test {
namespace {

constexpr int64_t kTimeoutUs = 50'000;
constexpr int kCallers = 16;

// A caller whose calls that begin while Redis stands still have an identity each: those that also ended before it ran again may
// never be charged. All others share the identity steady(), whose charges must add up.
class TruthfulCaller {
 public:
  TruthfulCaller(const Limiter& limiter, const std::atomic<uint64_t>& stops, const std::atomic<bool>& over, int number)
      : prefix_("caller-" + std::to_string(number) + "-"), thread_([&] { Run(limiter, stops, over); }) {}

  void Join() { thread_.join(); }

  const Tally& tally() const { return tally_; }
  [[nodiscard]] std::string steady() const { return prefix_ + "steady"; }
  [[nodiscard]] const std::vector<std::string>& given_up_in_a_stop() const { return given_up_in_a_stop_; }

 private:
  // `stops` is odd while Redis stands still.
  void Run(const Limiter& limiter, const std::atomic<uint64_t>& stops, const std::atomic<bool>& over) {
    for (int64_t i = 0; !over.load(std::memory_order_relaxed); ++i) {
      const uint64_t before = stops.load();
      const bool stopped = before % 2 == 1;
      const std::string identity = stopped ? prefix_ + std::to_string(i) : steady();
      const SteadyClock::time_point start = SteadyClock::now();
      const Answer answer = Allow(limiter, identity);
      const int64_t took = MicrosSince(start);
      tally_.slowest_us = std::max(tally_.slowest_us, took);
      if (!stopped) tally_.Count(answer.decision, took);
      if (stopped && stops.load() == before) given_up_in_a_stop_.push_back(identity);
      if (answer.decision.cause != DRL_OK) std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
  }

  const std::string prefix_;
  Tally tally_;
  std::vector<std::string> given_up_in_a_stop_;
  std::thread thread_;
};

void Cycle(redis_server* server, std::atomic<uint64_t>& stops, Random& random) {
  std::this_thread::sleep_for(std::chrono::microseconds(Uniform(random, 1'000, 40'000)));
  redis_server_pause(server);
  ++stops;
  std::this_thread::sleep_for(std::chrono::microseconds(Uniform(random, 1'000, 150'000)));
  ++stops;
  redis_server_resume(server);
}

// Tokens charged to identities whose callers had all been answered before Redis ran again.
int64_t ChargedLate(const Client& client, const Limiter& limiter, const std::vector<std::string>& identities) {
  int64_t charged = 0;
  std::vector<drl_decision> decisions;
  for (size_t at = 0; at < identities.size(); at += DRL_REQUESTS_MAX) {
    const size_t count = std::min<size_t>(DRL_REQUESTS_MAX, identities.size() - at);
    std::vector<drl_request> requests;
    for (size_t i = at; i < at + count; ++i) requests.push_back(AllowRequest(limiter.get(), identities[i], 0));
    decisions.resize(count);
    EXPECT_EQ(Decide(client, requests, decisions.data()), DRL_OK);
    for (const drl_decision& decision : decisions) charged += kLedgerBurst - decision.remaining;
  }
  return charged;
}

TEST(StopContinue, ChargesAreThoseThatCallersWereToldAndNoneIsLate) {
  Random random(Seed());
  const Server server = StartServer();
  const Client client = OpenClient(redis_server_url(server.get()), kTimeoutUs);
  const Limiter limiter = OpenLimiter(client, Ledger());
  ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0);

  std::atomic<uint64_t> stops{0};
  std::atomic<bool> over{false};
  std::vector<std::unique_ptr<TruthfulCaller>> callers;
  for (int i = 0; i < kCallers; ++i) callers.push_back(std::make_unique<TruthfulCaller>(limiter, stops, over, i));
  for (int64_t i = 0; i < Scaled(200); ++i) Cycle(server.get(), stops, random);
  over.store(true);
  for (auto& caller : callers) caller->Join();
  EXPECT_GE(MicrosUntilDecided(limiter, "healed"), 0);

  const Client auditor = OpenClient(redis_server_url(server.get()));
  const Limiter ledger = OpenLimiter(auditor, Ledger());
  Tally sum;
  size_t in_a_stop = 0;
  for (const auto& caller : callers) {
    const Tally& tally = caller->tally();
    const int64_t charged = ChargedInRedis(ledger, caller->steady());
    EXPECT_GE(charged, tally.charged);
    EXPECT_LE(charged, tally.charged + tally.unknown);
    EXPECT_EQ(ChargedLate(auditor, ledger, caller->given_up_in_a_stop()), 0) << "given up, and charged all the same";
    in_a_stop += caller->given_up_in_a_stop().size();
    sum.Add(tally);
  }
  std::printf("%ld charged, %ld unknown, %zu given up during a stop, slowest %ld us\n", sum.charged, sum.unknown,
              in_a_stop, sum.slowest_us);
  EXPECT_GT(sum.charged, 0);
  EXPECT_GT(in_a_stop, 0u);
  EXPECT_LE(sum.slowest_us, kTimeoutUs + kSchedulingNoiseUs);
}

}  // namespace
}  // namespace drl::test
