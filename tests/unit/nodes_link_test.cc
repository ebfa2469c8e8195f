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
  // Turns until the link is ready, at one instant; the kernel may need a moment.
  bool LogsIn(base::Micros now) {
    base::UniqueFd peer;
    for (int i = 0; i < 200; ++i) {
      if (link.Advance(now) == Link::Event::kReady) return true;
      if (!peer.valid() && link.phase() == Link::Phase::kLoggingIn) {
        peer.Reset(accept(listener.fd(), nullptr, nullptr));
        constexpr std::string_view kReplies = "+OK\r\n*2\r\n$10\r\n1800000000\r\n$1\r\n5\r\n$4\r\nabcd\r\n";
        if (send(peer.get(), kReplies.data(), kReplies.size(), MSG_NOSIGNAL) < 0) return false;
      }
      pollfd item{link.poll_fd(), POLLIN, 0};
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

}  // namespace
}  // namespace drl::nodes
