// What a server says over a transport that holds back what no descriptor shows, as one of TLS does.
#include <gtest/gtest.h>

#include "nodes/node.h"

namespace drl::nodes {
namespace {

class StandingClock final : public base::Clock {
 public:
  [[nodiscard]] base::Micros now() const override { return 1'000; }
};

struct NoEndings final : Endings {
  void Decided(Request&, const core::Verdict&, int64_t, base::Micros) override {}
  bool Failed(Request&, drl_status, int32_t, std::string_view) override { return true; }
  void LetGo(Request&) override {}
  void CommandAnswered(base::Micros) override {}
};

struct Held {
  std::vector<std::string> pieces;  // of which each call takes one
  bool ends = false;                // with an error behind the last
};

class HoldingTransport final : public redis::Transport {
 public:
  explicit HoldingTransport(Held& held) : held_(held) {}
  base::Result<size_t> Send(std::string_view bytes) override { return bytes.size(); }
  base::Result<size_t> Receive(std::span<char> room) override {
    if (held_.pieces.empty()) return held_.ends ? base::Result<size_t>(base::Status(DRL_ERR_CONNECTION_LOST, "cut")) : size_t{0};
    const size_t got = held_.pieces.front().copy(room.data(), room.size());
    held_.pieces.erase(held_.pieces.begin());
    return got;
  }
  [[nodiscard]] bool buffered() const override { return !held_.pieces.empty() || held_.ends; }
  [[nodiscard]] int fd() const override { return -1; }
  void Abandon() const override {}

 private:
  Held& held_;
};

class HoldingConnector final : public redis::Connector {
 public:
  explicit HoldingConnector(Held& held) : held_(held) {}
  void Begin(base::Micros) override {}
  base::Result<std::unique_ptr<redis::Transport>> Advance(base::Micros) override {
    return std::unique_ptr<redis::Transport>(std::make_unique<HoldingTransport>(held_));
  }
  void Stop() override {}
  void Shun() override {}
  [[nodiscard]] const char* doing() const override { return "connecting to "; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] int poll_fd() const override { return -1; }
  [[nodiscard]] base::Micros next_at() const override { return INT64_MAX; }
  void Abandon() const override {}

 private:
  Held& held_;
  const std::string name_ = "the server";
};

class NodesReceiveTest : public testing::Test {
 protected:
  void SetUp() override {
    endpoint.client_name = "drl";
    held.pieces = {"+OK\r\n*2\r\n$10\r\n1800000000\r\n$1\r\n5\r\n$4\r\nabcd\r\n"};
    node.Begin(clock.now());
    node.Advance(clock.now());
    ASSERT_TRUE(node.ready());
    ASSERT_TRUE(held.pieces.empty());
  }

  Held held;
  StandingClock clock;
  NoEndings endings;
  Notes notes;
  FirstNamespace space;
  redis::Endpoint endpoint;
  Node node{NodeOptions{}, endpoint, std::make_unique<HoldingConnector>(held), redis::FixedCredentials(endpoint),
            Surroundings{clock, endings, notes, space, 1}};
};

TEST_F(NodesReceiveTest, AllThatNoDescriptorShowsIsReadAtOnce) {
  held.pieces = {"*", "2\r", "\n:1\r\n"};  // most of a reply
  EXPECT_TRUE(node.Receive());
  EXPECT_TRUE(held.pieces.empty());
  EXPECT_TRUE(node.ready());
}

TEST_F(NodesReceiveTest, EndThatNoDescriptorShowsIsSeen) {
  held.pieces = {"*", "2\r"};
  held.ends = true;
  EXPECT_TRUE(node.Receive());
  EXPECT_FALSE(node.ready());
}

TEST_F(NodesReceiveTest, NothingHeldBackIsReadOnce) {
  EXPECT_FALSE(node.Receive());
  EXPECT_TRUE(node.ready());
}

}  // namespace
}  // namespace drl::nodes
