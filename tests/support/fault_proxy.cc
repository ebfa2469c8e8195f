#include "fault_proxy.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <list>
#include <mutex>
#include <vector>

#include "seed.h"

namespace drl::test {
namespace {

using Clock = std::chrono::steady_clock;

int UnixSocket(const std::string& path, bool listening) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  const int failed = listening ? bind(fd, generic, sizeof address) != 0 || listen(fd, 64) != 0
                               : connect(fd, generic, sizeof address);
  if (failed == 0) {
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
  }
  close(fd);
  return -1;
}

// One direction of a connection: bytes read from `from` that wait to be written to `to`.
struct Pipe {
  int from;
  int to;
  std::string bytes;
  bool sliced = false;
  Clock::time_point not_before{};
};

struct Pair {
  int client;
  int server;
  Pipe up;
  Pipe down;
};

}  // namespace

struct FaultProxy::State {
  State(int socket, uint64_t seed) : listener(socket), random(seed) {}
  ~State() {
    for (Pair& pair : pairs) Close(pair);
    close(listener);
  }

  static void Close(const Pair& pair) {
    close(pair.client);
    close(pair.server);
  }

  bool Happens(int64_t one_in) { return one_in > 0 && OneIn(random, one_in); }
  bool Carry(Pipe& pipe, const Faults& faults);
  bool Read(Pipe& pipe, const Faults& faults);
  bool Write(Pipe& pipe);

  const int listener;
  Random random;
  std::list<Pair> pairs;
  std::mutex mutex;
  Faults faults;  // guarded
};

// False when the connection is to be broken.
bool FaultProxy::State::Carry(Pipe& pipe, const Faults& now) {
  if (pipe.bytes.empty() && !Read(pipe, now)) return false;
  return pipe.bytes.empty() || Clock::now() < pipe.not_before || Write(pipe);
}

bool FaultProxy::State::Read(Pipe& pipe, const Faults& now) {
  char bytes[4096];
  const ssize_t got = recv(pipe.from, bytes, sizeof bytes, MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  pipe.bytes.assign(bytes, static_cast<size_t>(got));
  pipe.sliced = Happens(now.slice_one_in);
  pipe.not_before = Clock::now();
  if (Happens(now.delay_one_in)) pipe.not_before += std::chrono::microseconds(Uniform(random, 0, now.delay_max_us));
  if (!Happens(now.cut_one_in)) return true;
  const auto kept = static_cast<size_t>(Uniform(random, 0, got - 1));  // the rest is lost with the connection
  send(pipe.to, bytes, kept, MSG_NOSIGNAL | MSG_DONTWAIT);
  return false;
}

bool FaultProxy::State::Write(Pipe& pipe) {
  const size_t most = pipe.sliced ? static_cast<size_t>(Uniform(random, 1, 7)) : pipe.bytes.size();
  const ssize_t sent = send(pipe.to, pipe.bytes.data(), std::min(most, pipe.bytes.size()), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  pipe.bytes.erase(0, static_cast<size_t>(sent));
  return true;
}

FaultProxy::FaultProxy(std::string upstream, uint64_t seed) : upstream_(std::move(upstream)) {
  char name[] = "/tmp/drl-proxy-XXXXXX";
  if (mkdtemp(name) == nullptr) std::abort();
  directory_ = name;
  path_ = directory_ + "/proxy.sock";
  const int listener = UnixSocket(path_, true);
  if (listener < 0) std::abort();
  state_ = std::make_unique<State>(listener, seed);
  thread_ = std::thread([this] { Run(); });
}

FaultProxy::~FaultProxy() {
  stop_.store(true);
  thread_.join();
  unlink(path_.c_str());
  rmdir(directory_.c_str());
}

void FaultProxy::SetFaults(const Faults& faults) {
  const std::lock_guard lock(state_->mutex);
  state_->faults = faults;
}

void FaultProxy::Run() {
  std::vector<pollfd> items;
  while (!stop_.load()) {
    items.assign(1, {state_->listener, POLLIN, 0});
    bool waiting = false;
    for (const Pair& pair : state_->pairs) {
      waiting = waiting || !pair.up.bytes.empty() || !pair.down.bytes.empty();
      if (pair.up.bytes.empty()) items.push_back({pair.client, POLLIN, 0});
      if (pair.down.bytes.empty()) items.push_back({pair.server, POLLIN, 0});
    }
    const timespec brief{0, waiting ? 100'000 : 5'000'000};
    ppoll(items.data(), items.size(), &brief, nullptr);
    if (const int client = accept4(state_->listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK); client >= 0) {
      const int server = UnixSocket(upstream_, false);
      if (server < 0) {
        close(client);
      } else {
        state_->pairs.push_back({client, server, {client, server, {}}, {server, client, {}}});
        ++accepted_;
      }
    }
    Faults faults;
    {
      const std::lock_guard lock(state_->mutex);
      faults = state_->faults;
    }
    const bool cut_all = cut_all_.exchange(false);
    std::erase_if(state_->pairs, [&](Pair& pair) {
      const bool whole = !cut_all && state_->Carry(pair.up, faults) && state_->Carry(pair.down, faults);
      if (!whole) {
        State::Close(pair);
        ++cut_;
      }
      return !whole;
    });
  }
}

}  // namespace drl::test
