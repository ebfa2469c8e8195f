#include "network.h"

#include <algorithm>
#include <cstring>

namespace drl::simulation {
namespace {

const base::Status kLost(DRL_ERR_CONNECTION_LOST, "the connection was lost");

class SimulatedTransport final : public redis::Transport {
 public:
  SimulatedTransport(Network& network, SessionId id) : network_(network), id_(id) {}
  ~SimulatedTransport() override { network_.LetGo(id_); }

  base::Result<size_t> Send(std::string_view bytes) override { return network_.Send(id_, bytes); }
  base::Result<size_t> Receive(std::span<char> room) override { return network_.Receive(id_, room); }
  [[nodiscard]] int fd() const override { return -1; }
  void Abandon() const override {}

 private:
  Network& network_;
  const SessionId id_;
};

class SimulatedConnector final : public redis::Connector {
 public:
  SimulatedConnector(Network& network, int place) : network_(network), place_(place) {}

  void Begin(Micros now) override {
    door_ = network_.door(place_);
    next_at_ = door_ == Door::kHangs ? INT64_MAX : now + network_.DrawDelay() + network_.DrawDelay();
    under_way_ = true;
  }
  base::Result<std::unique_ptr<redis::Transport>> Advance(Micros now) override {
    if (!under_way_ || now < next_at_) return std::unique_ptr<redis::Transport>();
    Stop();
    // It may have closed meanwhile.
    if (door_ == Door::kRefuses || network_.door(place_) != Door::kOpen) {
      return base::Status(DRL_ERR_CONNECT, "cannot connect: refused");
    }
    return std::unique_ptr<redis::Transport>(std::make_unique<SimulatedTransport>(network_, network_.Connect(place_)));
  }
  void Stop() override {
    under_way_ = false;
    next_at_ = INT64_MAX;
  }
  void Shun() override {}
  [[nodiscard]] const char* doing() const override { return "connecting to"; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] int poll_fd() const override { return -1; }
  [[nodiscard]] Micros next_at() const override { return next_at_; }
  void Abandon() const override {}

