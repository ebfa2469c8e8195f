// The callback form: called once, with the answer, and what may be done inside.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "handles.h"
#include "scale.h"

namespace drl::test {
namespace {

// Where callbacks report to.
struct Inbox {
  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<drl_status> statuses;
  std::vector<drl_decision> decisions;

  static void Put(drl_status status, const drl_decision* decision, const char*, void* user) {
    auto& inbox = *static_cast<Inbox*>(user);
    const std::lock_guard lock(inbox.mutex);
    inbox.statuses.push_back(status);
    inbox.decisions.push_back(*decision);
    inbox.arrived.notify_all();
  }

  bool WaitFor(size_t count) {
    std::unique_lock lock(mutex);
    return arrived.wait_for(lock, std::chrono::microseconds(kPatientUs), [&] { return statuses.size() >= count; });
  }
};

class CallbackTest : public testing::Test {
 protected:
  drl_status Call(std::string_view identity, int64_t cost, drl_decision_callback callback, void* user) {
    return drl_limiter_allow_callback(limiter.get(), identity.data(), identity.size(), cost, nullptr, callback, user);
  }

  Server server = StartServer();
  Client client = OpenClient(redis_server_url(server.get()));
  Limiter limiter = OpenLimiter(client, Ledger());
  Inbox inbox;
};

TEST_F(CallbackTest, EachCallIsCalledBackOnceWithItsDecision) {
  for (int64_t cost = 1; cost <= 100; ++cost) {
    ASSERT_EQ(Call("identity-" + std::to_string(cost), cost, Inbox::Put, &inbox), DRL_OK);
  }
  ASSERT_TRUE(inbox.WaitFor(100));
  client.reset();  // no callback comes after this
  ASSERT_EQ(inbox.decisions.size(), 100u);
  for (const drl_decision& decision : inbox.decisions) EXPECT_EQ(decision.remaining, kLedgerBurst - decision.cost);
}

TEST_F(CallbackTest, MissingCallbackIsRefused) { EXPECT_EQ(Call("someone", 1, nullptr, nullptr), DRL_ERR_NULL); }

TEST_F(CallbackTest, ClosingTheClientCallsBackWithClosed) {
  redis_server_pause(server.get());
  for (int i = 0; i < 200; ++i) ASSERT_EQ(Call("someone", 1, Inbox::Put, &inbox), DRL_OK);
  client.reset();
  redis_server_resume(server.get());
  ASSERT_EQ(inbox.statuses.size(), 200u);
  for (const drl_status status : inbox.statuses) EXPECT_EQ(status, DRL_ERR_CLOSED);
  EXPECT_EQ(Call("someone", 1, Inbox::Put, &inbox), DRL_ERR_CLOSED);
  EXPECT_EQ(inbox.statuses.size(), 200u);
}

TEST_F(CallbackTest, SlowCallbackDelaysNoCallerBeforeIt) {
  ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0);
  redis_server_pause(server.get());
  const int64_t batches = Stats(client).batches;
  std::atomic<int64_t> ended_us{0};
  SteadyClock::time_point resumed;
  std::thread caller([&] {
    Allow(limiter, "before");
    ended_us = MicrosSince(resumed);
  });
  while (Stats(client).batches == batches) std::this_thread::yield();
  const auto slow = [](drl_status, const drl_decision*, const char*, void*) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
  };
  ASSERT_EQ(Call("behind", 1, slow, nullptr), DRL_OK);
  while (Stats(client).batches < batches + 2) std::this_thread::yield();
  resumed = SteadyClock::now();
  redis_server_resume(server.get());
  caller.join();
  EXPECT_LE(ended_us, 700'000);
}

// Tries every blocking call from inside a callback.
struct Reentry {
  CallbackTest* test = nullptr;
  drl_client* client = nullptr;
  drl_limiter* limiter = nullptr;
  drl_queue* queue = nullptr;
  drl_status allow = DRL_OK, reset = DRL_OK, many = DRL_OK, wait = DRL_OK, drain = DRL_OK;
  std::atomic<bool> done{false};

