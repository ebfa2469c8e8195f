// Credentials that expire, or change, while connections live by them: a client asks in time, and no request notices.
#include <atomic>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "credentials_fixture.h"
#include "scale.h"

namespace drl::test {
namespace {

using RenewalTest = CredentialsTest;

TEST_F(RenewalTest, ExpiringOnesAreRenewedOnTheSameConnectionOfAnIdleClient) {
  giver.Expire(400'000);
  Open();
  ASSERT_TRUE(Decides());
  ASSERT_TRUE(Within(kPatientUs, [&] { return Auths() >= 5; }));
  EXPECT_EQ(Stats(client).connects, 1);
  EXPECT_GE(giver.calls(), 5);
  EXPECT_EQ(Log(client).find("expire"), std::string::npos);
  EXPECT_TRUE(Decides());
}

TEST_F(RenewalTest, ExpiringOnesAreNotAskedForWithoutEnd) {
  giver.Expire(1);
  Open();
  ASSERT_TRUE(Decides());
  const int before = giver.calls();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_LE(giver.calls() - before, 6);
}

TEST_F(RenewalTest, RenewalThatFailsLeavesTheConnectionAloneAndIsTriedAgain) {
  redis_server_expect_refusals(server.get());
  giver.Expire(200'000);
  Open();
  ASSERT_TRUE(Decides());
  giver.Give("drl", "s3cret-s3cret");
  std::string log;
  ASSERT_TRUE(Within(kPatientUs, [&] { return (log += Log(client)).find("WRONGPASS") != std::string::npos; }));
  EXPECT_EQ(Allow(limiter, "someone").status, DRL_OK);
  giver.Fail("the vault is sealed");
  ASSERT_TRUE(Within(kPatientUs, [&] { return (log += Log(client)).find("the vault is sealed") != std::string::npos; }));
  EXPECT_EQ(Allow(limiter, "someone").status, DRL_OK);
  EXPECT_NE(log.find("logging in again before the credentials expire: "), std::string::npos) << log;
  EXPECT_EQ(log.find("s3cret"), std::string::npos) << log;
  const int64_t before = Auths();
  giver.Give("drl", "first");
  ASSERT_TRUE(Within(kPatientUs, [&] { return Auths() > before; }));
  EXPECT_EQ(Stats(client).connects, 1);
}

TEST_F(RenewalTest, RenewalThatHangsHoldsNobodyBack) {
  giver.Expire(200'000);
  drl_client_options options = Options();
  options.connect_timeout_us = 300'000;
  Open(options);
  ASSERT_TRUE(Decides());
  giver.Hang();
  std::string log;
  ASSERT_TRUE(Within(kPatientUs, [&] {
    EXPECT_EQ(Allow(limiter, "someone").status, DRL_OK);
    return (log += Log(client)).find("has not answered") != std::string::npos;
  }));
  const int64_t before = Auths();
  giver.GoOn();
  giver.Give("drl", "first");
  ASSERT_TRUE(Within(kPatientUs, [&] { return Auths() > before; })) << "the late answer is taken";
  EXPECT_EQ(Stats(client).connects, 1);
}

// Asks until it is told to stop; the answers that Redis did not give.
class Callers {
 public:
  Callers(const Limiter& limiter, int count) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, &limiter, i] {
        while (!stop_) {
          gate_.wait(true);
          const std::shared_lock lock(may_ask_);
          const Answer answer = Allow(limiter, "caller " + std::to_string(i % 3));
          ++asked_;
          if (answer.status != DRL_OK || answer.decision.cause != DRL_OK) Note(answer);
        }
      });
    }
  }
  // While nothing of theirs is under way.
  void Between(const std::function<void()>& act) {
    gate_ = true;  // those who read would lock out who writes
    {
      const std::unique_lock lock(may_ask_);
      act();
    }
    gate_ = false;
    gate_.notify_all();
  }
  // How often they asked.
  int64_t Stop() {
    stop_ = true;
    threads_.clear();
    return asked_;
  }
  std::string undecided() {
    const std::lock_guard lock(mutex_);
    return undecided_;
  }

 private:
  void Note(const Answer& answer) {
    const std::lock_guard lock(mutex_);
    undecided_ += std::string(drl_status_name(answer.decision.cause)) + ": " + answer.message + "\n";
  }

  std::shared_mutex may_ask_;
  std::atomic<bool> gate_{false};
  std::atomic<bool> stop_{false};
  std::atomic<int64_t> asked_{0};
  std::mutex mutex_;
  std::string undecided_;
  std::vector<std::jthread> threads_;
};

TEST_F(RenewalTest, PasswordRotatedUnderLoadLeavesNoCallUndecided) {
  redis_server_expect_refusals(server.get());  // a password may change while it is on its way
  giver.Expire(150'000);
  Open();
  ASSERT_TRUE(Decides());
  Callers callers(limiter, 8);
  std::string last = "first";
  const int64_t rotations = Scaled(30);
  for (int64_t i = 0; i < rotations; ++i) {
    const std::string next = "password-" + std::to_string(i);
    giver.Between([&] {
      freeReplyObject(redis_server_command(server.get(), "ACL SETUSER drl >%s <%s", next.c_str(), last.c_str()));
      giver.SetPassword(next);
    });
    last = next;
    // A connection that is cut while calls are under way takes their answers with it, whoever logs in how.
    if (i % 2 == 0) callers.Between([&] { freeReplyObject(redis_server_command(server.get(), "CLIENT KILL USER drl")); });
    std::this_thread::sleep_for(std::chrono::milliseconds(i % 3 * 30));
  }
  EXPECT_GT(callers.Stop(), rotations);
  EXPECT_EQ(callers.undecided(), "");
  EXPECT_GT(Stats(client).connects, rotations / 2);
}

TEST_F(RenewalTest, ExpiringUnderLoadDisturbsNobody) {
  giver.Expire(200'000);
  for (const int count : {1, 8}) {
    Open();
    ASSERT_TRUE(Decides());
    const int64_t before = Auths();
    Callers callers(limiter, count);
    ASSERT_TRUE(Within(kPatientUs, [&] { return Auths() >= before + 10; })) << count << " callers keep it from asking";
    EXPECT_GT(callers.Stop(), 10);
    EXPECT_EQ(callers.undecided(), "");
    EXPECT_EQ(Stats(client).connects, 1);
    EXPECT_EQ(Stats(client).breaker_opened, 0);
    Close();
  }
}

}  // namespace
}  // namespace drl::test
