// Sentinels that the test plays name first one server, then another: the client goes there at once, whatever it is doing.
#include <sys/resource.h>

#include "fake_sentinel.h"
#include "handles.h"
#include "redis_user.h"
#include "scale.h"
#include "tally.h"

namespace drl::test {
namespace {

constexpr int64_t kAtOnceUs = 100'000 * kSlowness;

class SentinelSwitch : public testing::Test {
 protected:
  static Server StartMaster() {
    return StartServer({.tcp = 1, .permissions = REDIS_USER_SENTINEL " +ping"});
  }
  static int PortOf(const Server& server) { return redis_server_port(server.get()); }
  template <typename... Others>
  static std::string UrlOf(const FakeSentinel& first, const Others&... others) {
    const std::string more = (std::string() + ... + (",127.0.0.1:" + std::to_string(others.port())));
    return "redis+sentinel://127.0.0.1:" + std::to_string(first.port()) + more + "/limits";
  }
  static void WaitUntilAsked(const FakeSentinel& sentinel, int times) {
    const SteadyClock::time_point start = SteadyClock::now();
    while (sentinel.asked() < times && MicrosSince(start) < kPatientUs) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_GE(sentinel.asked(), times);
  }
  static int64_t MicrosUntilConnects(const Client& client, int64_t times) {
    const SteadyClock::time_point start = SteadyClock::now();
    while (Stats(client).connects < times && MicrosSince(start) < kPatientUs) std::this_thread::sleep_for(std::chrono::microseconds(200));
    return MicrosSince(start);
  }
  // Calls that ran on each.
  static int64_t CallsOf(const Server& server) { return redis_server_calls(server.get(), "evalsha"); }

  const Server before = StartMaster();
  const Server after = StartMaster();
  FakeSentinel sentinel{PortOf(before)};
};

TEST_F(SentinelSwitch, MovesAClientThatNobodyAsks) {
  const Client client = OpenClient(UrlOf(sentinel));
  ASSERT_EQ(drl_client_wait_ready(client.get(), kPatientUs, nullptr), DRL_OK);
  sentinel.TellSwitch(PortOf(before), PortOf(after));
  EXPECT_LT(MicrosUntilConnects(client, 2), kAtOnceUs);
  EXPECT_EQ(sentinel.asked(), 1) << "the sentinel said where to";
  const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  EXPECT_EQ(Allow(limiter, "someone").status, DRL_OK);
  EXPECT_EQ(redis_server_key_count(after.get()), 1);
  EXPECT_EQ(redis_server_key_count(before.get()), 0);
  EXPECT_EQ(Stats(client).connect_failures, 0);
}

TEST_F(SentinelSwitch, IsNotAboutOtherMastersNorAboutTheOneInUse) {
  const Client client = OpenClient(UrlOf(sentinel));
  ASSERT_EQ(drl_client_wait_ready(client.get(), kPatientUs, nullptr), DRL_OK);
  const std::string there = " 127.0.0.1 " + std::to_string(PortOf(after));
  sentinel.Publish("others 127.0.0.1 1" + there);
  sentinel.Publish("limits");
  sentinel.Publish("limits 127.0.0.1 1 127.0.0.1 port");
  sentinel.Publish("limits 127.0.0.1 1 127.0.0.1 0");
  sentinel.Publish("limits 127.0.0.1 1 127.0.0.1 " + std::to_string(PortOf(before)));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(Stats(client).connects, 1);
}

// While a lone caller runs the loop itself, and waits for a server that stands still.
TEST_F(SentinelSwitch, EndsTheWaitOfALoneCaller) {
  const Client client = OpenClient(UrlOf(sentinel));
  const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // until the caller is alone
  redis_server_pause(before.get());
  std::thread teller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    sentinel.TellSwitch(PortOf(before), PortOf(after));
  });
  const SteadyClock::time_point start = SteadyClock::now();
  const Answer answer = Allow(limiter, "someone");
  EXPECT_EQ(answer.status, DRL_ERR_CONNECTION_LOST) << answer.message;
  EXPECT_EQ(answer.decision.charged, DRL_CHARGED_UNKNOWN);
  EXPECT_LT(MicrosSince(start), kPatientUs / 4);
  EXPECT_EQ(Allow(limiter, "someone").status, DRL_OK);
  EXPECT_GT(CallsOf(after), 0);
  teller.join();
  redis_server_resume(before.get());
}

