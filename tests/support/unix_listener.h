// A Unix socket of a test, in a folder of its own, that takes connections and by itself never says a word.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace drl::test {

class UnixListener {
 public:
  UnixListener() : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    char name[] = "/tmp/drl-listener-XXXXXX";
    if (mkdtemp(name) == nullptr) std::abort();
    directory_ = name;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
    if (bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(fd_, 64) != 0) std::abort();
  }
  ~UnixListener() {
    close(fd_);
    unlink(path().c_str());
    rmdir(directory_.c_str());
  }
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  [[nodiscard]] std::string url() const { return "unix://" + path(); }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  [[nodiscard]] std::string path() const { return directory_ + "/s"; }

  const int fd_;
  std::string directory_;
};

}  // namespace drl::test
