#include "redis/resolver.h"

#include <dlfcn.h>
#include <netdb.h>
#include <sys/un.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

namespace drl::redis {
namespace {

using base::Result;
using base::Status;

Result<Addresses> LookUp(const std::string& host, int32_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) return Status(DRL_ERR_RESOLVE, "cannot resolve " + host + ": " + gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
  Addresses addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.length = at->ai_addrlen;
    addresses.push_back(address);
  }
  return addresses;
}

Result<Addresses> LookUpIfItCan(const std::string& host, int32_t port) noexcept {
  try {
    return LookUp(host, port, 0);
  } catch (const std::bad_alloc&) {
    return Status(DRL_ERR_RESOLVE, "out of memory");  // short: it needs none
  }
}

// A look-up may outlive the last handle and even dlclose: keep this library mapped from then on.
void PinLibrary() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&PinLibrary), &info) != 0 && info.dli_fname != nullptr) {
    dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);  // the handle is kept on purpose
  }
}

}  // namespace

// Shared by the look-up thread and the resolver; whoever comes last frees it.
struct Resolver::Job {
  std::mutex mutex;
  const base::EventFd* wake = nullptr;  // null once the owner has gone
  bool done = false;
  Result<Addresses> result = Status(DRL_ERR_RESOLVE, "");
};

Addresses NumericAddresses(const Endpoint& endpoint) {
  if (endpoint.unix_path.empty()) {
    Result<Addresses> addresses = LookUp(endpoint.host, endpoint.port, AI_NUMERICHOST | AI_NUMERICSERV);
    return addresses.ok() ? *addresses : Addresses();
  }
  SocketAddress address;
  auto& path = reinterpret_cast<sockaddr_un&>(address.storage);
  path.sun_family = AF_UNIX;
  std::memcpy(path.sun_path, endpoint.unix_path.c_str(), endpoint.unix_path.size() + 1);
  address.length = static_cast<socklen_t>(sizeof(sockaddr_un));
  return {address};
}

Resolver::~Resolver() {
  if (job_ == nullptr) return;
  const std::lock_guard lock(job_->mutex);
  job_->wake = nullptr;
  if (!job_->done) PinLibrary();
}

Status Resolver::Start(const Endpoint& endpoint) {
  job_ = std::make_shared<Job>();
  job_->wake = &wake_;
  try {
    std::thread([job = job_, host = endpoint.host, port = endpoint.port] {
      Result<Addresses> result = LookUpIfItCan(host, port);
      const std::lock_guard lock(job->mutex);
      job->result = std::move(result);
      job->done = true;
      if (job->wake != nullptr) job->wake->Signal();
    }).detach();
  } catch (const std::system_error&) {
    job_ = nullptr;
    return {DRL_ERR_SYSTEM, "cannot start a thread to resolve the host name"};
  } catch (...) {
    job_ = nullptr;
    throw;
  }
  return {};
}

bool Resolver::done() const {
  if (job_ == nullptr) return false;
  const std::lock_guard lock(job_->mutex);
  return job_->done;
}

Result<Addresses> Resolver::Take() {
  const std::shared_ptr<Job> job = std::move(job_);
  job_ = nullptr;
  const std::lock_guard lock(job->mutex);
  return std::move(job->result);
}

}  // namespace drl::redis
