// Simulated sentinels of a server that has two places: they hold elections, tell of them sooner or later or not at all, and lie.
#pragma once

#include <array>
#include <map>
#include <string>

#include "network.h"
#include "peer.h"
#include "redis/connector.h"
#include "redis/endpoint.h"
#include "server.h"
#include "world.h"

namespace drl::simulation {

// What is wrong with one of them.
enum class Folly {
  kLies,     // names another place, and tells all who listen
  kWavers,   // now one place, now the other, and tells each time
  kForgets,  // knows no master
  kMute,     // takes what it is asked, and says nothing
  kAway,     // cannot be reached
};

class Sentinels final : public Peer {
 public:
  static constexpr int kCount = 3;

  // All outlive it.
  Sentinels(World& world, Server& server, Network& network);

  // What the client is told of the deployment, and its way there.
  static void Describe(redis::Endpoint& endpoint);
  static std::unique_ptr<redis::Connector> MakeConnector(Network& network, const redis::Endpoint& endpoint, Micros patience,
                                                         uint64_t seed);

  // The master is gone; later the other place is the master's, with what the server knows or without. The sentinels learn of it one
  // after the other, and some tell. When it `lasts` no longer, all know, and nobody is left at the old place.
  void FailOver(Micros lasts, int64_t election_per_mille, bool lose_state, bool cut);
  void Begin(int which, Folly folly, int place, Micros lasts);

  // Peer
  void Open(SessionId session, int place) override;
  void Receive(SessionId session, std::string_view bytes) override;
  void HangUp(SessionId session, bool reset) override;

 private:
  struct Sentinel {
    int named = kPlaceA;
    bool forgets = false;
    bool mute = false;
    int follies = 0;  // under way
  };
  struct Session {
    int which = 0;
    std::string in;
    bool listens = false;
    bool unheard = false;  // it said something to one that was mute
  };

  void Name(int which, int place, bool tell);
  void Waver(int which, Micros until);
  void ComeToItsSenses(int which);
  void Run(SessionId id, Session& session);

  World& world_;
  Server& server_;
  Network& network_;
  int master_ = kPlaceA;  // once the elections under way are over
  std::array<Sentinel, kCount> sentinels_;
  std::map<SessionId, Session> sessions_;
  std::vector<std::string_view> arguments_;
};

}  // namespace drl::simulation
