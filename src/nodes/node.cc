#include "nodes/node.h"

#include <utility>

#include "drl/decision.h"
#include "redis/permission.h"

namespace drl::nodes {

using base::Micros;

Node::Node(const NodeOptions& options, const redis::Endpoint& endpoint, std::unique_ptr<redis::Connector> connector,
           std::unique_ptr<redis::Credentials> credentials, const Surroundings& surroundings)
    : options_(options),
      clock_(surroundings.clock),
      notes_(surroundings.notes),
      credentials_(std::move(credentials)),
      link_(endpoint, std::move(connector), *credentials_, options.connect_timeout, surroundings.seed),
      renewal_(*credentials_, options.connect_timeout, surroundings.notes, surroundings.seed),
      proof_(link_.name(), readiness_, surroundings.first_namespace, surroundings.notes),
      pipeline_(options.requests_per_command_max, surroundings.endings, breaker_, counters_) {}

void Node::Begin(Micros now) {
  breaker_.Owes(now);  // a connection
  link_.Begin(now);
}

bool Node::Advance(Micros now) {
  proof_.TakeAsked();
  AdvanceLink(now);
  const bool was_ready = link_.ready();
  KeepProbing(now);
  KeepLoggedIn(now);
  return link_.ready() == was_ready;
}

void Node::AdvanceLink(Micros now) {
  if (link_.ready() && link_.Moved(now)) Lose({DRL_ERR_CONNECTION_LOST, "the server is elsewhere now"}, now);
  if (link_.ready()) return;
  const bool waiting = link_.phase() == Link::Phase::kWaiting;
  if (waiting && wants_connection()) link_.OnDemand();
  const Link::Event event = link_.Advance(now);
  if (waiting && (link_.phase() != Link::Phase::kWaiting || event == Link::Event::kFailed)) breaker_.Probing();
  if (event == Link::Event::kReady) LinkReady(now);
  if (event == Link::Event::kFailed) LinkFailed(now);
  // Who waits for an attempt waits no longer than that; and some come just after it.
  if (link_.failed()) pipeline_.EndWaiting(link_.error().code(), link_.error().message());
}

void Node::LinkReady(Micros now) {
  redis_clock_.Forget();
  redis_clock_.Learn(link_.redis_time_us() - core::kEpochUs, link_.asked_at(), clock_.now());
  counters_.connects.AddAlone();
  counters_.connected.store(true, std::memory_order_relaxed);
  breaker_.Close();
  failures_.Forget();
  proof_.Begin();
  renewal_.Begin(link_.login_life(), link_.login_given_at(), now);
  service_time_.Replied(now);
  Say(DRL_LOG_INFO, "connected to " + link_.name(), now);
  if (!link_.remark().empty()) notes_.Add(DRL_LOG_WARNING, link_.remark());
}

void Node::LinkFailed(Micros now) {
  const base::Status& error = link_.error();
  counters_.connect_failures.AddAlone();
  readiness_.Away(error);
  notes_.Complain(failures_, error.message(), now);
  breaker_.Disconnected(error.code(), error.message(), link_.demand_from());
  if (readiness_.awaited()) link_.OnDemand();
}

// A ready connection that says nothing: until it has run the script, and while the breaker is open, one question is kept under
// way, and when even that is not answered for long, the connection is made anew.
void Node::KeepProbing(Micros now) {
  if (!link_.ready()) return;
  if (pipeline_.in_flight() == 0) {
    if (wants_probe() && now >= proof_.probe_at()) Probe(now);
  } else if (now - pipeline_.oldest_sent_at() > SilenceMax()) {
    Lose({DRL_ERR_CONNECTION_LOST, "Redis has not answered for too long"}, now);
  }
}

void Node::Probe(Micros now) {
  const bool urgent = breaker_.refuses() || readiness_.awaited();
  if (breaker_.refuses()) breaker_.Probing();
  pipeline_.WriteProbe(now, proof_.Ask(urgent, now), link_.connection().out());
}

void Node::KeepLoggedIn(Micros now) {
  if (!link_.ready() || pipeline_.full()) return;
  const redis::Login* login = renewal_.Advance(now);
  if (login != nullptr) pipeline_.WriteAuth(now, *login, link_.connection().out());
}

bool Node::Dispatch(Micros now) {
  if (!link_.ready()) return true;
  if (!proof_.refusal().ok()) pipeline_.EndWaiting(proof_.refusal().code(), proof_.refusal().message());
  redis::RespWriter& out = link_.connection().out();
  pipeline_.WriteMissingScript(now, out);
  if (!proof_.pending()) pipeline_.Write(now, redis_clock_, out);
  TellOwed();
  const base::Status status = link_.connection().Flush();
  if (!status.ok()) Lose(status, now);
  return status.ok();
}

bool Node::Receive() {
  bool any = ReceiveOnce();
  while (link_.ready() && link_.connection().buffered()) any = ReceiveOnce() || any;
  return any;
}

bool Node::ReceiveOnce() {
  const base::Result<bool> received = link_.connection().Receive();
  const Micros now = clock_.now();
  const bool any = received.ok() && *received;
  while (true) {
    const base::Result<const redis::Reply*> reply = link_.connection().Next();
    if (!reply.ok()) {
      Lose(reply.status(), now);
      return true;
    }
    if (*reply == nullptr) break;
    if (pipeline_.in_flight() == 0) {
      Lose({DRL_ERR_PROTOCOL, "Redis sent a reply that nobody asked for"}, now);
      return true;
    }
    TakeReply(**reply, now);
    if (!link_.ready()) return true;
  }
  if (!received.ok()) {
    Lose(received.status(), now);
    return true;
  }
  TellOwed();
  return any;
}

void Node::TakeReply(const redis::Reply& reply, Micros now) {
  breaker_.Heard(now);
  TakeReplyOf(pipeline_.TakeOldest(), reply, now);
  pipeline_.DropTaken();
}

void Node::TakeReplyOf(const Command& command, const redis::Reply& reply, Micros now) {
  if (command.kind == CommandKind::kScriptLoad) return TakeLoaded(reply, now);
  if (command.kind == CommandKind::kAuth) return TakeRenewed(reply, now);
  if (reply.type == redis::Reply::Type::kError) return TakeError(command, reply, now);
  const auto& integers = reply.integers;
  const bool ours = reply.type == redis::Reply::Type::kArray && integers.size() >= 2 && integers[0] == command.tag;
  if (!ours || integers[1] < 0 || integers[1] >= core::kEndOfTimeUs) {
    pipeline_.EndTaken(DRL_ERR_PROTOCOL, "the reply does not belong to the command");
    return Lose({DRL_ERR_PROTOCOL, "a reply does not belong to its command"}, now);
  }
  redis_clock_.Learn(integers[1], command.sent_at, now);
  if (breaker_.refuses()) breaker_.Close();
  link_.Proven();
  if (!proof_.ran()) turns_.Forget();
  proof_.Succeed();
  if (command.kind == CommandKind::kDecide) TakeDecisions(command, reply, now);
}

void Node::TakeDecisions(const Command& command, const redis::Reply& reply, Micros now) {
  redis::MappedError error{DRL_ERR_PROTOCOL, redis::ErrorKind::kUnknown};
  base::Cause not_written;
  if (!reply.text.empty()) {  // one request at least
    error = redis::MapError(reply.text);
    not_written = {error.code, redis::ErrorSentence(reply.text, "EVALSHA")};
    proof_.Fail(CommandKind::kDecide, error, reply.text, now);
  }
  if (!pipeline_.TakeVerdicts(reply.integers, not_written, now)) {
    return Lose({DRL_ERR_PROTOCOL, "a reply does not fit its command"}, now);
  }
  service_time_.Decided(command.sent_at, command.count, now);
  if (error.kind == redis::ErrorKind::kUnhealthy) Lose({error.code, base::StatusMessage(error.code)}, now);
}

// That the user stays who it was says nothing about the script, nor how long a decision takes.
void Node::TakeRenewed(const redis::Reply& reply, Micros now) {
  if (reply.type == redis::Reply::Type::kError) return renewal_.Refused(reply.text, now);
  renewal_.Accepted(now);
}

void Node::TakeLoaded(const redis::Reply& reply, Micros now) {
  if (reply.type == redis::Reply::Type::kError) {
    proof_.Fail(CommandKind::kScriptLoad, redis::MapError(reply.text), reply.text, now);
  } else {
    proof_.Hurry();
  }
  service_time_.Replied(now);
}

void Node::TakeError(const Command& command, const redis::Reply& reply, Micros now) {
  const redis::MappedError error = redis::MapError(reply.text);
  proof_.Fail(command.kind, error, reply.text, now);
  const std::string sentence = redis::ErrorSentence(reply.text, "EVALSHA");
  if (error.kind == redis::ErrorKind::kNoScript) {
    pipeline_.TakeNoScript(error.code, sentence, now);
  } else {
    const bool of_a_key = error.code == DRL_ERR_PERMISSION && redis::ExplainRefusal(reply.text, "EVALSHA").key;
    const int32_t charged = error.kind == redis::ErrorKind::kUnknown ? DRL_CHARGED_UNKNOWN : DRL_CHARGED_NO;
    pipeline_.TakeRefusal(error.code, charged, sentence, of_a_key, now);
  }
  service_time_.Replied(now);
  if (error.kind == redis::ErrorKind::kUnhealthy) Lose({error.code, base::StatusMessage(error.code)}, now);
}

// What was sent is lost and stays lost; the rest waits for the next connection.
void Node::Lose(const base::Status& status, Micros now) {
  const bool idle = pipeline_.in_flight() == 0 && status.code() == DRL_ERR_CONNECTION_LOST;
  pipeline_.EndInFlight(DRL_ERR_CONNECTION_LOST, status.message(), link_.connection().out().left(), now);
  breaker_.Owes(now);  // a connection
  counters_.connected.store(false, std::memory_order_relaxed);
  Say(idle ? DRL_LOG_INFO : DRL_LOG_WARNING, "connection lost: " + status.message(), now);
  failures_.Forget();
  proof_.Lost(status);
  renewal_.Lost();
  if (link_.Lose(status, idle, now)) return;
  breaker_.Disconnected(status.code(), status.message(), link_.demand_from());
  pipeline_.EndWaiting(status.code(), status.message());
}

void Node::Say(int32_t level, const std::string& text, Micros now) {
  if (turns_.Due(text, now)) notes_.Add(level, text);
}

void Node::Abort(Micros now) noexcept {
  constexpr const char* kNoMemory = "the connection was given up: out of memory";
  pipeline_.Abort(DRL_ERR_CONNECTION_LOST, kNoMemory);
  counters_.connected.store(false, std::memory_order_relaxed);
  link_.GiveUp(now);
  renewal_.Lost();
  breaker_.Disconnected(DRL_ERR_CONNECTION_LOST, kNoMemory, link_.demand_from());
  pipeline_.EndWaiting(DRL_ERR_CONNECTION_LOST, kNoMemory);
}

void Node::Close(drl_status cause, std::string_view why) {
  pipeline_.Abort(cause, why);
  pipeline_.EndWaiting(cause, why);
}

bool Node::idle() const {
  return link_.ready() && !link_.watch_due() && pipeline_.idle() && !proof_.pending() && proof_.refusal().ok() && !breaker_.refuses();
}

Micros Node::NextTimer() const {
  Micros next = std::min(link_.deadline(), NextDeadline());
  if (pipeline_.in_flight() > 0) next = std::min(next, pipeline_.oldest_sent_at() + SilenceMax() + 1);
  if (wants_probe()) next = std::min(next, proof_.probe_at());
  if (link_.ready() && !pipeline_.full()) next = std::min(next, renewal_.next_at());
  return next;
}

}  // namespace drl::nodes
