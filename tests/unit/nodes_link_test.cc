// The life of a connection, on a socket of this machine behind which the test plays Redis. The clock of Link is turned by hand.
#include "nodes/link.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "hung_listener.h"
#include "redis/socket_connector.h"

namespace drl::nodes {
namespace {

constexpr base::Micros kConnectTimeout = 500'000;
const base::Status kCut(DRL_ERR_CONNECTION_LOST, "cut");

redis::Endpoint EndpointOf(const test::Listener& listener) {
  redis::Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = listener.port();
  endpoint.client_name = "drl";
  return endpoint;
}

class LinkTest : public testing::Test {
 protected:
  static constexpr std::string_view kWelcome = "+OK\r\n*2\r\n$10\r\n1800000000\r\n$1\r\n5\r\n$4\r\nabcd\r\n";

  bool LogsIn(base::Micros now) { return LogsIn(link, now); }
  // Turns until the link is ready, at one instant; the kernel may need a moment. False when these replies do not make it so.
  bool LogsIn(Link& turned, base::Micros now, std::string_view replies = kWelcome) {
    base::UniqueFd peer;
    for (int i = 0; i < 200; ++i) {
      if (turned.Advance(now) == Link::Event::kReady) return true;
      if (!peer.valid() && turned.phase() == Link::Phase::kLoggingIn) {
        peer.Reset(accept(listener.fd(), nullptr, nullptr));
        if (send(peer.get(), replies.data(), replies.size(), MSG_NOSIGNAL) < 0) return false;
      }
      if (peer.valid() && turned.phase() != Link::Phase::kLoggingIn) return false;
      pollfd item{turned.poll_fd(), POLLIN, 0};
      poll(&item, 1, 5);
    }
    return false;
  }

  test::Listener listener;
  redis::Endpoint endpoint = EndpointOf(listener);
  base::EventFd wake;
  Link link{endpoint, std::make_unique<redis::SocketConnector>(endpoint, kConnectTimeout, 1'000'000, wake), kConnectTimeout, 1};
};

TEST_F(LinkTest, LossOfASoundConnectionIsNoFailure) {
  link.Begin(0);
  ASSERT_TRUE(LogsIn(0));
  link.Proven();
  EXPECT_TRUE(link.Lose(kCut, false, 10));
  EXPECT_EQ(link.phase(), Link::Phase::kWaiting);  // it lived so short
  EXPECT_FALSE(link.failed());
  EXPECT_LE(link.deadline(), 10 + Link::kRelapseFirst);
}

TEST_F(LinkTest, LossOfAConnectionThatAnsweredNothingIsAFailureUntilTheNextIsReady) {
  link.Begin(0);
  ASSERT_TRUE(LogsIn(0));
  EXPECT_FALSE(link.Lose(kCut, false, 10));
  EXPECT_TRUE(link.failed());
  EXPECT_EQ(link.error().code(), DRL_ERR_CONNECTION_LOST);
  ASSERT_TRUE(LogsIn(link.deadline()));
  EXPECT_FALSE(link.failed());
  EXPECT_TRUE(link.error().ok());
}

// What was wrong before is no reason to end requests that wait for a breath.
TEST_F(LinkTest, AnEarlierFailureIsForgottenOnceReady) {
  link.Begin(0);
  link.Advance(0);
  EXPECT_EQ(link.Advance(kConnectTimeout), Link::Event::kFailed);
  EXPECT_TRUE(link.failed());
  const base::Micros again = link.deadline();
  base::UniqueFd(accept(listener.fd(), nullptr, nullptr));  // of the first attempt
  ASSERT_TRUE(LogsIn(again));
  link.Proven();
  EXPECT_TRUE(link.Lose(kCut, false, again + 10));
  EXPECT_FALSE(link.failed());
}

TEST_F(LinkTest, LossAfterASoundLifeIsFollowedByAnAttemptAtOnce) {
  link.Begin(0);
  ASSERT_TRUE(LogsIn(0));
  link.Proven();
  EXPECT_TRUE(link.Lose(kCut, false, Link::kSoundLife));
  EXPECT_EQ(link.phase(), Link::Phase::kConnecting);
}

// Leads to the listener, and knows where the server is if the test says so.
class InformedConnector final : public redis::Connector {
 public:
  InformedConnector(const redis::Endpoint& endpoint, const base::EventFd& wake) : way_(endpoint, kConnectTimeout, 1'000'000, wake) {}

