// Probing: whether a server runs the script for this user.
//
// It is asked on each new connection, before anything is charged, and again until it has (node.cc says when); the verdicts on
// requests say so too. What it refuses is complained of, ends the requests that meet it, and is asked for again now and then.
#pragma once

#include <string>
#include <string_view>

#include "base/repeats.h"
#include "base/status.h"
#include "nodes/command.h"
#include "nodes/notes.h"
#include "nodes/readiness.h"
#include "redis/error_map.h"

namespace drl::nodes {

class Proof {
 public:
  Proof(const std::string& server, Readiness& readiness, const FirstNamespace& space, Notes& notes)
      : server_(server), readiness_(readiness), first_namespace_(space), notes_(notes) {}

  // A new connection.
  void Begin();
  // The connection was lost before the proof.
  void Lost(const base::Status& why);
  // A probe is sent, about a key of this namespace; the next is due soon if somebody waits.
  [[nodiscard]] std::string Ask(bool urgent, base::Micros now);
  // Ask at once: the script was loaded; or some thread wants to know.
  void Hurry() { probe_at_ = 0; }
  void TakeAsked();
  // The script answered.
  void Succeed();
  // The server answered with an error. Called before the requests that met it end, so it does not throw: what there is no memory
  // for is not said.
  void Fail(CommandKind kind, const redis::MappedError& error, std::string_view text, base::Micros now) noexcept;

  // Whether the script has run on this connection.
  [[nodiscard]] bool ran() const { return ran_; }
  // Nothing is charged while the first probe of the connection was not answered, or this user may not run the script.
  [[nodiscard]] bool pending() const { return pending_; }
  [[nodiscard]] const base::Status& refusal() const { return refusal_; }
  [[nodiscard]] base::Micros probe_at() const { return probe_at_; }

 private:
  void Say(CommandKind kind, const redis::MappedError& error, std::string_view text, base::Micros now);
  void Refuse(const base::Status& why, base::Micros now);
  void Excuse();

  static constexpr base::Micros kProbeEvery = 100'000;
  static constexpr base::Micros kProbeSeldom = 1'000'000;  // while nobody waits for the answer

  const std::string& server_;  // for messages
  Readiness& readiness_;
  const FirstNamespace& first_namespace_;  // of the client
  Notes& notes_;
  bool ran_ = false;
  bool pending_ = true;
  bool named_ = false;  // the last probe was about the namespace of a limiter
  base::Status refusal_;
  base::Micros probe_at_ = 0;
  base::Repeats complaints_;
};

}  // namespace drl::nodes
