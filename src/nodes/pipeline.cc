#include "nodes/pipeline.h"

#include <algorithm>
#include <utility>

#include "drl/decision.h"

namespace drl::nodes {

using base::Micros;

void PipelineCounters::CountBatch(int requests) {
  batches.AddAlone();
  batched_decisions.AddAlone(requests);
  batch_size[static_cast<size_t>(base::CeilLog2(requests))].AddAlone();
}

void Pipeline::TakeUp(Request& request) {
  request.sequence = ++sequence_;
  pending_deadline_ = pending_.empty() ? request.deadline : std::min(pending_deadline_, request.deadline);
  pending_.PushBack(&request);
}

bool Pipeline::MayWrite() const {
  if (pending_.empty() || draining_ || script_missing_ || in_flight_.full()) return false;
  if (requests_in_flight_ + requests_per_command_max_ > kRequestsInFlightMax) return false;
  return in_flight_.size() < 2 || pending_.size() >= requests_per_command_max_;
}

void Pipeline::WriteMissingScript(Micros now, redis::RespWriter& out) {
  if (!in_flight_.empty()) return;
  draining_ = false;
  if (!script_missing_) return;
  script_missing_ = false;
  WriteScriptLoad(in_flight_.PushBack(), now, out);
}

void Pipeline::Write(Micros now, const RedisClock& clock, redis::RespWriter& out) {
  if (in_flight_.empty()) draining_ = false;
  while (MayWrite()) WriteCommand(now, clock, out);
}

void Pipeline::WriteCommand(Micros now, const RedisClock& clock, redis::RespWriter& out) {
  while (!pending_.empty() && !writer_.full() && writer_.Takes(*pending_.front())) {
    Request& request = *pending_.PopFront();
    if (request.deadline <= now) {
      TimeOut(request, DRL_CHARGED_NO);
    } else if (request.fate.Send()) {
      writer_.Add(request);
    } else {
      endings_.LetGo(request);
    }
  }
  if (writer_.count() == 0) return;
  Command& command = in_flight_.PushBack();
  writer_.Write(command, ++tag_, now, clock, out);
  requests_in_flight_ += command.count;
  counters_.CountBatch(command.count);
}

void Pipeline::WriteProbe(Micros now, const std::string& key_namespace, redis::RespWriter& out) {
  nodes::WriteProbe(in_flight_.PushBack(), ++tag_, now, key_namespace, out);
}

Micros Pipeline::NextDeadline() const {
  Micros next = pending_.empty() ? INT64_MAX : pending_deadline_;
  for (size_t at = 0; at < in_flight_.size(); ++at) next = std::min(next, in_flight_.at(at).deadline);
  return next;
}

Command& Pipeline::TakeOldest() {
  taken_ = in_flight_.front();
  in_flight_.PopFront();
  requests_in_flight_ -= taken_.count;
  return taken_;
}

void Pipeline::EndAll(Command& command, drl_status cause, int32_t charged, std::string_view why) {
  for (int i = 0; i < command.count; ++i) {
    Request* request = std::exchange(command.requests[static_cast<size_t>(i)], nullptr);
    if (request != nullptr) endings_.Failed(*request, cause, charged, why);
  }
}

void Pipeline::EndWaiting(drl_status cause, std::string_view why) {
  while (!pending_.empty()) endings_.Failed(*pending_.PopFront(), cause, DRL_CHARGED_NO, why);
}

void Pipeline::EndInFlight(drl_status cause, std::string_view why, uint64_t left, Micros now) {
  for (size_t at = 0; at < in_flight_.size(); ++at) {
    Command& command = in_flight_.at(at);
    if (command.begins_at < left) {
      EndAll(command, cause, DRL_CHARGED_UNKNOWN, why);
    } else {
      TakeBack(command, cause, why, now);
    }
  }
  in_flight_.Clear();
  requests_in_flight_ = 0;
}

void Pipeline::Abort(drl_status cause, std::string_view why) {
  EndAll(taken_, cause, DRL_CHARGED_UNKNOWN, why);
  taken_.count = 0;
  for (size_t at = 0; at < in_flight_.size(); ++at) EndAll(in_flight_.at(at), cause, DRL_CHARGED_UNKNOWN, why);
  in_flight_.Clear();
  requests_in_flight_ = 0;
  writer_.Clear();
}

void Pipeline::TakeBack(Command& command, drl_status cause, std::string_view why, Micros now) {
  TakeBack(std::span(command.requests).first(static_cast<size_t>(command.count)), cause, why, now);
  command.count = 0;
}

// Puts requests that surely did not run back in line, at the places they had: those that still have time.
void Pipeline::TakeBack(std::span<Request*> requests, drl_status cause, std::string_view why, Micros now) {
  const auto none = std::remove(requests.begin(), requests.end(), nullptr);
  std::sort(requests.begin(), none, [](const Request* a, const Request* b) { return a->sequence < b->sequence; });
  Request* before = nullptr;
  for (Request* request : std::span(requests.begin(), none)) {
    if (request->deadline <= now) {
      endings_.Failed(*request, cause, DRL_CHARGED_NO, why);
      continue;
    }
    if (!request->fate.TakeBack()) {
      endings_.LetGo(*request);
      continue;
    }
    request->taken_back_for = cause;  // should it be overtaken
    Request* after = before == nullptr ? pending_.front() : before->next;
    for (; after != nullptr && after->sequence < request->sequence; after = before->next) before = after;
    pending_deadline_ = pending_.empty() ? request->deadline : std::min(pending_deadline_, request->deadline);
    pending_.InsertAfter(before, request);
    before = request;
    draining_ = !in_flight_.empty();
  }
}

void Pipeline::TimeOut(Request& request, int32_t charged) {
  const Micros submitted_at = request.submitted_at;  // to end it may be to lose it
  const bool sent = charged == DRL_CHARGED_UNKNOWN;
  if (endings_.Failed(request, DRL_ERR_TIMEOUT, charged,
                      sent ? "Redis did not answer before the deadline" : "Redis did not answer before the deadline; not sent")) {
    breaker_.CountTimeout(submitted_at, sent);
  }
}

void Pipeline::Expire(Micros now) {
  if (pending_deadline_ <= now && !pending_.empty()) {
    RequestList waiting = std::exchange(pending_, {});
    pending_deadline_ = INT64_MAX;
    while (!waiting.empty()) {
      Request* request = waiting.PopFront();
      if (request->deadline <= now) {
        TimeOut(*request, DRL_CHARGED_NO);
      } else {
        pending_deadline_ = std::min(pending_deadline_, request->deadline);
        pending_.PushBack(request);
      }
    }
  }
  for (size_t at = 0; at < in_flight_.size(); ++at) {
    Command& command = in_flight_.at(at);
    if (command.deadline > now) continue;
    Micros next = INT64_MAX;
    for (int i = 0; i < command.count; ++i) {
      Request*& request = command.requests[static_cast<size_t>(i)];
      if (request == nullptr) continue;
      if (request->deadline <= now) {
        TimeOut(*std::exchange(request, nullptr), DRL_CHARGED_UNKNOWN);
      } else {
        next = std::min(next, request->deadline);
      }
    }
    command.deadline = next;
  }
}

}  // namespace drl::nodes
