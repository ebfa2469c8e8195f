// The life of a connection, on a socket of this machine behind which the test plays Redis. The clock of Link is turned by hand.
#include "nodes/link.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "hung_listener.h"
#include "redis/socket_connector.h"
#include "scripted_credentials.h"

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
  const std::unique_ptr<redis::Credentials> credentials = redis::FixedCredentials(endpoint);
  Link link{endpoint, std::make_unique<redis::SocketConnector>(endpoint, kConnectTimeout, 1'000'000, wake), *credentials,
            kConnectTimeout, 1};
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

// The credentials of these come when the test says.
class LinkLoginTest : public testing::Test {
 protected:
  static constexpr std::string_view kGreeting = "+OK\r\n+OK\r\n*2\r\n$10\r\n1800000000\r\n$1\r\n5\r\n$4\r\nabcd\r\n";
  static constexpr std::string_view kRefusal = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";

  // Turns at one instant until the peer has taken a connection from the link, and both know it.
  void Connect(base::Micros now) {
    pollfd taken{listener.fd(), POLLIN, 0};
    for (int i = 0; i < 200 && taken.revents == 0; ++i) {
      link.Advance(now);
      poll(&taken, 1, 5);
    }
    peer.Reset(accept(listener.fd(), nullptr, nullptr));
    link.Advance(now);
    ASSERT_EQ(link.phase(), Link::Phase::kConnecting);
  }
  // Turns at one instant until the link speaks.
  void LogIn(base::Micros now) {
    for (int i = 0; i < 200 && link.phase() != Link::Phase::kLoggingIn; ++i) {
      link.Advance(now);
      pollfd item{link.poll_fd(), POLLIN, 0};
      poll(&item, 1, 5);
    }
    EXPECT_EQ(link.phase(), Link::Phase::kLoggingIn);
  }
  // What the peer is sent, from its first byte on.
  std::string Sent() {
    char bytes[256] = "";
    pollfd item{peer.get(), POLLIN, 0};
    if (poll(&item, 1, 2'000) == 1 && recv(peer.get(), bytes, sizeof bytes - 1, 0) < 0) return "";
    return bytes;
  }
  Link::Event Answer(std::string_view bytes, base::Micros now) {
    if (send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) return Link::Event::kNone;
    pollfd item{link.poll_fd(), POLLIN, 0};
    poll(&item, 1, 2'000);
    return link.Advance(now);
  }

  test::Listener listener;
  redis::Endpoint endpoint = EndpointOf(listener);
  base::EventFd wake;
  base::UniqueFd peer;
  test::ScriptedCredentials credentials;
  Link link{endpoint, std::make_unique<redis::SocketConnector>(endpoint, kConnectTimeout, 1'000'000, wake), credentials,
            kConnectTimeout, 1};
};

TEST_F(LinkLoginTest, AsksWhileItConnectsAndLogsInWhenBothAreThere) {
  link.Begin(0);
  Connect(0);
  EXPECT_EQ(credentials.asked(), 1);
  EXPECT_EQ(link.deadline(), kConnectTimeout);
  credentials.Give("drl", "s3cret", 77);
  EXPECT_EQ(link.Advance(10), Link::Event::kNone);
  EXPECT_EQ(link.phase(), Link::Phase::kLoggingIn);
  EXPECT_TRUE(Sent().starts_with("*3\r\n$4\r\nAUTH\r\n$3\r\ndrl\r\n$6\r\ns3cret\r\n"));
  EXPECT_EQ(Answer(kGreeting, 20), Link::Event::kReady);
  EXPECT_EQ(link.login_life(), 77);
  EXPECT_EQ(link.login_given_at(), 10);
}

TEST_F(LinkLoginTest, AsksAtEachConnection) {
  for (int times = 1; times <= 3; ++times) {
    link.Begin(0);
    credentials.Give("drl", "s3cret");
    LogIn(0);
    EXPECT_EQ(credentials.asked(), times);
  }
}

TEST_F(LinkLoginTest, FailsWithWhatItIsTold) {
  link.Begin(0);
  credentials.Fail("no credentials: the vault is sealed");
  EXPECT_EQ(link.Advance(0), Link::Event::kFailed);
  EXPECT_EQ(link.error().code(), DRL_ERR_AUTH);
  EXPECT_EQ(link.error().message(), "no credentials: the vault is sealed");
}

TEST_F(LinkLoginTest, LateAnswerIsTakenByTheAttemptThatWaitsForIt) {
  link.Begin(0);
  Connect(0);
  EXPECT_EQ(link.Advance(kConnectTimeout), Link::Event::kFailed);
  EXPECT_EQ(link.error().code(), DRL_ERR_AUTH);
  EXPECT_EQ(link.error().message(), "the credentials callback has not answered within the connect time-out");
  const base::Micros again = link.deadline();
  link.Advance(again);
  Connect(again);
  credentials.Give("drl", "s3cret");
  link.Advance(again);
  EXPECT_EQ(credentials.asked(), 1) << "a call under way is not made twice";
  EXPECT_EQ(link.phase(), Link::Phase::kLoggingIn);
}

TEST_F(LinkLoginTest, AnswerThatComesBetweenAttemptsIsTakenByTheNext) {
  link.Begin(0);
  Connect(0);
  EXPECT_EQ(link.Advance(kConnectTimeout), Link::Event::kFailed);
  credentials.Give("drl", "s3cret");
  LogIn(link.deadline());
  EXPECT_EQ(credentials.asked(), 1);
}

TEST_F(LinkLoginTest, ServerThatRefusesTheConnectionMeanwhileIsHeard) {
  link.Begin(0);
  Connect(0);
  EXPECT_EQ(Answer("-ERR max number of clients reached\r\n", 10), Link::Event::kFailed);
  EXPECT_EQ(link.error().code(), DRL_ERR_CONNECT);
  EXPECT_EQ(link.error().message(), "Redis refused the connection: ERR max number of clients reached");
  link.Begin(20);
  Connect(20);
  peer.Reset();
  pollfd item{link.poll_fd(), POLLIN, 0};
  EXPECT_EQ(poll(&item, 1, 2'000), 1) << "nobody would notice";
  EXPECT_EQ(link.Advance(30), Link::Event::kFailed);
  EXPECT_EQ(link.error().code(), DRL_ERR_CONNECT);
}

TEST_F(LinkLoginTest, RefusedLoginIsFollowedByAnotherWithinTheSameAttempt) {
  link.Begin(0);
  Connect(0);
  credentials.Give("drl", "old");
  link.Advance(0);
  EXPECT_EQ(Answer(kRefusal, 10), Link::Event::kNone);
  EXPECT_EQ(credentials.asked(), 2);
  Connect(10);
  EXPECT_EQ(link.deadline(), kConnectTimeout) << "of the attempt as a whole";
  credentials.Give("drl", "new");
  link.Advance(20);
  EXPECT_TRUE(Sent().starts_with("*3\r\n$4\r\nAUTH\r\n$3\r\ndrl\r\n$3\r\nnew\r\n"));
  EXPECT_EQ(Answer(kGreeting, 30), Link::Event::kReady);
}

TEST_F(LinkLoginTest, RefusedLoginThatIsGivenAgainIsAFailure) {
  link.Begin(0);
  Connect(0);
  credentials.Give("drl", "old");
  link.Advance(0);
  credentials.Give("drl", "old");
  EXPECT_EQ(Answer(kRefusal, 10), Link::Event::kFailed);
  EXPECT_EQ(link.error().code(), DRL_ERR_AUTH);
  EXPECT_EQ(link.error().message().find("logging in: WRONGPASS"), 0u) << link.error().message();
}

TEST_F(LinkLoginTest, RefusedLoginIsSaidWhereAnotherIsLongInComing) {
  link.Begin(0);
  Connect(0);
  credentials.Give("drl", "old");
  link.Advance(0);
  EXPECT_EQ(Answer(kRefusal, 10), Link::Event::kNone);
  Connect(10);
  EXPECT_EQ(link.Advance(kConnectTimeout), Link::Event::kFailed);
  EXPECT_EQ(link.error().code(), DRL_ERR_AUTH);
  EXPECT_EQ(link.error().message().find("logging in: WRONGPASS"), 0u) << link.error().message();
}

TEST_F(LinkLoginTest, AnotherThatIsRefusedTooIsAFailure) {
  link.Begin(0);
  Connect(0);
  credentials.Give("drl", "old");
  link.Advance(0);
  EXPECT_EQ(Answer(kRefusal, 10), Link::Event::kNone);
  Connect(10);
  credentials.Give("drl", "older");
  link.Advance(20);
  EXPECT_EQ(Answer(kRefusal, 30), Link::Event::kFailed);
  EXPECT_EQ(credentials.asked(), 2);
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
  Link link{endpoint, std::unique_ptr<redis::Connector>(connector), *credentials, kConnectTimeout, 1};
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
