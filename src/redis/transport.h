// A way for bytes to a server and back, ready for use: a plain socket, say. Owned and used by one thread at a time; never blocks.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/status.h"

namespace drl::redis {

class Transport {
 public:
  Transport() = default;
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // How many of these bytes, from the first on, are on their way; 0: none can go now. An error: it is over.
  virtual base::Result<size_t> Send(std::string_view bytes) = 0;
  // How many bytes have come; 0: none now. An error: it is over, and nothing will come any more.
  virtual base::Result<size_t> Receive(std::span<char> room) = 0;
  // There is more than the last Receive had room for, which the descriptor does not show.
  [[nodiscard]] virtual bool buffered() const { return false; }
  // Readable when bytes have come or it is over, writable when bytes can go; -1: not to be polled.
  [[nodiscard]] virtual int fd() const = 0;
  // In a forked child: gives up the parent's descriptor and nothing else.
  virtual void Abandon() const = 0;
};

}  // namespace drl::redis
