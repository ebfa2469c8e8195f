#include "plain_client.h"

#include <algorithm>
#include <array>

#include "redis/script.h"

namespace drl::simulation {
namespace {

constexpr size_t kNoRequest = SIZE_MAX;
constexpr size_t kSentMax = 32;
constexpr Micros kSilenceMax = 1'000'000;

}  // namespace

PlainClient::PlainClient(const Setting& setting, Lie lie)
    : setting_(setting), lie_(lie), connector_(setting.network.MakeConnector()) {}

void PlainClient::Ask(size_t first) {
  for (size_t i = first; i < setting_.told.size(); ++i) waiting_.push_back(i);
  news_ = true;
}

void PlainClient::Cancel(size_t request) {
  const bool sent = std::find(sent_.begin(), sent_.end(), request) != sent_.end();
  told(request).cancelled = true;
  End(request, DRL_ERR_CANCELLED, sent);
  if (lie_ == Lie::kTwoEnds) End(request, DRL_ERR_CANCELLED, sent);
}

void PlainClient::End(size_t request, drl_status cause, bool may_have_run) const {
  Told& one = told(request);
  one.ended_at = setting_.world.now();
  ++one.ends;
  one.cause = cause;
  one.may_have_run = may_have_run;
}

void PlainClient::Turn() {
  news_ = false;
  Expire();
  if (transport_ == nullptr) Connect();
  if (transport_ != nullptr) Read();
  if (ready_) Write();
  if (transport_ != nullptr && !out_.pending().empty()) {
    const base::Result<size_t> taken = transport_->Send(out_.pending());
    if (!taken.ok()) return Lose();
    out_.Consume(*taken);
  }
}

Micros PlainClient::next_at() const {
  Micros next = transport_ != nullptr ? INT64_MAX : connecting_ ? std::min(attempt_until_, connector_->next_at()) : attempt_at_;
  const Micros late = lie_ == Lie::kLateEnd ? 1 : 0;
  for (const size_t request : waiting_) next = std::min(next, told(request).ends == 0 ? told(request).deadline + late : INT64_MAX);
  for (const size_t request : sent_) {
    if (request != kNoRequest && told(request).ends == 0) next = std::min(next, told(request).deadline + late);
  }
  return transport_ != nullptr ? std::min(next, attempt_until_) : next;
}

void PlainClient::Connect() {
  const Micros now = setting_.world.now();
  if (!connecting_ && now >= attempt_at_ && (lie_ != Lie::kUndecided || !lost_once_)) {
    connector_->Begin(now);
    connecting_ = true;
    attempt_until_ = now + setting_.story.connect_timeout;
  }
  if (!connecting_) {
    if (lie_ == Lie::kUndecided) attempt_at_ = INT64_MAX;
    return;
  }
  base::Result<std::unique_ptr<redis::Transport>> made = connector_->Advance(now);
  if (!made.ok() || now >= attempt_until_) return Lose();
  if (*made == nullptr) return;
  transport_ = std::move(*made);
  reader_ = std::make_unique<redis::ReplyReader>();
  redis::Endpoint endpoint;
  endpoint.client_name = "plain";
  handshake_.Begin(endpoint, redis::Login(), out_);
  attempt_until_ = now + kSilenceMax;
}

void PlainClient::Write() {
  while (!waiting_.empty() && sent_.size() < kSentMax) {
    const size_t request = lie_ == Lie::kTurned ? waiting_.back() : waiting_.front();
    if (lie_ == Lie::kTurned) {
      waiting_.pop_back();
    } else {
      waiting_.pop_front();
    }
    const Told& asked = told(request);
    if (asked.ends != 0 && lie_ != Lie::kSentAgain) continue;
    const core::Limits& limits = setting_.catalogue.keys().limits(asked.key);
    const bool takes = asked.operation == core::Operation::kTake;
    out_.Array(3 + 1 + 1 + core::kGroupHeadLength + (takes ? core::NumbersLength(limits) : 0));
    out_.Bulk("EVALSHA");
    out_.Bulk(redis::kScriptSha1);
    out_.Integer(1);
    out_.Bulk(setting_.catalogue.keys().text(asked.key));
    out_.Integer(static_cast<int64_t>(request));
    core::EncodeGroupHead(asked.operation, asked.deadline + offset_ + (lie_ == Lie::kLateCharge ? 20'000 : 0), 1, 1, out_);
    if (takes) core::EncodeNumbers(limits, asked.question.cost, asked.question.headroom, out_);
    if (sent_.empty()) attempt_until_ = setting_.world.now() + kSilenceMax;
    sent_.push_back(request);
  }
  if (sent_.empty()) attempt_until_ = INT64_MAX;
}

void PlainClient::Read() {
  if (setting_.world.now() >= attempt_until_) return Lose();
  std::array<char, redis::ReplyReader::kFeedMax> room;
  const base::Result<size_t> got = transport_->Receive(room);
  if (!got.ok() || !reader_->Feed({room.data(), *got}).ok()) return Lose();
  while (true) {
    const base::Result<const redis::Reply*> reply = reader_->Next();
    if (!reply.ok()) return Lose();
    if (*reply == nullptr) return;
    attempt_until_ = setting_.world.now() + kSilenceMax;
    if (!ready_) {
      LogIn(**reply);
      if (transport_ == nullptr) return;
      continue;
    }
    if (sent_.empty()) return Lose();  // nobody asked for it
    if (lie_ == Lie::kSwapped && sent_.size() > 1) std::swap(sent_[0], sent_[1]);
    const size_t request = sent_.front();
    sent_.pop_front();
    if (request != kNoRequest) Take(request, **reply);
    if (transport_ == nullptr) return;
  }
}

void PlainClient::LogIn(const redis::Reply& reply) {
  if (!handshake_.Accept(reply).ok()) return Lose();
  ready_ = handshake_.done();
  // What the server said was true before it came, so a deadline is rather too early.
  offset_ = handshake_.redis_time_us() - core::kEpochUs - setting_.world.now();
}

void PlainClient::Take(size_t request, const redis::Reply& reply) {
  Told& one = told(request);
  const bool error = reply.type != redis::Reply::Type::kArray;
  if (error && reply.text.starts_with("NOSCRIPT")) {
    out_.Array(3);
    out_.Bulk("SCRIPT");
    out_.Bulk("LOAD");
    out_.Bulk(redis::kScriptText);
    sent_.push_back(kNoRequest);
  }
  if (!error && reply.integers[0] != static_cast<int64_t>(request) &&
      lie_ != Lie::kAnyTag && lie_ != Lie::kSwapped) {
    sent_.push_front(request);  // lost like the others
    return Lose();
  }
  if (!error) offset_ = reply.integers[1] - setting_.world.now();
  if (one.ends != 0) return;
  if (error || reply.integers[2] == core::kExpiredMark || reply.integers[2] == core::kErrorMark) {
    return End(request, DRL_ERR_REDIS, false);
  }
  End(request, DRL_OK, false);
  one.decided = true;
  one.server_us = reply.integers[1];
  if (one.operation == core::Operation::kForget) return;
  core::Verdict verdict;
  const core::Limits& limits = setting_.catalogue.keys().limits(one.key);
  const auto integers = std::span(reply.integers).subspan(2);
  if (integers.size() != core::VerdictLength(limits) || !core::ReadVerdict(integers, limits, verdict)) return;
  one.mark = MarkOf(verdict.allowed(), std::span(verdict.debts).first(limits.size()));
}

void PlainClient::Expire() {
  const Micros now = setting_.world.now() - (lie_ == Lie::kLateEnd ? 1 : 0);
  std::erase_if(waiting_, [this](size_t request) { return told(request).ends != 0 && lie_ != Lie::kSentAgain; });
  for (const size_t request : waiting_) {
    if (told(request).ends == 0 && told(request).deadline <= now) End(request, DRL_ERR_TIMEOUT, false);
  }
  for (const size_t request : sent_) {
    if (request != kNoRequest && told(request).ends == 0 && told(request).deadline <= now) End(request, DRL_ERR_TIMEOUT, true);
  }
}

std::string PlainClient::Finish() {
  for (const size_t request : waiting_) {
    if (told(request).ends == 0) End(request, DRL_ERR_CLOSED, false);
  }
  for (const size_t request : sent_) {
    if (request != kNoRequest && told(request).ends == 0) End(request, DRL_ERR_CLOSED, true);
  }
  return {};
}

void PlainClient::Lose() {
  for (const size_t request : sent_) {
    if (request == kNoRequest) continue;
    if (lie_ == Lie::kSentAgain) waiting_.push_back(request);
    if (told(request).ends == 0 && lie_ != Lie::kNoEnd) End(request, DRL_ERR_CONNECTION_LOST, lie_ != Lie::kNotCharged);
  }
  sent_.clear();
  transport_.reset();
  out_ = {};
  connector_->Stop();
  ready_ = connecting_ = false;
  lost_once_ = true;
  attempt_at_ = setting_.world.now() + 100'000;
}

}  // namespace drl::simulation
