// A simulated Redis: commands in as bytes, in whatever pieces they come, replies out as bytes. It has one thread and a clock of its
// own, and all that can be wrong with it is turned on and off from outside.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "journal.h"
#include "keys.h"
#include "peer.h"
#include "script.h"
#include "world.h"

namespace drl::simulation {

// What it says to whatever it is asked.
enum class Mood { kWell, kLoading, kBusy, kNoPermission };

// What it says of a write.
enum class Writes { kTaken, kOutOfMemory, kMisconfigured, kReadOnly, kTooFewReplicas };

class Server final : public Peer {
 public:
  // All outlive it. `older`: of version 6, which words what a script meets in another way.
  Server(World& world, const Keys& keys, Journal& journal, Outlet& outlet, bool older);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The network's side. Nobody opens a session while it is down.
  [[nodiscard]] bool up() const { return up_; }
  void Open(SessionId session, int place = kPlaceA) override;
  void Receive(SessionId session, std::string_view bytes) override;
  void HangUp(SessionId session, bool reset) override;

  // Microseconds since the script's epoch.
  [[nodiscard]] int64_t clock() const;
  void StepClock(int64_t by_us);
  void Drift(int64_t parts_per_million);

  void FlushScripts() { script_loaded_ = false; }
  // As by another client.
  void LoadScript() { script_loaded_ = true; }
  // Somebody on the way has the next answer of the script come twice, if there is one before he is gone.
  void RepeatAnswer(bool repeat) { repeat_answer_ = repeat; }
  void FlushState() { script_.LoseState(clock()); }
  void SetMood(Mood mood) { mood_ = mood; }
  void SetWrites(Writes writes) { refusal_ = RefusalOf(writes); }
  void SetPassword(std::string password) { password_ = std::move(password); }
  // The client may not touch a key.
  void Forbid(int key) { forbidden_.insert(key); }
  void PermitAll() { forbidden_.clear(); }
  void SetSessionsMax(size_t most) { sessions_max_ = most; }
  // Each command waits so long before it is run.
  void SetSlowness(Micros per_command) { slowness_ = per_command; }
  // As by SIGSTOP: bytes are taken and nothing is done.
  void Stop() { stopped_ = true; }
  void Continue();
  // Every session ends and all that was not run is lost, the script too, and the state unless it is kept.
  void GoDown(bool keep_state, bool reset);
  void ComeUp() { up_ = true; }
  // Closes every session, as by CLIENT KILL.
  void CloseSessions(bool reset);
  void CloseSessionsAt(int place, bool reset);
  // Who comes to another place meets a replica, which knows all and writes nothing. -1: there is no master.
  void SetMaster(int place) { master_ = place; }

 private:
  struct Session {
    std::string in;
    size_t read = 0;    // bytes of it that were run
    size_t wanted = 0;  // bytes that it must have before there can be a whole command
    bool known = false; // has logged in
    bool waits = false; // stands in line
    bool hung_up = false;
    int place = kPlaceA;
  };

  void Serve();
  void Work();
  bool RunNext(SessionId id, Session& session);
  void Run(Session& session);
  void Evaluate(const WriteRefusal& refusal);
  void SayRole(bool master);
  [[nodiscard]] const char* Grievance() const;
  void Say(std::string_view line);
  [[nodiscard]] WriteRefusal RefusalOf(Writes writes) const;

  World& world_;
  const Keys& keys_;
  Outlet& outlet_;
  const bool older_;
  Script script_;
  std::map<SessionId, Session> sessions_;
  std::deque<SessionId> line_;  // sessions that have something to run
  std::vector<std::string_view> arguments_;
  std::string reply_;

  int64_t clock_then_ = 0;  // what its clock showed
  Micros then_ = 0;         // at this time of the world
  int64_t drift_ = 0;       // parts per million

  bool up_ = true;
  bool stopped_ = false;
  bool working_ = false;  // a command waits to be run, being slow
  uint64_t life_ = 0;     // counts restarts
  Micros slowness_ = 0;
  bool script_loaded_ = false;
  bool repeat_answer_ = false;
  Mood mood_ = Mood::kWell;
  WriteRefusal refusal_;
  int master_ = kPlaceA;
  WriteRefusal replica_;
  std::string password_;
  std::set<int> forbidden_;
  size_t sessions_max_ = SIZE_MAX;
};

}  // namespace drl::simulation
