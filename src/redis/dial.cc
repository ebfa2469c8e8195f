#include "redis/dial.h"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace drl::redis {
namespace {

using base::Micros;
using base::Result;
using base::Status;

bool Writable(int fd) {
  pollfd item{fd, POLLOUT, 0};
  return poll(&item, 1, 0) > 0;
}

Status SystemError(const char* what) {
  return {DRL_ERR_SYSTEM, std::string(what) + ": " + std::system_category().message(errno)};
}

}  // namespace

Addresses Interleaved(const Addresses& addresses) {
  if (addresses.empty()) return {};
  const auto family = addresses.front().get()->sa_family;
  Addresses first;
  Addresses second;
  for (const SocketAddress& address : addresses) (address.get()->sa_family == family ? first : second).push_back(address);
  Addresses mixed;
  for (size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < second.size()) mixed.push_back(second[i]);
  }
  return mixed;
}

void Dial::Begin(Addresses addresses, std::string name, Micros patience, Micros silence_max, Micros now) {
  Stop();
  addresses_ = std::move(addresses);
  name_ = std::move(name);
  next_ = 0;
  next_at_ = now;
  stagger_ = std::min(kStagger, patience / static_cast<Micros>(addresses_.size() + 1));
  silence_max_ = silence_max;
  error_ = {DRL_ERR_RESOLVE, "the host has no address"};
  events_.Reset(epoll_create1(EPOLL_CLOEXEC));
  if (events_.valid()) return;
  error_ = SystemError("cannot make an epoll descriptor");
  addresses_.clear();
}

Result<std::unique_ptr<Socket>> Dial::Advance(Micros now) {
  while (true) {
    if (std::unique_ptr<Socket> winner = TakeConnected(now)) {
      Stop();
      return winner;
    }
    if (now < next_at()) break;
    TryNext(now);
  }
  if (next_ < addresses_.size() || AnyUnderWay()) return std::unique_ptr<Socket>();
  Stop();
  return error_;
}

void Dial::Stop() {
  for (std::unique_ptr<Socket>& socket : under_way_) socket.reset();
  events_.Reset();
  addresses_.clear();
}

void Dial::Abandon() const {
  if (events_.valid()) close(events_.get());
  for (const std::unique_ptr<Socket>& socket : under_way_) {
    if (socket != nullptr) socket->Abandon();
  }
}

bool Dial::AnyUnderWay() const {
  return std::any_of(under_way_.begin(), under_way_.end(), [](const auto& socket) { return socket != nullptr; });
}

std::unique_ptr<Socket> Dial::TakeConnected(Micros now) {
  for (std::unique_ptr<Socket>& socket : under_way_) {
    if (socket == nullptr || !Writable(socket->fd())) continue;
    const Status status = socket->FinishConnect();
    if (status.ok()) return std::move(socket);
    socket.reset();
    Failed(status, now);
  }
  return nullptr;
}

// In the place of the oldest, when there are so many: it had its time.
void Dial::TryNext(Micros now) {
  std::unique_ptr<Socket>& place = under_way_[next_ % kUnderWayMax];
  place.reset();
  Result<std::unique_ptr<Socket>> opened = Socket::Open(addresses_[next_++], name_, silence_max_);
  if (!opened.ok()) return Failed(opened.status(), now);
  epoll_event event{};
  event.events = EPOLLOUT;
  if (epoll_ctl(events_.get(), EPOLL_CTL_ADD, (*opened)->fd(), &event) != 0) {
    return Failed(SystemError("cannot watch a socket"), now);
  }
  place = std::move(*opened);
  next_at_ = now + stagger_;
}

// The next address need not wait.
void Dial::Failed(const Status& why, Micros now) {
  error_ = why;
  next_at_ = now;
}

}  // namespace drl::redis
