// The simplest client that keeps the promises, a request a command, and ways in which it breaks them: what shows that the checks of
// the simulation find no fault where there is none, and each that there is.
#pragma once

#include <deque>

#include "redis/handshake.h"
#include "redis/reply_reader.h"
#include "redis/resp.h"
#include "subject.h"

namespace drl::simulation {

enum class Lie {
  kNone,
  kNotCharged,  // of what was lost: that it did not run
  kSentAgain,   // what was lost, on the next connection
  kSwapped,     // two answers, where two have come
  kTurned,      // the latest is sent first
  kLateEnd,     // a microsecond after the deadline
  kNoEnd,       // of what was lost
  kTwoEnds,     // of what was cancelled
  kLateCharge,  // the server is told a later deadline
  kAnyTag,      // whatever comes is taken for the answer
  kUndecided,   // after the first lost connection nothing is asked any more
};

class PlainClient final : public Subject {
 public:
  PlainClient(const Setting& setting, Lie lie);

  void Ask(size_t first) override;
  void Cancel(size_t request) override;
  void Turn() override;
  [[nodiscard]] bool has_news() const override { return news_; }
  [[nodiscard]] Micros next_at() const override;
  [[nodiscard]] std::string Finish() override;

 private:
  [[nodiscard]] Told& told(size_t request) const { return setting_.told[request]; }
  void Connect();
  void LogIn(const redis::Reply& reply);
  void Write();
  void Read();
  void Take(size_t request, const redis::Reply& reply);
  void Expire();
  void Lose();
  void End(size_t request, drl_status cause, bool may_have_run) const;

  const Setting setting_;
  const Lie lie_;
  const std::unique_ptr<redis::Connector> connector_;
  std::unique_ptr<redis::Transport> transport_;
  std::unique_ptr<redis::ReplyReader> reader_;
  redis::RespWriter out_;
  redis::Handshake handshake_;
  bool connecting_ = false;
  bool ready_ = false;
  bool news_ = true;
  bool lost_once_ = false;
  Micros attempt_at_ = 0;   // not before
  Micros attempt_until_ = 0;
  int64_t offset_ = 0;      // of the server's clock
  std::deque<size_t> waiting_;
  std::deque<size_t> sent_;  // SIZE_MAX: no request
};

}  // namespace drl::simulation
