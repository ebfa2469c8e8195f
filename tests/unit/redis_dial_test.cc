// Connecting to several addresses, on sockets of this machine. The clock of Dial is turned by hand.
#include "redis/dial.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <cstring>

#include "hung_listener.h"

namespace drl::redis {
namespace {

constexpr base::Micros kPatience = 1'000'000;
constexpr base::Micros kSilenceMax = 7'000'000;

SocketAddress AddressOf(const sockaddr_in& from) {
  SocketAddress address;
  std::memcpy(&address.storage, &from, sizeof from);
  address.length = sizeof from;
  return address;
}

SocketAddress AddressOfFamily(int family, uint16_t port) {
  SocketAddress address;
  address.storage.ss_family = static_cast<sa_family_t>(family);
  reinterpret_cast<sockaddr_in&>(address.storage).sin_port = port;  // the same place in both families
  return address;
}

std::string Families(const Addresses& addresses) {
  std::string text;
  for (const SocketAddress& address : addresses) text += address.get()->sa_family == AF_INET6 ? '6' : '4';
  return text;
}

// Turns until something is decided, at one instant; the kernel may need a moment.
base::Result<std::unique_ptr<Socket>> AdvanceUntilDecided(Dial& dial, base::Micros now) {
  for (int i = 0; i < 100; ++i) {
    auto outcome = dial.Advance(now);
    if (!outcome.ok() || *outcome != nullptr) return outcome;
    pollfd item{dial.poll_fd(), POLLIN, 0};
    poll(&item, 1, 20);
  }
  return std::unique_ptr<Socket>();
}

bool Undecided(Dial& dial, base::Micros now) {
  auto outcome = dial.Advance(now);
  return outcome.ok() && *outcome == nullptr;
}

int PortOfPeer(const Socket& socket) {
  sockaddr_in peer{};
  socklen_t length = sizeof peer;
  getpeername(socket.fd(), reinterpret_cast<sockaddr*>(&peer), &length);
  return ntohs(peer.sin_port);
}

TEST(Interleaved, TakesTheFamiliesInTurn) {
  const auto six = AddressOfFamily(AF_INET6, 1);
  const auto four = AddressOfFamily(AF_INET, 2);
  EXPECT_EQ(Families(Interleaved({six, six, six, four, four})), "64646");
  EXPECT_EQ(Families(Interleaved({four, four, six})), "464");
  EXPECT_EQ(Families(Interleaved({four, four})), "44");
  EXPECT_TRUE(Interleaved({}).empty());
}

TEST(Dial, TriesTheNextAddressWhileTheFirstHangs) {
  const test::HungListener hung;
  const test::Listener live;
  Dial dial;
  dial.Begin({AddressOf(hung.address()), AddressOf(live.address())}, "test", kPatience, kSilenceMax, 0);
  EXPECT_TRUE(Undecided(dial, 0));
  EXPECT_TRUE(Undecided(dial, dial.next_at() - 1));
  EXPECT_EQ(dial.next_at(), Dial::kStagger);
  auto outcome = AdvanceUntilDecided(dial, Dial::kStagger);
  ASSERT_TRUE(outcome.ok());
  ASSERT_NE(*outcome, nullptr);
  EXPECT_EQ(PortOfPeer(**outcome), live.port());
  EXPECT_EQ(dial.poll_fd(), -1) << "the other attempt has ended";
}

TEST(Dial, TriesTheNextAddressAtOnceWhenTheFirstRefuses) {
  const test::Listener live;
  sockaddr_in nobody = live.address();
  {
    const test::Listener gone;
    nobody = gone.address();
  }
  Dial dial;
  dial.Begin({AddressOf(nobody), AddressOf(live.address())}, "test", kPatience, kSilenceMax, 0);
  auto outcome = AdvanceUntilDecided(dial, 0);
  ASSERT_TRUE(outcome.ok());
  ASSERT_NE(*outcome, nullptr);
  EXPECT_EQ(PortOfPeer(**outcome), live.port());
}

TEST(Dial, GivesEachOfManyAddressesItsTurnWithinItsPatience) {
  const test::HungListener hung;
  const test::Listener live;
  Addresses addresses(3 * Dial::kUnderWayMax, AddressOf(hung.address()));
  addresses.push_back(AddressOf(live.address()));
  Dial dial;
  dial.Begin(addresses, "test", kPatience, kSilenceMax, 0);
  base::Micros now = 0;
  for (size_t i = 0; i + 1 < addresses.size(); ++i) {
    EXPECT_TRUE(Undecided(dial, now));
    now = dial.next_at();
  }
  EXPECT_LT(now, kPatience);
  auto outcome = AdvanceUntilDecided(dial, now);
  ASSERT_TRUE(outcome.ok());
  ASSERT_NE(*outcome, nullptr);
  EXPECT_EQ(PortOfPeer(**outcome), live.port());
}

TEST(Dial, FailsWithTheReasonWhenAllHaveFailed) {
  sockaddr_in nobody{};
  {
    const test::Listener gone;
    nobody = gone.address();
  }
  Dial dial;
  dial.Begin({AddressOf(nobody), AddressOf(nobody)}, "redis://there", kPatience, kSilenceMax, 0);
  const auto outcome = AdvanceUntilDecided(dial, 0);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.status().code(), DRL_ERR_CONNECT);
  EXPECT_NE(outcome.status().message().find("redis://there"), std::string::npos);
}

TEST(Dial, FailsWithoutAddresses) {
  Dial dial;
  dial.Begin({}, "test", kPatience, kSilenceMax, 0);
  EXPECT_EQ(dial.Advance(0).status().code(), DRL_ERR_RESOLVE);
}

TEST(Dial, HasThePeerAcknowledgeInTime) {
  const test::Listener live;
  Dial dial;
  dial.Begin({AddressOf(live.address())}, "test", kPatience, kSilenceMax, 0);
  auto outcome = AdvanceUntilDecided(dial, 0);
  ASSERT_TRUE(outcome.ok());
  ASSERT_NE(*outcome, nullptr);
  int milliseconds = 0;
  socklen_t length = sizeof milliseconds;
  ASSERT_EQ(getsockopt((*outcome)->fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, &length), 0);
  EXPECT_EQ(milliseconds, kSilenceMax / 1000);
}

}  // namespace
}  // namespace drl::redis
