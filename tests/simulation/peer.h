// Who is at the other end of a connection.
#pragma once

#include <cstdint>
#include <string_view>

namespace drl::simulation {

using SessionId = uint32_t;

// Where connections lead. The server has two places, of which one is the master's; at two others is nobody, and who says nothing.
enum : int { kPlaceA = 0, kPlaceB = 1, kPlaceOfNobody = 2, kPlaceThatHangs = 3, kPlaceOfSentinels = 4 };

class Peer {
 public:
  virtual void Open(SessionId session, int place) = 0;
  virtual void Receive(SessionId session, std::string_view bytes) = 0;
  // The client is gone. What it had sent is run all the same, unless it is `reset`.
  virtual void HangUp(SessionId session, bool reset) = 0;

 protected:
  ~Peer() = default;
};

// Where the bytes of a peer go.
class Outlet {
 public:
  virtual void Reply(SessionId session, std::string_view bytes) = 0;
  // The peer is done with it, as soon as what it said has gone out; `reset`: at once.
  virtual void Close(SessionId session, bool reset) = 0;

 protected:
  ~Outlet() = default;
};

}  // namespace drl::simulation
