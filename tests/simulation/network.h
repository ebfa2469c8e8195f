// The way between the engine and a simulated server: connections whose bytes take their time, come in pieces, and are lost from any
// byte on.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "redis/connector.h"
#include "redis/transport.h"
#include "server.h"
#include "world.h"

namespace drl::simulation {

// How bytes travel.
struct Way {
  Micros delay_min = 50;
  Micros delay_max = 150;
  int pieces_max = 2;    // that what is sent at once may come in
  size_t room = 65'536;  // bytes that may be on their way to the server
};

// How a connection ends.
enum class Cut {
  kReset,   // what the server has not run is lost, what came to the client may be read
  kClosed,  // what came to the server is run, though nobody hears of it
  kVanish,  // nothing arrives any more, either way, and nobody is told
};

// What meets those who connect.
enum class Door { kOpen, kRefuses, kHangs };

class Network final : public Outlet {
 public:
  explicit Network(World& world) : world_(world) {}
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // Where new connections lead: to the server, or to its sentinels. They outlive the network.
  void LeadTo(Server& server) { server_ = &server; }
  void LeadTo(Peer& sentinels) { sentinels_ = &sentinels; }
  [[nodiscard]] std::unique_ptr<redis::Connector> MakeConnector(int place = kPlaceA);

  void SetWay(const Way& way) { way_ = way; }
  void SetDoor(Door door) { door_ = door; }
  void SetSentinelDoor(int which, Door door) { sentinel_doors_[static_cast<size_t>(which)] = door; }
  // Ends every connection. Of the bytes under way so many of a thousand still arrive at the server, and at the client. The client
  // learns of it after `notice`.
  void CutAll(Cut cut, int64_t to_server, int64_t to_client, Micros notice);

  // Those who hold what has vanished learn of it, as of any dead peer in the end.
  void TellVanished();

  // Whether a poll would say that there is something to do for whoever holds the connections.
  [[nodiscard]] bool has_news() const;
  // Connections that are held, also those that have ended.
  [[nodiscard]] size_t held() const;

  // Outlet
  void Reply(SessionId session, std::string_view bytes) override;
  void Close(SessionId session, bool reset) override;

  // What the transports and connectors do.
  [[nodiscard]] Door door(int place) const;
  Micros DrawDelay() { return world_.Draw(way_.delay_min, way_.delay_max); }
  SessionId Connect(int place);
  base::Result<size_t> Send(SessionId id, std::string_view bytes);
  base::Result<size_t> Receive(SessionId id, std::span<char> room);
  void LetGo(SessionId id);

 private:
  // Bytes that go one way.
  struct Direction {
    struct Piece {
      size_t length;  // 0: the end, nothing comes after it
    };
    std::string flying;
    std::deque<Piece> pieces;
    Micros last_at = 0;  // no piece overtakes another
    bool ends = false;
  };
  struct Line {
    Peer* peer = nullptr;
    Direction there;
    Direction back;
    std::string arrived;   // and was not read yet
    bool held = true;      // by the client
    bool over = false;     // the client is to be told
    bool vanished = false;
    bool full = false;     // the client was told that there is no room
  };

  void SendPieces(SessionId id, bool there, std::string_view bytes);
  void SendPiece(SessionId id, bool there, size_t length);
  void Arrive(SessionId id, bool there);
  void ArriveThere(SessionId id, Line& line, size_t length);
  void ArriveBack(Line& line, size_t length);
  void CutLine(SessionId id, Cut cut, int64_t to_server, int64_t to_client, Micros notice);

  World& world_;
  Server* server_ = nullptr;
  Peer* sentinels_ = nullptr;
  Way way_;
  Door door_ = Door::kOpen;
  std::array<Door, 3> sentinel_doors_{};
  SessionId last_id_ = 0;
  std::map<SessionId, Line> lines_;
};

}  // namespace drl::simulation
