// A connection lost, and made anew: quietly where nobody need notice, without haste where it does not last, and waited for where a
// caller's time allows.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "handles.h"
#include "hung_listener.h"
#include "scale.h"
#include "unix_listener.h"

namespace drl::test {
namespace {

void Pause(int64_t milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

void KillConnections(const Server& server) {
  redisReply* reply = redis_server_command(server.get(), "CLIENT KILL TYPE normal SKIPME yes");
  if (reply != nullptr) freeReplyObject(reply);
}

class ReconnectTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0); }

  Server server = StartServer();
  Client client = OpenClient(redis_server_url(server.get()));
  Limiter limiter = OpenLimiter(client, Ledger());
};

TEST_F(ReconnectTest, IdleConnectionThatRedisClosesIsReplacedAndNobodyNotices) {
  freeReplyObject(redis_server_command(server.get(), "CONFIG SET timeout 1"));
  for (int64_t i = 1; i <= 3; ++i) {
    for (int n = 0; n < 10; ++n) {
      Pause(250);
      ASSERT_GE(redis_server_key_count(server.get()), 0);  // this test's own connection stays in use
    }
    const Answer answer = Allow(limiter, "someone");
    ASSERT_EQ(answer.decision.cause, DRL_OK) << answer.message;
    EXPECT_EQ(answer.decision.remaining, kLedgerBurst - i);
  }
  EXPECT_GE(Stats(client).connects, 3);
  EXPECT_EQ(Stats(client).breaker_opened, 0);
}

// Redis has closed the socket before it answers CLIENT KILL: whatever is asked afterwards never leaves on it.
TEST_F(ReconnectTest, CommandThatNeverLeftIsSentOnTheNextConnection) {
  for (int64_t i = 1; i <= 50; ++i) {
    KillConnections(server);
    const Answer answer = Allow(limiter, "someone");
    ASSERT_EQ(answer.decision.cause, DRL_OK) << answer.message << ", round " << i;
    ASSERT_EQ(answer.decision.remaining, kLedgerBurst - i);
  }
  EXPECT_EQ(Stats(client).breaker_opened, 0);
}

TEST_F(ReconnectTest, ConnectionsThatDoNotLastKeepNobodyBusy) {
  const SteadyClock::time_point start = SteadyClock::now();
  while (MicrosSince(start) < 3'000'000) {
    KillConnections(server);
    Pause(3);  // time to log in and be proven
  }
  // Without waits it is several hundred; with 50 ms on average, 60, and some more at the start.
  EXPECT_LE(Stats(client).connects, 150);
  EXPECT_GE(Stats(client).connects, 5);
  EXPECT_GE(MicrosUntilDecided(limiter, "someone"), 0);
}

TEST_F(ReconnectTest, FirstRequestAfterAnIdleOutageIsDecided) {
  for (int64_t i = 1; i <= 6; ++i) {
    redis_server_kill(server.get());
    Pause(700 + 300 * i);  // nobody asks, and the waits between attempts grow
    ASSERT_NE(Stats(client).breaker, DRL_BREAKER_CLOSED);
    ASSERT_EQ(redis_server_restart(server.get()), 0);
    const Answer answer = Allow(limiter, "someone");
    EXPECT_EQ(answer.decision.cause, DRL_OK) << answer.message << ", round " << i;
  }
}

TEST_F(ReconnectTest, RequestsThatComeTogetherAfterAnIdleOutageAreDecided) {
  redis_server_kill(server.get());
  Pause(1'500);
  ASSERT_EQ(redis_server_restart(server.get()), 0);
  std::atomic<int> undecided{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      if (Allow(limiter, "someone").decision.cause != DRL_OK) ++undecided;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(undecided, 0);
}

// This user may not run the probe, and nobody has asked anything yet: the connection has answered nothing, but has failed nobody.
TEST(Reconnect, IdleConnectionThatNeverAnsweredAnythingIsReplacedQuietlyToo) {
  const Server server = StartServer({.acl = "user default off\n"
                                            "user admin on >admin ~* &* +@all\n"
                                            "user shop on >secret ~drl:shop:* -@all +evalsha +time +script|load\n",
                                     .acl_password = "admin"});
  redis_server_expect_refusals(server.get());
  drl_client_options options = ClientOptions(redis_server_url(server.get()));
  options.username = "shop";
  options.password = "secret";
  const Client client = OpenClient(options);
  ASSERT_EQ(drl_client_wait_ready(client.get(), kPatientUs, nullptr), DRL_OK);
  for (int64_t connects = 1; connects <= 3; ++connects) {
    const SteadyClock::time_point start = SteadyClock::now();
    while (Stats(client).connects < connects && MicrosSince(start) < kPatientUs) Pause(1);
    ASSERT_EQ(Stats(client).connects, connects);
    Pause(200);  // for the refused probe
    KillConnections(server);
  }
  EXPECT_EQ(Stats(client).breaker_opened, 0);
}

// Listens on a Unix socket and either says nothing on its connections or closes them at once.
class Impostor {
 public:
  explicit Impostor(bool closes) : closes_(closes), thread_([this] { Run(); }) {}
  ~Impostor() {
    shutdown(listener_.fd(), SHUT_RDWR);
    thread_.join();
    for (const int fd : held_) close(fd);
  }
  [[nodiscard]] std::string url() const { return listener_.url(); }
  [[nodiscard]] int accepted() const { return accepted_; }

 private:
  void Run() {
    for (int fd = accept(listener_.fd(), nullptr, nullptr); fd >= 0; fd = accept(listener_.fd(), nullptr, nullptr)) {
      ++accepted_;
      if (closes_) {
        close(fd);
      } else {
        held_.push_back(fd);
      }
    }
  }

  const bool closes_;
  UnixListener listener_;
  std::atomic<int> accepted_{0};
  std::vector<int> held_;
  std::thread thread_;
};

TEST(Reconnect, ServerThatClosesWhatItAcceptsKeepsNobodyBusy) {
  const Impostor impostor(true);
  const Client client = OpenClient(impostor.url(), 50'000);
  const Limiter limiter = OpenLimiter(client, Ledger());
  const SteadyClock::time_point start = SteadyClock::now();
  while (MicrosSince(start) < 3'000'000) Allow(limiter, "someone");
  EXPECT_LE(impostor.accepted(), 40);
}

// A lone caller would wait out its time in every attempt if nobody had learned from the first.
TEST(Reconnect, FewWaitForAServerThatNeverAnswers) {
  const Impostor impostor(false);
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  const std::string url = impostor.url();
  options.redis_url = url.c_str();
  options.timeout_us = 20'000;
  options.connect_timeout_us = 200'000;
  const Client client = OpenClient(options);
  const Limiter limiter = OpenLimiter(client, Ledger());
  int waited = 0;
  const SteadyClock::time_point start = SteadyClock::now();
  while (MicrosSince(start) < 3'000'000) {
    const Answer answer = Allow(limiter, "someone");
    ASSERT_EQ(answer.decision.charged, DRL_CHARGED_NO);
    if (answer.decision.cause == DRL_ERR_TIMEOUT) ++waited;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  // Five open the breaker; then one or two an outage, not twenty a second.
  EXPECT_LE(waited, 10);
  EXPECT_GE(impostor.accepted(), 3);
}

}  // namespace
}  // namespace drl::test
