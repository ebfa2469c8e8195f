#include "redis/sentinel_connector.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

namespace drl::redis {
namespace {

using base::Micros;
using base::Result;
using base::Status;

Endpoint SentinelEndpoint(const Endpoint& endpoint, const Host& host) {
  Endpoint sentinel;
  sentinel.host = host.name;
  sentinel.port = host.port;
  sentinel.tls = endpoint.SentinelTls();
  sentinel.username = endpoint.sentinels.username;
  sentinel.password = endpoint.sentinels.password;
  sentinel.client_name = endpoint.client_name;
  return sentinel;
}

}  // namespace

SentinelConnector::SentinelConnector(const Endpoint& endpoint, Micros patience, uint64_t seed, MakeConnector make)
    : endpoint_(endpoint),
      patience_(patience),
      make_(std::move(make)),
      plain_name_(endpoint.Name()),
      name_(plain_name_),
      choice_(endpoint.sentinels.hosts.size()) {
  const Micros share = patience - patience / kShareOfPatience;  // less than an attempt has, which can then say what it met
  for (const Host& host : endpoint.sentinels.hosts) {
    watches_.push_back(std::make_unique<SentinelWatch>(SentinelEndpoint(endpoint, host), endpoint.sentinels.master, share,
                                                       seed + watches_.size(), make_));
  }
}

void SentinelConnector::Begin(Micros now) {
  Stop();
  error_ = {};
  ask_again_at_ = INT64_MAX;
  // Who was asked a moment ago still answers, or tells of switches.
  const bool asked = std::exchange(unreached_, false) && now - asked_at_ < kAskEvery;
  if (std::exchange(moved_, false) || asked) return choice_.BeginAttempt(now);
  AskAll(now);
}

void SentinelConnector::AskAll(Micros now) {
  asked_at_ = now;
  choice_.BeginLookUp(now);
  for (const auto& watch : watches_) watch->Begin(now);
}

Result<std::unique_ptr<Transport>> SentinelConnector::Advance(Micros now) {
  TurnWatches(now);
  Choose(now);
  while (dialling_) {
    Result<std::unique_ptr<Transport>> made = way_->Advance(now);
    if (made.ok()) {
      if (*made != nullptr) {
        dialling_ = unreached_ = false;
        if (choice_.Doubts(*server_)) ask_again_at_ = now + MasterChoice::kFailedLasts;
      }
      PollAll(now);
      return made;
    }
    GiveUp(made.status(), now);
    unreached_ = true;
    Choose(now);
  }
  PollAll(now);
  if (pending()) return std::unique_ptr<Transport>();
  return WhyNot();
}

void SentinelConnector::Stop() {
  if (way_ != nullptr) way_->Stop();
  dialling_ = false;
  server_.reset();
}

// Once for each server that failed: a second time would lead back to the address that was to be left.
void SentinelConnector::Shun() {
  if (server_) way_->Shun();
}

bool SentinelConnector::GoOn(const Status& why, Micros now) {
  Shun();
  GiveUp(why, now);
  return pending() || choice_.Best().has_value();
}

bool SentinelConnector::Moved(Micros now, bool due) {
  const bool hidden = std::any_of(watches_.begin(), watches_.end(), [](const auto& watch) { return watch->hidden(); });
  if (!due && !hidden && now < watch_at()) {
    if (now < look_at_) return false;
    look_at_ = now + kLookEvery;
    if (!HasEvents()) return false;
  }
  if (now >= ask_again_at_) {
    ask_again_at_ = INT64_MAX;
    AskAll(now);
  }
  const bool news = TurnWatches(now);
  PollAll(now);
  moved_ = server_ ? choice_.Elsewhere(*server_, now).has_value() : news && choice_.BestNow(now).has_value();
  return moved_;
}

Micros SentinelConnector::next_at() const {
  if (!dialling_) return INT64_MAX;
  const bool choice = share_ends_at_ != INT64_MAX && choice_.BestBut(*server_).has_value();
  return std::min(way_->next_at(), choice ? share_ends_at_ : INT64_MAX);
}

Micros SentinelConnector::watch_at() const {
  Micros next = events_.valid() ? ask_again_at_ : std::min(ask_again_at_, look_at_);
  for (const auto& watch : watches_) next = std::min(next, watch->next_at());
  return next;
}

void SentinelConnector::Abandon() const {
  if (events_.valid()) close(events_.get());
  for (const auto& watch : watches_) watch->Abandon();
  if (way_ != nullptr) way_->Abandon();
}

// True when one of them named a master.
bool SentinelConnector::TurnWatches(Micros now) {
  bool news = false;
  for (size_t i = 0; i < watches_.size(); ++i) {
    SentinelWatch::Event event;
    for (int events = 0; events < kEventsMax; ++events) {
      event = watches_[i]->Advance(now);
      if (event == SentinelWatch::Event::kNone || event == SentinelWatch::Event::kFailed) break;
      news = true;
      if (event == SentinelWatch::Event::kAnswered) choice_.Answered(i, watches_[i]->master());
      if (event == SentinelWatch::Event::kSwitched) choice_.Switched(i, watches_[i]->master());
    }
  }
  return news;
}

// Which server the attempt is to try now: the one under way as long as there is no better.
void SentinelConnector::Choose(Micros now) {
  if (server_ && dialling_ && now >= share_ends_at_ && choice_.BestBut(*server_)) {
    GiveUp({DRL_ERR_CONNECT, way_->doing() + name_ + " took too long"}, now);
  }
  const std::optional<Host> next = server_ ? choice_.Elsewhere(*server_, now) : choice_.Best();
  if (next) GoTo(*next, now);
}

void SentinelConnector::GoTo(const Host& server, Micros now) {
  Stop();
  if (way_ == nullptr || way_endpoint_->host != server.name || way_endpoint_->port != server.port) {
    auto endpoint = std::make_unique<Endpoint>(endpoint_);
    endpoint->host = server.name;
    endpoint->port = server.port;
    endpoint->sentinels = {};
    std::unique_ptr<Connector> way = make_(*endpoint);
    name_ = plain_name_ + " at " + server.Name();
    way_ = std::move(way);  // it goes before the endpoint that it looks at
    way_endpoint_ = std::move(endpoint);
  }
  server_ = server;
  way_->Begin(now);
  dialling_ = true;
  share_ends_at_ = now + patience_ / kShareOfPatience;
}

void SentinelConnector::GiveUp(const Status& why, Micros now) {
  ask_again_at_ = INT64_MAX;
  if (!server_) return;
  choice_.Failed(*server_, now);
  error_ = {why.code(), name_ + ": " + why.message()};
  Stop();
}

bool SentinelConnector::pending() const {
  return std::any_of(watches_.begin(), watches_.end(), [](const auto& watch) { return watch->pending(); });
}

// Of sentinels none of which answered: a wrong password, and then a wrong name, say more than one that is away.
Status SentinelConnector::WhyNot() const {
  if (!error_.ok()) return error_;
  for (const drl_status telling : {DRL_ERR_AUTH, DRL_ERR_PERMISSION, DRL_ERR_RESOLVE}) {
    for (const auto& watch : watches_) {
      if (watch->error().code() == telling) return watch->error();
    }
  }
  const Status& first = watches_.front()->error();
  return first.ok() ? Status(DRL_ERR_CONNECT, "no sentinel names " + plain_name_) : first;
}

bool SentinelConnector::HasEvents() const {
  epoll_event event{};
  return !events_.valid() || epoll_wait(events_.get(), &event, 1, 0) > 0;
}

// Made anew each time: what was closed, and is still held by a forked child, would stay in an old one.
void SentinelConnector::PollAll(Micros now) {
  look_at_ = now + kLookEvery;
  events_.Reset(epoll_create1(EPOLL_CLOEXEC));
  for (const auto& watch : watches_) Poll(watch->poll_fd(), watch->wants_write());
  if (dialling_) Poll(way_->poll_fd(), false);
}

void SentinelConnector::Poll(int fd, bool wants_write) const {
  if (fd < 0) return;
  epoll_event event{};
  event.events = wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  epoll_ctl(events_.get(), EPOLL_CTL_ADD, fd, &event);
}

}  // namespace drl::redis