  void Begin(base::Micros now) override {
    ++begun;
    way_.Begin(now);
  }
  base::Result<std::unique_ptr<redis::Transport>> Advance(base::Micros now) override { return way_.Advance(now); }
  void Stop() override { way_.Stop(); }
  void Shun() override { way_.Shun(); }
  bool GoOn(const base::Status& why, base::Micros now) override {
    refused = why;
    if (others-- <= 0) return false;
    way_.Begin(now);
    return true;
  }
  bool Moved(base::Micros /*now*/, bool due) override {
    ++asked;
    asked_due = due;
    return std::exchange(moved, false);
  }
  [[nodiscard]] int watch_fd() const override { return 1'000; }
  [[nodiscard]] base::Micros watch_at() const override { return watch; }
  [[nodiscard]] const char* doing() const override { return "asking for "; }
  [[nodiscard]] const std::string& name() const override { return way_.name(); }
  [[nodiscard]] int poll_fd() const override { return way_.poll_fd(); }
  [[nodiscard]] base::Micros next_at() const override { return way_.next_at(); }
  void Abandon() const override { way_.Abandon(); }

  int begun = 0;
  int asked = 0;
  int others = 0;
  bool asked_due = false;
  bool moved = false;
  base::Micros watch = INT64_MAX;
  base::Status refused;

 private:
  redis::SocketConnector way_;
};

class InformedLinkTest : public LinkTest {
 protected:
  InformedLinkTest() { link.Begin(0); }

  InformedConnector* connector = new InformedConnector(endpoint, wake);
  Link link{endpoint, std::unique_ptr<redis::Connector>(connector), kConnectTimeout, 1};
};

TEST_F(InformedLinkTest, AWaitEndsWhenTheServerIsElsewhere) {
  link.Advance(0);
  link.Advance(kConnectTimeout);
  ASSERT_EQ(link.phase(), Link::Phase::kWaiting);
  ASSERT_GT(link.deadline(), kConnectTimeout);
  link.Advance(kConnectTimeout);
  EXPECT_EQ(link.phase(), Link::Phase::kWaiting);
  connector->moved = true;
  link.Advance(kConnectTimeout);
  EXPECT_NE(link.phase(), Link::Phase::kWaiting);
  EXPECT_EQ(connector->begun, 2);
}

TEST_F(InformedLinkTest, AReadyConnectionIsMadeAnewWhenTheServerIsElsewhere) {
  ASSERT_TRUE(LogsIn(link, 0));
  EXPECT_FALSE(link.Moved(1));
  connector->moved = true;
  EXPECT_TRUE(link.Moved(1));
  EXPECT_TRUE(link.Lose(kCut, false, 1)) << "that it has answered nothing yet is no failure";
  EXPECT_EQ(link.phase(), Link::Phase::kConnecting);
  EXPECT_TRUE(link.error().ok());
}

TEST_F(InformedLinkTest, ALoginEndsWhenTheServerIsElsewhere) {
  for (int i = 0; i < 200 && link.phase() != Link::Phase::kLoggingIn; ++i) {
    link.Advance(0);
    pollfd item{link.poll_fd(), POLLIN | POLLOUT, 0};
    poll(&item, 1, 5);
  }
  ASSERT_EQ(link.phase(), Link::Phase::kLoggingIn);
  connector->moved = true;
  link.Advance(1);
  EXPECT_EQ(connector->begun, 2);
}

TEST_F(InformedLinkTest, AServerThatDoesNotLogInIsLeftForAnother) {
  connector->others = 1;
  EXPECT_FALSE(LogsIn(link, 0, "-NOAUTH no\r\n-NOAUTH no\r\n-NOAUTH no\r\n"));
  EXPECT_EQ(connector->refused.code(), DRL_ERR_AUTH);
  EXPECT_TRUE(LogsIn(link, 0));
  EXPECT_EQ(connector->begun, 1) << "in the same attempt";
}

TEST_F(InformedLinkTest, IsTurnedWhenTheConnectorHasSomethingToDo) {
  ASSERT_TRUE(LogsIn(link, 0));
  EXPECT_EQ(link.deadline(), INT64_MAX);
  connector->watch = 7;
  EXPECT_EQ(link.deadline(), 7);
  EXPECT_EQ(link.watch_fd(), 1'000);
  link.WatchDue();
  EXPECT_TRUE(link.watch_due());
  link.Moved(1);
  EXPECT_TRUE(connector->asked_due);
  EXPECT_FALSE(link.watch_due());
}

}  // namespace
}  // namespace drl::nodes
