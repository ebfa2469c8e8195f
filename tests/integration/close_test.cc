// Clients closed at random moments under load: soon, and with nothing left behind.
#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "census.h"
#include "handles.h"
#include "scale.h"
#include "seed.h"

namespace drl::test {
namespace {

// Under AddressSanitizer too: that is what this test is for.
const int64_t kCycles = std::min<int64_t>(1'000, Scaled(5'000));

struct Echo {
  drl_limiter* limiter = nullptr;
  std::atomic<int64_t> submitted{0};
  std::atomic<int64_t> called{0};

  void Submit() {
    ++submitted;
    if (drl_limiter_allow_callback(limiter, "echo", 4, 1, nullptr, Again, this) != DRL_OK) --submitted;
  }
  static void Again(drl_status status, const drl_decision*, const char*, void* user) {
    auto& self = *static_cast<Echo*>(user);
    ++self.called;
    if (status == DRL_OK) self.Submit();
  }
};

// Everything that can be under way on one client.
class Busy {
 public:
  explicit Busy(const std::string& url) : client_(OpenClient(url, 1'000'000)), limiter_(OpenLimiter(client_, Ledger())) {
    queue_ = OpenQueue(client_, 64);
    echo_.limiter = limiter_.get();
    for (int i = 0; i < 2; ++i) callers_.emplace_back([this] { CallUntilClosed(); });
    for (int64_t id = 0; id < 48; ++id) {
      drl_queue_submit(queue_.get(), limiter_.get(), "queued", 6, 1, id, nullptr);
      if (id % 2 == 0) echo_.Submit();
    }
  }

  // Microseconds that closing the client took.
  int64_t Close(Random& random) {
    // Some of what was submitted is cancelled or drained meanwhile.
    if (OneIn(random, 2)) drl_queue_cancel(queue_.get(), Uniform(random, 0, 47), nullptr);
    if (OneIn(random, 2)) Drain();
    if (OneIn(random, 4)) queue_.reset();
    const SteadyClock::time_point start = SteadyClock::now();
    client_.reset();
    const int64_t took = MicrosSince(start);
    for (std::thread& caller : callers_) caller.join();
    if (queue_ != nullptr) {
      Drain();
      EXPECT_EQ(drained_ + (queue_ ? 0 : 48), 48) << "each call of the queue completes once";
    }
    EXPECT_EQ(echo_.called.load(), echo_.submitted.load()) << "each callback is called once";
    if (OneIn(random, 2)) limiter_.reset();
    queue_.reset();
    return took;
  }

 private:
  void CallUntilClosed() {
    while (Allow(limiter_, "caller").status == DRL_OK) {
    }
  }

  void Drain() {
    drl_completion completions[64];
    int32_t count = 0;
    EXPECT_EQ(drl_queue_drain(queue_.get(), completions, 64, &count, nullptr), DRL_OK);
    drained_ += count;
  }

  Client client_;
  Limiter limiter_;
  Queue queue_;
  Echo echo_;
  int64_t drained_ = 0;
  std::vector<std::thread> callers_;
};

int64_t RunAndClose(const std::string& url, Random& random) {
  Busy busy(url);
  std::this_thread::sleep_for(std::chrono::microseconds(Uniform(random, 0, 6'000)));
  return busy.Close(random);
}

void ExpectSoon(std::vector<int64_t>& times) {
  std::sort(times.begin(), times.end());
  const auto at = [&](size_t percent) { return times[(times.size() - 1) * percent / 100]; };
  std::printf("close: median %ld us, 99%% %ld us, longest %ld us\n", at(50), at(99), times.back());
  EXPECT_LE(at(50), 20'000 * kSlowness);
  EXPECT_LE(at(99), 100'000 * kSlowness);
  EXPECT_LE(times.back(), 100'000 + kSchedulingNoiseUs);
}

void ExpectNothingLeftBehind(const Census& before, const Census& after) {
  EXPECT_EQ(after.threads, before.threads);
  EXPECT_EQ(after.descriptors, before.descriptors);
  if (!kSanitized) {
    EXPECT_LT(after.allocated - before.allocated, 64 * 1024);
    EXPECT_LT(after.resident - before.resident, 8 * 1024 * 1024);
  }
}

TEST(Close, IsSoonAndLeavesNothingBehindUnderLoad) {
  Random random(Seed());
  const Server server = StartServer();
  for (int i = 0; i < 50; ++i) RunAndClose(redis_server_url(server.get()), random);
  const Census before;
  std::vector<int64_t> times;
  for (int64_t i = 0; i < kCycles; ++i) times.push_back(RunAndClose(redis_server_url(server.get()), random));
  const Census after = CensusWhenThreadsAre(before.threads);
  ExpectSoon(times);
  ExpectNothingLeftBehind(before, after);
}

TEST(Close, IsSoonWhileRedisStandsStill) {
  Random random(Seed());
  const Server server = StartServer();
  RunAndClose(redis_server_url(server.get()), random);
  const Census before;
  redis_server_pause(server.get());
  std::vector<int64_t> times;
  for (int64_t i = 0; i < Scaled(100); ++i) times.push_back(RunAndClose(redis_server_url(server.get()), random));
  redis_server_resume(server.get());
  const Census after = CensusWhenThreadsAre(before.threads);
  ExpectSoon(times);
  ExpectNothingLeftBehind(before, after);
}

TEST(Close, IsSoonWhileNobodyListens) {
  Random random(Seed());
  std::vector<int64_t> times;
  RunAndClose("unix:///nonexistent/redis.sock", random);
  const Census before;
  for (int64_t i = 0; i < Scaled(100); ++i) times.push_back(RunAndClose("unix:///nonexistent/redis.sock", random));
  const Census after = CensusWhenThreadsAre(before.threads);
  ExpectSoon(times);
  ExpectNothingLeftBehind(before, after);
}

TEST(Close, LimitersAnswerClosedAfterwards) {
  const Server server = StartServer();
  Client client = OpenClient(redis_server_url(server.get()));
  const Limiter limiter = OpenLimiter(client, Ledger());
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  client.reset();
  EXPECT_EQ(Allow(limiter, "someone").status, DRL_ERR_CLOSED);
  EXPECT_EQ(drl_limiter_reset(limiter.get(), "someone", 7, nullptr), DRL_ERR_CLOSED);
}

}  // namespace
}  // namespace drl::test
