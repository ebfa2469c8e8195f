// A plain socket to one address, from the beginning of the connection on.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "redis/resolver.h"
#include "redis/transport.h"

namespace drl::redis {

class Socket final : public Transport {
 public:
  // Begins to connect. The socket is writable once that has ended, well or not. A peer that acknowledges nothing for
  // `silence_max` is dead. `name` is for messages.
  static base::Result<std::unique_ptr<Socket>> Open(const SocketAddress& address, const std::string& name,
                                                    base::Micros silence_max);
  // How the connecting ended; call when the socket is writable.
  [[nodiscard]] base::Status FinishConnect() const;

  base::Result<size_t> Send(std::string_view bytes) override;
  base::Result<size_t> Receive(std::span<char> room) override;
  [[nodiscard]] int fd() const override { return fd_.get(); }
  void Abandon() const override { close(fd_.get()); }

 private:
  Socket(base::UniqueFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

  base::UniqueFd fd_;
  const std::string name_;
};

}  // namespace drl::redis
