// Ten times the load that Redis can take, from a generator that does not wait for answers: memory stays bounded, Redis goes on
// deciding nearly as much as it can, and what cannot be decided is answered at once.
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "census.h"
#include "handles.h"
#include "scale.h"

namespace drl::test {
namespace {

constexpr int64_t kWindowUs = 500'000;
constexpr size_t kRounds = 9;
constexpr int64_t kGoodput = kSanitized ? 50 : 90;  // percent of the peak

// Puts Redis to sleep again and again, so that it, and not the processors of this machine, is what there is too little of. Two of
// them, so that one always waits while the other is served.
class Brake {
 public:
  explicit Brake(const char* socket) : connection_(redisConnectUnix(socket)), thread_([this] { Run(); }) {}
  ~Brake() {
    stop_.store(true);
    thread_.join();
    redisFree(connection_);
  }

  // Times that Redis slept.
  [[nodiscard]] int64_t sleeps() const { return sleeps_.load(); }

 private:
  void Run() {
    while (!stop_.load()) {
      auto* reply = static_cast<redisReply*>(redisCommand(connection_, "DEBUG SLEEP 0.005"));
      if (reply == nullptr || reply->type != REDIS_REPLY_STATUS) std::abort();
      freeReplyObject(reply);
      ++sleeps_;
    }
  }

  redisContext* connection_;
  std::atomic<bool> stop_{false};
  std::atomic<int64_t> sleeps_{0};
  std::thread thread_;
};

struct Outcome {
  std::atomic<int64_t> decided{0};
  std::atomic<int64_t> undecided{0};
  std::atomic<int64_t> in_flight{0};
};

void CallBack(drl_status, const drl_decision* decision, const char*, void* user) {
  auto& outcome = *static_cast<Outcome*>(user);
  ++(decision->cause == DRL_OK ? outcome.decided : outcome.undecided);
  --outcome.in_flight;
}

class OverloadTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 64; ++i) identities.push_back("identity-" + std::to_string(i));
    ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0);
  }

  void Submit() {
    const std::string& identity = identities[next++ % identities.size()];
    ++outcome.in_flight;
    ASSERT_EQ(drl_limiter_allow_callback(limiter.get(), identity.data(), identity.size(), 1, nullptr, CallBack, &outcome),
              DRL_OK);
  }

  void WaitUntilNoneIsInFlight() {
    while (outcome.in_flight.load() > 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
  }

  [[nodiscard]] int64_t sleeps() const { return brake.sleeps() + other_brake.sleeps(); }

  // Decisions in one window with as many calls under way as fill the pipeline: the most that can be had.
  int64_t PeakWindow() {
    const int64_t before = outcome.decided.load();
    const int64_t sleeps_before = sleeps();
    const SteadyClock::time_point start = SteadyClock::now();
    while (MicrosSince(start) < kWindowUs) {
      while (outcome.in_flight.load() < 512) Submit();
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    const int64_t decided = outcome.decided.load() - before;
    per_sleep = decided / std::max<int64_t>(1, sleeps() - sleeps_before);
    WaitUntilNoneIsInFlight();
    return decided;
  }

  // Decisions in one window in which `calls` arrive evenly, whatever becomes of them.
  int64_t OpenLoopWindow(int64_t calls) {
    const int64_t before = outcome.decided.load();
    const int64_t sleeps_before = sleeps();
    const SteadyClock::time_point start = SteadyClock::now();
    int64_t submitted = 0;
    while (MicrosSince(start) < kWindowUs) {
      const int64_t due = std::min(calls, calls * MicrosSince(start) / kWindowUs);
      for (; submitted < due; ++submitted) Submit();
      queue_depth_max = std::max(queue_depth_max, Stats(client).queue_depth);
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    const int64_t decided = outcome.decided.load() - before;
    per_sleep = decided / std::max<int64_t>(1, sleeps() - sleeps_before);
    WaitUntilNoneIsInFlight();
    return decided;
  }

  Server server = StartServer({.permissions = "+debug", .arguments = redis_server_debug_arguments()});
  Brake brake{redis_server_socket(server.get())};
  Brake other_brake{redis_server_socket(server.get())};
  Client client = OpenClient(redis_server_url(server.get()), 100'000);
  Limiter limiter = OpenLimiter(client, Ledger());
  std::vector<std::string> identities;
  size_t next = 0;
  Outcome outcome;
  int64_t queue_depth_max = 0;
  int64_t per_sleep = 0;  // decisions in the last window for each time that Redis slept
};

TEST_F(OverloadTest, GoodputStaysNearItsPeakAndMemoryIsBounded) {
  const int64_t first_peak = PeakWindow();
  OpenLoopWindow(10 * first_peak);
  const Census before;
  // How often Redis slept depends on the machine's mood, so decisions are counted by sleeps; of the rounds the median counts, and
  // a machine that is busy with something else gets more of them.
  std::vector<int64_t> percent;
  const auto median = [&] { return percent[percent.size() / 2]; };
  while (percent.size() < kRounds || (median() < kGoodput && percent.size() < 4 * kRounds)) {
    const int64_t peak = PeakWindow();
    const int64_t peak_per_sleep = std::max<int64_t>(1, per_sleep);
    OpenLoopWindow(10 * peak);
    percent.push_back(per_sleep * 100 / peak_per_sleep);
    std::sort(percent.begin(), percent.end());
  }
  const Census after;
  std::printf("peak %ld a second, goodput at ten times that %ld %% (%ld..%ld), queue at most %ld\n",
              first_peak * 1'000'000 / kWindowUs, median(), percent.front(), percent.back(), queue_depth_max);
  EXPECT_GE(median(), kGoodput);
  EXPECT_LE(queue_depth_max, 16'384);
  EXPECT_LT(after.resident - before.resident, 16 * 1024 * 1024 * kSlowness);
  const drl_stats stats = IdleStats(client);
  EXPECT_GT(stats.degraded_shed + stats.degraded_queue_full, 0);
  EXPECT_EQ(stats.queue_depth, 0);
}

TEST_F(OverloadTest, ShedCallsAreAnsweredInMicroseconds) {
  std::atomic<bool> stop{false};
  // A window in which the machine was busy with something else shows too low a peak: while nothing is shed, twice as much comes.
  std::thread generator([&, calls = 10 * std::max<int64_t>(100, PeakWindow())]() mutable {
    while (!stop.load()) {
      const int64_t shed = Stats(client).degraded_shed;
      OpenLoopWindow(calls);
      if (Stats(client).degraded_shed == shed && calls < 1'000'000) calls *= 2;
    }
  });
  std::vector<int64_t> times;
  const SteadyClock::time_point begin = SteadyClock::now();
  while (times.size() < 300 && MicrosSince(begin) < kPatientUs) {
    const SteadyClock::time_point start = SteadyClock::now();
    const Answer answer = Allow(limiter, "someone");
    const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(SteadyClock::now() - start).count();
    const drl_status cause = answer.decision.cause;
    if (cause == DRL_ERR_SHED || cause == DRL_ERR_QUEUE_FULL) times.push_back(took);
  }
  stop.store(true);
  generator.join();
  ASSERT_EQ(times.size(), 300u) << "too few calls were shed";
  std::sort(times.begin(), times.end());
  EXPECT_LT(times[150], 50'000 * kSlowness);
}

}  // namespace
}  // namespace drl::test
