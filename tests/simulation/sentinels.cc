#include "sentinels.h"

#include "command_parser.h"
#include "redis/sentinel_connector.h"

namespace drl::simulation {
namespace {

constexpr const char* kMaster = "limits";
constexpr int32_t kPort = 6379;

std::string HostOf(int place) { return "place-" + std::to_string(place); }
int PlaceOf(const redis::Endpoint& endpoint) { return std::stoi(endpoint.host.substr(endpoint.host.find('-') + 1)); }

std::string Bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

}  // namespace

Sentinels::Sentinels(World& world, Server& server, Network& network) : world_(world), server_(server), network_(network) {
  network_.LeadTo(*this);
}

void Sentinels::Describe(redis::Endpoint& endpoint) {
  for (int i = 0; i < kCount; ++i) endpoint.sentinels.hosts.push_back({HostOf(kPlaceOfSentinels + i), kPort});
  endpoint.sentinels.master = kMaster;
}

std::unique_ptr<redis::Connector> Sentinels::MakeConnector(Network& network, const redis::Endpoint& endpoint, Micros patience,
                                                           uint64_t seed) {
  return std::make_unique<redis::SentinelConnector>(endpoint, patience, seed, [&network](const redis::Endpoint& to) {
    return network.MakeConnector(PlaceOf(to));
  });
}

void Sentinels::FailOver(Micros lasts, int64_t election_per_mille, bool lose_state, bool cut) {
  const int old = master_;
  master_ = old == kPlaceA ? kPlaceB : kPlaceA;
  server_.SetMaster(-1);
  if (cut) server_.CloseSessionsAt(old, true);
  const Micros election = lasts * election_per_mille / 1000;
  world_.After(election, [this, lose_state] {
    server_.SetMaster(master_);
    server_.FlushScripts();
    if (lose_state) server_.FlushState();
  });
  for (int i = 0; i < kCount; ++i) {
    world_.After(world_.Draw(election, lasts), [this, i] {
      if (sentinels_[static_cast<size_t>(i)].follies == 0) Name(i, master_, !world_.Chance(3));
    });
  }
  world_.After(lasts, [this] {
    server_.SetMaster(master_);
    server_.CloseSessionsAt(master_ == kPlaceA ? kPlaceB : kPlaceA, false);
    for (int i = 0; i < kCount; ++i) ComeToItsSenses(i);
  });
}

void Sentinels::Begin(int which, Folly folly, int place, Micros lasts) {
  Sentinel& sentinel = sentinels_[static_cast<size_t>(which)];
  ++sentinel.follies;
  switch (folly) {
    case Folly::kLies:
      Name(which, place, true);
      break;
    case Folly::kWavers:
      Waver(which, world_.now() + lasts);
      break;
    case Folly::kForgets:
      sentinel.forgets = true;
      break;
    case Folly::kMute:
      sentinel.mute = true;
      break;
    case Folly::kAway:
      network_.SetSentinelDoor(which, place % 2 == 0 ? Door::kRefuses : Door::kHangs);
      break;
  }
  world_.After(lasts, [this, which] {
    --sentinels_[static_cast<size_t>(which)].follies;
    ComeToItsSenses(which);
  });
}

void Sentinels::Waver(int which, Micros until) {
  if (world_.now() >= until) return;
  const int named = sentinels_[static_cast<size_t>(which)].named;
  Name(which, named == kPlaceA ? kPlaceB : kPlaceA, true);
  world_.After(world_.Draw(1'000, 300'000), [this, which, until] { Waver(which, until); });
}

// What it was asked while it was mute stays unanswered.
void Sentinels::ComeToItsSenses(int which) {
  Sentinel& sentinel = sentinels_[static_cast<size_t>(which)];
  if (sentinel.follies > 0) return;
  sentinel.forgets = sentinel.mute = false;
  network_.SetSentinelDoor(which, Door::kOpen);
  if (sentinel.named != master_) Name(which, master_, true);
}

void Sentinels::Name(int which, int place, bool tell) {
  Sentinel& sentinel = sentinels_[static_cast<size_t>(which)];
  const std::string message = std::string(kMaster) + " " + HostOf(sentinel.named) + " 6379 " + HostOf(place) + " 6379";
  sentinel.named = place;
  if (!tell || sentinel.mute) return;
  const std::string bytes = "*3\r\n" + Bulk("message") + Bulk("+switch-master") + Bulk(message);
  for (const auto& [id, session] : sessions_) {
    if (session.which == which && session.listens) network_.Reply(id, bytes);
  }
}

void Sentinels::Open(SessionId session, int place) { sessions_[session].which = place - kPlaceOfSentinels; }

void Sentinels::HangUp(SessionId session, bool /*reset*/) { sessions_.erase(session); }

void Sentinels::Receive(SessionId id, std::string_view bytes) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  Session& session = found->second;
  session.unheard = session.unheard || sentinels_[static_cast<size_t>(session.which)].mute;
  if (session.unheard) return;
  session.in += bytes;
  while (!session.in.empty()) {
    const Parsed parsed = ParseCommand(session.in, arguments_);
    if (parsed.broken) world_.Fail("a sentinel was sent what is no command");
    if (parsed.broken || parsed.length == 0) return;
    Run(id, session);
    session.in.erase(0, parsed.length);
  }
}

void Sentinels::Run(SessionId id, Session& session) {
  const Sentinel& sentinel = sentinels_[static_cast<size_t>(session.which)];
  if (session.listens) world_.Fail("a sentinel was asked on a connection that listens");
  if (arguments_[0] == "SENTINEL" && arguments_[1] == "GET-MASTER-ADDR-BY-NAME" && arguments_[2] == kMaster) {
    network_.Reply(id, sentinel.forgets ? "*-1\r\n" : "*2\r\n" + Bulk(HostOf(sentinel.named)) + Bulk(std::to_string(kPort)));
  } else if (arguments_[0] == "SUBSCRIBE" && arguments_[1] == "+switch-master") {
    session.listens = true;
    network_.Reply(id, "*3\r\n" + Bulk("subscribe") + Bulk("+switch-master") + ":1\r\n");
  } else {
    if (arguments_[0] != "CLIENT") world_.Fail("a sentinel was sent a command that is none of ours");
    network_.Reply(id, "+OK\r\n");
  }
}

}  // namespace drl::simulation