 private:
  Network& network_;
  const int place_;
  const std::string name_ = "simulated:6379";
  bool under_way_ = false;
  Door door_ = Door::kOpen;
  Micros next_at_ = INT64_MAX;
};

size_t PerMille(size_t of, int64_t parts) { return of * static_cast<size_t>(parts) / 1000; }

}  // namespace

std::unique_ptr<redis::Connector> Network::MakeConnector(int place) {
  return std::make_unique<SimulatedConnector>(*this, place);
}

Door Network::door(int place) const {
  if (place >= kPlaceOfSentinels) return sentinel_doors_[static_cast<size_t>(place - kPlaceOfSentinels)];
  if (place == kPlaceOfNobody) return Door::kRefuses;
  if (place == kPlaceThatHangs) return Door::kHangs;
  return door_ == Door::kOpen && !server_->up() ? Door::kRefuses : door_;
}

SessionId Network::Connect(int place) {
  const SessionId id = ++last_id_;
  Peer* peer = server_;
  if (place >= kPlaceOfSentinels) peer = sentinels_;
  lines_[id].peer = peer;
  peer->Open(id, place);
  return id;
}

base::Result<size_t> Network::Send(SessionId id, std::string_view bytes) {
  Line& line = lines_.at(id);
  if (line.over) return kLost;
  const size_t used = line.there.flying.size();
  const size_t taken = std::min(bytes.size(), way_.room > used ? way_.room - used : 0);
  line.full = taken < bytes.size();
  if (taken == 0 || line.there.ends) return taken;  // behind the end nobody listens
  SendPieces(id, true, bytes.substr(0, taken));
  return taken;
}

base::Result<size_t> Network::Receive(SessionId id, std::span<char> room) {
  Line& line = lines_.at(id);
  if (line.arrived.empty()) return line.over ? base::Result<size_t>(kLost) : base::Result<size_t>(size_t{0});
  const size_t taken = std::min(line.arrived.size(), room.size());
  std::memcpy(room.data(), line.arrived.data(), taken);
  line.arrived.erase(0, taken);
  return taken;
}

// What was sent still arrives, and the server finds the end behind it.
void Network::LetGo(SessionId id) {
  Line& line = lines_.at(id);
  line.held = false;
  if (line.vanished || line.over) {
    line.peer->HangUp(id, false);
    lines_.erase(id);
  } else {
    SendPiece(id, true, 0);
  }
}

bool Network::has_news() const {
  return std::any_of(lines_.begin(), lines_.end(), [this](const auto& item) {
    const Line& line = item.second;
    return line.held && (!line.arrived.empty() || line.over || (line.full && line.there.flying.size() < way_.room));
  });
}

size_t Network::held() const {
  return static_cast<size_t>(std::count_if(lines_.begin(), lines_.end(), [](const auto& item) { return item.second.held; }));
}

void Network::Reply(SessionId session, std::string_view bytes) {
  const auto found = lines_.find(session);
  if (found != lines_.end() && !found->second.back.ends) SendPieces(session, false, bytes);
}

void Network::Close(SessionId session, bool reset) {
  const auto found = lines_.find(session);
  if (found == lines_.end() || found->second.vanished) return;
  if (reset) return CutLine(session, Cut::kReset, 0, 0, DrawDelay());
  if (!found->second.back.ends) SendPiece(session, false, 0);
}

void Network::SendPieces(SessionId id, bool there, std::string_view bytes) {
  Line& line = lines_.at(id);
  Direction& direction = there ? line.there : line.back;
  direction.flying += bytes;
  if (line.vanished) return;
  size_t left = bytes.size();
  for (int64_t pieces = world_.Draw(1, way_.pieces_max); pieces > 1 && left > 1; --pieces) {
    const auto length = static_cast<size_t>(world_.Draw(1, static_cast<int64_t>(left) - 1));
    SendPiece(id, there, length);
    left -= length;
  }
  SendPiece(id, there, left);
}

void Network::SendPiece(SessionId id, bool there, size_t length) {
  Line& line = lines_.at(id);
  Direction& direction = there ? line.there : line.back;
  if (length == 0) direction.ends = true;
  if (line.vanished) return;
  direction.last_at = std::max(direction.last_at, world_.now() + DrawDelay());
  direction.pieces.push_back({length});
  world_.At(direction.last_at, [this, item = uint64_t{id} << 1 | (there ? 1 : 0)] {
    Arrive(static_cast<SessionId>(item >> 1), (item & 1) != 0);
  });
}

// The oldest piece of a direction; it may have been lost meanwhile.
void Network::Arrive(SessionId id, bool there) {
  const auto found = lines_.find(id);
  if (found == lines_.end()) return;
  Line& line = found->second;
  Direction& direction = there ? line.there : line.back;
  if (line.vanished || direction.pieces.empty()) return;
  const size_t length = direction.pieces.front().length;
  direction.pieces.pop_front();
  if (there) {
    ArriveThere(id, line, length);
  } else {
    ArriveBack(line, length);
  }
}

void Network::ArriveThere(SessionId id, Line& line, size_t length) {
  Peer& peer = *line.peer;
  if (length == 0) {
    lines_.erase(id);
    return peer.HangUp(id, false);
  }
  const std::string bytes = line.there.flying.substr(0, length);  // what the server does may end the line
  line.there.flying.erase(0, length);
  peer.Receive(id, bytes);
}

void Network::ArriveBack(Line& line, size_t length) {
  if (length == 0) {
    line.over = true;
    return;
  }
  if (line.held) line.arrived.append(line.back.flying, 0, length);
  line.back.flying.erase(0, length);
}

void Network::CutAll(Cut cut, int64_t to_server, int64_t to_client, Micros notice) {
  std::vector<SessionId> ids;
  for (const auto& [id, line] : lines_) ids.push_back(id);
  for (const SessionId id : ids) CutLine(id, cut, to_server, to_client, notice);
}

void Network::TellVanished() {
  for (auto& [id, line] : lines_) line.over = line.over || line.vanished;
}

void Network::CutLine(SessionId id, Cut cut, int64_t to_server, int64_t to_client, Micros notice) {
  Line& line = lines_.at(id);
  if (line.over || line.vanished) return;
  const std::string there = line.there.flying.substr(0, PerMille(line.there.flying.size(), to_server));
  const size_t back = PerMille(line.back.flying.size(), to_client);
  if (line.held) line.arrived.append(line.back.flying, 0, back);
  for (Direction* direction : {&line.there, &line.back}) {
    direction->flying.clear();
    direction->pieces.clear();
  }
  line.vanished = true;  // until the client is told
  Peer& peer = *line.peer;
  if (!line.held) lines_.erase(id);
  if (!there.empty()) peer.Receive(id, there);
  if (cut == Cut::kVanish) return;
  peer.HangUp(id, cut == Cut::kReset);
  world_.After(notice, [this, id] {
    const auto found = lines_.find(id);
    if (found != lines_.end()) found->second.over = true;
  });
}

}  // namespace drl::simulation
