// The way to a master that sentinels watch.
//
// A look-up asks all sentinels side by side, and goes where the first of them says; elsewhere, in the same attempt, when that
// server cannot be reached or is not the master, or when most sentinels turn out to say otherwise (master_choice.h). The
// conversations stay: while the connection lives, and while the next is waited for, a sentinel that tells of a switch, or one that
// is reached again and names another, has the connection made anew at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "redis/connector.h"
#include "redis/master_choice.h"
#include "redis/sentinel_watch.h"

namespace drl::redis {

class SentinelConnector final : public Connector {
 public:
  // `endpoint` has the sentinels and is the master's but for its address. An attempt ends within `patience`.
  SentinelConnector(const Endpoint& endpoint, base::Micros patience, uint64_t seed, MakeConnector make);

  void Begin(base::Micros now) override;
  base::Result<std::unique_ptr<Transport>> Advance(base::Micros now) override;
  void Stop() override;
  void Shun() override;
  bool GoOn(const base::Status& why, base::Micros now) override;
  bool Moved(base::Micros now, bool due) override;

  [[nodiscard]] const char* doing() const override { return server_ ? way_->doing() : "asking for "; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] int poll_fd() const override { return -1; }  // watch_fd shows all
  [[nodiscard]] base::Micros next_at() const override;
  [[nodiscard]] int watch_fd() const override { return events_.get(); }
  [[nodiscard]] base::Micros watch_at() const override;
  void Abandon() const override;

 private:
  // A busy loop does not sleep, and so does not see what the descriptor shows: then it is looked at so often.
  static constexpr base::Micros kLookEvery = 5'000;
  // All are asked no oftener than that, unless a server has said that it is no master.
  static constexpr base::Micros kAskEvery = 1'000'000;
  static constexpr int kEventsMax = 16;  // of a sentinel, at one time
  // The part of the patience after which another server is tried, if there is one.
  static constexpr base::Micros kShareOfPatience = 3;

  void AskAll(base::Micros now);
  bool TurnWatches(base::Micros now);
  void Choose(base::Micros now);
  void GoTo(const Host& server, base::Micros now);
  void GiveUp(const base::Status& why, base::Micros now);
  [[nodiscard]] bool pending() const;
  [[nodiscard]] base::Status WhyNot() const;
  [[nodiscard]] bool HasEvents() const;
  void PollAll(base::Micros now);
  void Poll(int fd, bool wants_write) const;

  const Endpoint endpoint_;
  const base::Micros patience_;
  const MakeConnector make_;
  const std::string plain_name_;
  std::string name_;
  std::vector<std::unique_ptr<SentinelWatch>> watches_;
  MasterChoice choice_;
  std::optional<Host> server_;  // that is connected to, or was
  bool dialling_ = false;
  bool moved_ = false;          // the next attempt knows where to go
  base::Micros share_ends_at_ = 0;
  base::Micros look_at_ = 0;
  base::Micros asked_at_ = 0;   // all of them
  bool unreached_ = false;      // the last server tried: it did not say that it is no master
  base::Micros ask_again_at_ = INT64_MAX;  // while a server is in use that there are doubts about
  base::Status error_;          // of the servers tried in this attempt
  base::UniqueFd events_;       // an epoll
  std::unique_ptr<Endpoint> way_endpoint_;
  std::unique_ptr<Connector> way_;  // to the server named last
};

}  // namespace drl::redis