  static void Run(drl_status, const drl_decision*, const char*, void* user) {
    auto& self = *static_cast<Reentry*>(user);
    drl_decision decision;
    drl_completion completion;
    int32_t count = 0;
    const drl_request request = AllowRequest(self.limiter, "a", 1);
    self.allow = drl_limiter_allow(self.limiter, "a", 1, 1, &decision, nullptr);
    self.reset = drl_limiter_reset(self.limiter, "a", 1, nullptr);
    self.many = drl_client_decide(self.client, &request, sizeof request, 1, &decision, nullptr);
    self.wait = drl_queue_wait(self.queue, 1000, &completion, 1, &count, nullptr);
    self.drain = drl_queue_drain(self.queue, &completion, 1, &count, nullptr);
    self.done.store(true);
  }
};

TEST_F(CallbackTest, BlockingCallsFromACallbackAreRefused) {
  const Queue queue = OpenQueue(client);
  Reentry reentry;
  reentry.client = client.get();
  reentry.limiter = limiter.get();
  reentry.queue = queue.get();
  ASSERT_EQ(Call("someone", 1, Reentry::Run, &reentry), DRL_OK);
  while (!reentry.done.load()) std::this_thread::yield();
  EXPECT_EQ(reentry.allow, DRL_ERR_REENTRANT);
  EXPECT_EQ(reentry.reset, DRL_ERR_REENTRANT);
  EXPECT_EQ(reentry.many, DRL_ERR_REENTRANT);
  EXPECT_EQ(reentry.wait, DRL_ERR_REENTRANT);
  EXPECT_EQ(reentry.drain, DRL_OK) << "it does not block";
  EXPECT_EQ(ChargedInRedis(limiter, "a"), 0);
}

// Submits itself again from its own callback, as an application that keeps a number of calls under way does.
struct Chain {
  drl_limiter* limiter = nullptr;
  std::atomic<int64_t> left{0};
  std::atomic<int64_t> decided{0};
  std::atomic<int64_t> undecided{0};
  std::atomic<bool> ended{false};

  void Submit() {
    if (left.fetch_sub(1) <= 0 || drl_limiter_allow_callback(limiter, "chain", 5, 1, nullptr, Next, this) != DRL_OK) {
      ended.store(true);
    }
  }
  static void Next(drl_status, const drl_decision* decision, const char*, void* user) {
    auto& self = *static_cast<Chain*>(user);
    ++(decision->outcome == DRL_OUTCOME_UNDECIDED ? self.undecided : self.decided);
    self.Submit();
  }
  bool WaitUntilEnded() const {
    const SteadyClock::time_point start = SteadyClock::now();
    while (!ended.load() && MicrosSince(start) < 3 * kPatientUs) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return ended.load();
  }
};

TEST_F(CallbackTest, CallbackMaySubmitTheNextCall) {
  Chain chain;
  chain.limiter = limiter.get();
  chain.left.store(1000);
  chain.Submit();
  ASSERT_TRUE(chain.WaitUntilEnded());
  EXPECT_EQ(chain.decided.load(), 1000);
  EXPECT_EQ(ChargedInRedis(limiter, "chain"), 1000);
}

TEST_F(CallbackTest, ChainOfCallsAnsweredAtOnceNeedsNoDeepStack) {
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  redis_server_kill(server.get());
  while (Stats(client).breaker == DRL_BREAKER_CLOSED) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  Chain chain;
  chain.limiter = limiter.get();
  chain.left.store(Scaled(200'000));
  chain.Submit();
  ASSERT_TRUE(chain.WaitUntilEnded());
  EXPECT_EQ(chain.undecided.load(), Scaled(200'000));
}

TEST_F(CallbackTest, EndlessChainSurvivesAnOutageAndIsDecidedAgain) {
  Chain chain;
  chain.limiter = limiter.get();
  chain.left.store(INT64_MAX);
  chain.Submit();
  while (chain.decided.load() == 0) std::this_thread::yield();
  redis_server_kill(server.get());
  while (chain.undecided.load() < 1000) std::this_thread::yield();
  ASSERT_EQ(redis_server_restart(server.get()), 0);
  const int64_t before = chain.decided.load();
  const SteadyClock::time_point start = SteadyClock::now();
  while (chain.decided.load() < before + 100 && MicrosSince(start) < kPatientUs) std::this_thread::yield();
  EXPECT_GE(chain.decided.load(), before + 100);
  client.reset();
  EXPECT_TRUE(chain.WaitUntilEnded());
}

}  // namespace
}  // namespace drl::test