TEST_F(SentinelSwitch, ReachesALoopThatIsNeverIdle) {
  const Client client = OpenClient(UrlOf(sentinel));
  const Limiter limiter = OpenLimiter(client, Ledger());
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  Callers callers(limiter, 16);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  sentinel.TellSwitch(PortOf(before), PortOf(after));
  EXPECT_LT(MicrosUntilConnects(client, 2), kAtOnceUs + 400'000 * kSlowness);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  callers.Stop();
  EXPECT_GT(redis_server_key_count(after.get()), 0);
}

// A connection is made to an address where nobody listens, again and again, and the client waits longer and longer.
TEST_F(SentinelSwitch, EndsTheWaitForTheNextAttempt) {
  sentinel.Name(redis_server_free_port());
  const Client client = OpenClient(UrlOf(sentinel));
  std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
  ASSERT_EQ(Stats(client).connects, 0);
  sentinel.TellSwitch(1, PortOf(after));
  EXPECT_LT(MicrosUntilConnects(client, 1), kAtOnceUs);
}

TEST_F(SentinelSwitch, EndsAnAttemptThatHangs) {
  const HungListener hung;
  sentinel.Name(hung.port());
  drl_client_options options = ClientOptions("");
  const std::string url = UrlOf(sentinel);
  options.redis_url = url.c_str();
  options.connect_timeout_us = 60'000'000;
  const Client client = OpenClient(options);
  WaitUntilAsked(sentinel, 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  sentinel.TellSwitch(hung.port(), PortOf(after));
  EXPECT_LT(MicrosUntilConnects(client, 1), kAtOnceUs);
}

// No sentinel tells of it.
TEST_F(SentinelSwitch, UntoldIsFoundByTheFirstWriteThatIsRefused) {
  const Client client = OpenClient(UrlOf(sentinel));
  const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  ASSERT_EQ(Allow(limiter, "someone").status, DRL_OK);
  sentinel.Name(PortOf(after));
  freeReplyObject(redis_server_command(before.get(), "REPLICAOF 127.0.0.1 1"));
  const Answer refused = Allow(limiter, "someone");
  EXPECT_EQ(refused.status, DRL_ERR_READONLY) << refused.message;
  EXPECT_EQ(refused.decision.charged, DRL_CHARGED_NO);
  EXPECT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  EXPECT_EQ(Allow(limiter, "someone").status, DRL_OK);
  EXPECT_EQ(sentinel.asked(), 2);
}

TEST_F(SentinelSwitch, UntoldIsFoundWhenTheSentinelIsReachedAgain) {
  auto lost = std::make_unique<FakeSentinel>(PortOf(before));
  const Client client = OpenClient(UrlOf(*lost));
  ASSERT_EQ(drl_client_wait_ready(client.get(), kPatientUs, nullptr), DRL_OK);
  const int port = lost->port();
  lost.reset();
  const FakeSentinel again(PortOf(after), port);
  MicrosUntilConnects(client, 2);
  EXPECT_EQ(Stats(client).connects, 2);
  EXPECT_EQ(Stats(client).connect_failures, 0) << "a sentinel that is away is no failure of the server";
}

// One that tells of a server that is not there, as fast as it can: the others' word is gone back to, and most calls are decided.
TEST_F(SentinelSwitch, ToldByALiarAgainAndAgainDisturbsLittle) {
  FakeSentinel liar(PortOf(before));
  const FakeSentinel third(PortOf(before));
  const int nobody = redis_server_free_port();
  const Client client = OpenClient(UrlOf(sentinel, liar, third));
  const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  int decided = 0;
  for (int i = 0; i < 2'000; ++i) {
    liar.TellSwitch(PortOf(before), nobody);
    decided += Allow(limiter, "someone").status == DRL_OK;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_GT(decided, 1'980);
  EXPECT_LT(Stats(client).connects, 20 * kSlowness);
}

// Faster than it can be listened to: there is always more to read.
TEST_F(SentinelSwitch, ToldWithoutEndLeavesTimeForRequests) {
  FakeSentinel other(PortOf(before));
  const Client client = OpenClient(UrlOf(sentinel, other), kPatientUs);
  const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  std::atomic<bool> over{false};
  const std::string message = "limits 127.0.0.1 1 127.0.0.1 " + std::to_string(PortOf(before));
  std::vector<std::thread> flood;
  for (FakeSentinel* liar : {&sentinel, &other}) {
    flood.emplace_back([&, liar] {
      while (!over) liar->Publish(message, 10'000);
    });
  }
  int decided = 0;
  while (decided < 200 && Allow(limiter, "someone").status == DRL_OK) {
    ++decided;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  over = true;
  for (std::thread& thread : flood) thread.join();
  EXPECT_EQ(decided, 200);
}

// The new master is slower than the sentinel that tells of it, and the old one still takes what is asked of it.
TEST_F(SentinelSwitch, ToAServerThatIsNotThereYetIsMadeLater) {
  FakeSentinel second(PortOf(before));
  FakeSentinel third(PortOf(before));
  const Client client = OpenClient(UrlOf(sentinel, second, third));
  ASSERT_EQ(drl_client_wait_ready(client.get(), kPatientUs, nullptr), DRL_OK);
  redis_server_kill(after.get());
  sentinel.TellSwitch(PortOf(before), PortOf(after));
  MicrosUntilConnects(client, 2);
  EXPECT_EQ(Stats(client).connect_failures, 0);
  second.Name(PortOf(after));
  ASSERT_EQ(redis_server_restart(after.get()), 0);
  MicrosUntilConnects(client, 3);
  const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  EXPECT_EQ(Allow(limiter, "someone").status, DRL_OK);
  EXPECT_EQ(redis_server_key_count(after.get()), 1);
}

TEST_F(SentinelSwitch, IsAwaitedWithoutWork) {
  const Client client = OpenClient(UrlOf(sentinel));
  ASSERT_EQ(drl_client_wait_ready(client.get(), kPatientUs, nullptr), DRL_OK);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  rusage from{};
  rusage to{};
  getrusage(RUSAGE_SELF, &from);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  getrusage(RUSAGE_SELF, &to);
  const auto used = (to.ru_utime.tv_sec + to.ru_stime.tv_sec - from.ru_utime.tv_sec - from.ru_stime.tv_sec) * 1'000'000 +
                    to.ru_utime.tv_usec + to.ru_stime.tv_usec - from.ru_utime.tv_usec - from.ru_stime.tv_usec;
  EXPECT_LT(used, 100'000);
  EXPECT_EQ(sentinel.asked(), 1);
}

}  // namespace
}  // namespace drl::test
