#include "redis/sentinel_connector.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "fake_sentinel.h"
#include "redis/socket_connector.h"

namespace drl::redis {
namespace {

using base::Micros;
using base::Result;

constexpr Micros kPatience = 1'000'000;

// To the server that the sentinel names; counts how often an address of it was to be left.
class CountingConnector final : public Connector {
 public:
  CountingConnector(std::unique_ptr<Connector> way, int& shunned) : way_(std::move(way)), shunned_(shunned) {}

  void Begin(Micros now) override { way_->Begin(now); }
  Result<std::unique_ptr<Transport>> Advance(Micros now) override { return way_->Advance(now); }
  void Stop() override { way_->Stop(); }
  void Shun() override { ++shunned_; }
  [[nodiscard]] const char* doing() const override { return way_->doing(); }
  [[nodiscard]] const std::string& name() const override { return way_->name(); }
  [[nodiscard]] int poll_fd() const override { return way_->poll_fd(); }
  [[nodiscard]] Micros next_at() const override { return way_->next_at(); }
  void Abandon() const override { way_->Abandon(); }

 private:
  const std::unique_ptr<Connector> way_;
  int& shunned_;
};

class SentinelConnectorTest : public testing::Test {
 protected:
  std::unique_ptr<SentinelConnector> Connecting(const test::FakeSentinel& sentinel) {
    endpoint.client_name = "drl";
    endpoint.sentinels.hosts = {{"127.0.0.1", sentinel.port()}};
    endpoint.sentinels.master = "limits";
    return std::make_unique<SentinelConnector>(endpoint, kPatience, 1, [&](const Endpoint& to) -> std::unique_ptr<Connector> {
      auto way = std::make_unique<SocketConnector>(to, kPatience, kPatience, wake);
      if (to.port == sentinel.port()) return way;
      return std::make_unique<CountingConnector>(std::move(way), shunned);
    });
  }

  // An attempt, at one instant.
  static Result<std::unique_ptr<Transport>> Attempt(SentinelConnector& connector, Micros now) {
    connector.Begin(now);
    for (int i = 0; i < 400; ++i) {
      Result<std::unique_ptr<Transport>> made = connector.Advance(now);
      if (!made.ok() || *made != nullptr) return made;
      pollfd item{connector.watch_fd(), POLLIN, 0};
      poll(&item, 1, 5);
    }
    return std::unique_ptr<Transport>();
  }

  base::EventFd wake;
  Endpoint endpoint;
  int shunned = 0;
};

// Twice would lead back to it, where there are two.
TEST_F(SentinelConnectorTest, AnAddressThatDoesNotLogInIsLeftOnce) {
  const test::Listener server;
  const test::FakeSentinel sentinel(server.port());
  const auto connector = Connecting(sentinel);
  const Result<std::unique_ptr<Transport>> made = Attempt(*connector, 0);
  ASSERT_TRUE(made.ok() && *made != nullptr);
  EXPECT_FALSE(connector->GoOn({DRL_ERR_AUTH, "WRONGPASS"}, 0));
  connector->Shun();  // as for any server that does not log in
  EXPECT_EQ(shunned, 1);
}

TEST_F(SentinelConnectorTest, AsksNoOftenerThanOnceASecondWhileTheServerIsAway) {
  const int nobody = test::Listener().port();
  const test::FakeSentinel sentinel(nobody);
  const auto connector = Connecting(sentinel);
  for (const Micros now : {0, 350'000, 700'000, 999'999}) EXPECT_EQ(Attempt(*connector, now).status().code(), DRL_ERR_CONNECT) << now;
  EXPECT_EQ(sentinel.asked(), 1);
  EXPECT_FALSE(Attempt(*connector, 1'000'000).ok());
  EXPECT_EQ(sentinel.asked(), 2);
}

TEST_F(SentinelConnectorTest, AsksAtOnceWhenTheServerSaysThatItIsNoMaster) {
  const test::Listener server;
  const test::FakeSentinel sentinel(server.port());
  const auto connector = Connecting(sentinel);
  ASSERT_TRUE(Attempt(*connector, 0).ok());
  connector->GoOn({DRL_ERR_READONLY, "it is a replica"}, 0);
  ASSERT_TRUE(Attempt(*connector, 1).ok());
  EXPECT_EQ(sentinel.asked(), 2);
}

}  // namespace
}  // namespace drl::redis
