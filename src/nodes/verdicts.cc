// What a reply means for the requests of its command.
#include <algorithm>
#include <utility>

#include "drl/decision.h"
#include "nodes/pipeline.h"

namespace drl::nodes {
namespace {

using base::Micros;

constexpr const char* kLate = "Redis reached the request after its deadline and charged nothing";

// Whether a later request of this command, for the same key as that in place `i`, was decided; its integers begin at `at`.
bool IsDecidedLater(const Command& command, int i, std::span<const int64_t> integers, size_t at) {
  const core::Key& key = command.requests[static_cast<size_t>(i)]->key;
  for (auto j = static_cast<size_t>(i) + 1; j < static_cast<size_t>(command.count); ++j) {
    const Request* later = command.requests[j];
    if (later != nullptr && integers[at] != core::kExpiredMark && later->key.view() == key.view()) return true;
    at += command.reply_lengths[j];
  }
  return false;
}

}  // namespace

bool Pipeline::TakeVerdicts(std::span<const int64_t> integers, const base::Cause& not_written, Micros now) {
  size_t expected = 2;
  for (int i = 0; i < taken_.count; ++i) expected += taken_.reply_lengths[static_cast<size_t>(i)];
  bool sound = integers.size() == expected;
  if (sound && draining_) EndOvertaken(integers);
  Micros waited = 0;
  std::array<Request*, core::kRequestsPerCommandMax> late;
  size_t late_count = 0;
  size_t at = 2;
  for (int i = 0; sound && i < taken_.count; ++i) {
    Request*& request = taken_.requests[static_cast<size_t>(i)];
    const std::span<const int64_t> own = integers.subspan(at, taken_.reply_lengths[static_cast<size_t>(i)]);
    at += own.size();
    const bool expired = own[0] == core::kExpiredMark;
    if (expired) counters_.expired_in_redis.AddAlone();
    if (request == nullptr) {
      if (!expired) counters_.late_replies.AddAlone();
      continue;
    }
    core::Verdict verdict;
    sound = request->kind == RequestKind::kReset ? core::ReadForgotten(own[0], verdict)
                                                 : core::ReadVerdict(own, request->plan->limits(), verdict);
    if (!sound) break;
    const bool overtaken = expired && IsDecidedLater(taken_, i, integers, at);
    Request& ending = *std::exchange(request, nullptr);
    if (overtaken) {
      endings_.Failed(ending, DRL_ERR_TIMEOUT, DRL_CHARGED_NO, kLate);
    } else if (expired) {
      late[late_count++] = &ending;
    } else {
      waited += now - ending.submitted_at;
      EndByVerdict(ending, verdict, integers[1], not_written, now);
    }
  }
  // Their group was past its deadline: those that joined it later may still have time.
  TakeBack(std::span(late).first(late_count), DRL_ERR_TIMEOUT, kLate, now);
  if (!sound) {
    EndTaken(DRL_ERR_PROTOCOL, "the reply does not fit the command");
  } else if (taken_.count > 0) {
    endings_.CommandAnswered(waited / taken_.count);
  }
  return sound;
}

void Pipeline::EndByVerdict(Request& request, const core::Verdict& verdict, int64_t redis_us, const base::Cause& not_written,
                            Micros now) {
  switch (verdict.ruling) {
    case core::Ruling::kAllowed:
    case core::Ruling::kDenied:
      if (request.scope->apart()) request.scope->SetApart(false);
      endings_.Decided(request, verdict, redis_us, now);
      return;
    case core::Ruling::kForeign:
      endings_.Failed(request, DRL_ERR_KEY_TYPE, DRL_CHARGED_NO, base::StatusMessage(DRL_ERR_KEY_TYPE));
      return;
    default:
      endings_.Failed(request, not_written.code, DRL_CHARGED_NO, not_written.sentence.view());
      return;
  }
}

// The command was decided while earlier requests wait to be sent again, since another client loaded the script meanwhile, say:
// those that ask for one of its keys have been overtaken, and end.
void Pipeline::EndOvertaken(std::span<const int64_t> integers) {
  std::array<const Request*, core::kRequestsPerCommandMax> decided;
  size_t count = 0;
  size_t at = 2;
  for (size_t i = 0; i < static_cast<size_t>(taken_.count); ++i) {
    if (taken_.requests[i] != nullptr && integers[at] != core::kExpiredMark) decided[count++] = taken_.requests[i];
    at += taken_.reply_lengths[i];
  }
  RequestList waiting = std::exchange(pending_, {});
  while (!waiting.empty()) {
    Request* request = waiting.PopFront();
    const bool overtaken = std::any_of(decided.begin(), decided.begin() + count, [&](const Request* other) {
      return other->sequence > request->sequence && other->key.hash == request->key.hash &&
             other->key.view() == request->key.view();
    });
    if (overtaken) {
      endings_.Failed(*request, request->taken_back_for, DRL_CHARGED_NO, base::StatusMessage(request->taken_back_for));
    } else {
      pending_.PushBack(request);
    }
  }
}

void Pipeline::TakeNoScript(drl_status cause, std::string_view why, Micros now) {
  script_missing_ = true;
  TakeBack(taken_, cause, why, now);
}

// One namespace that this user may not touch has Redis refuse the whole command: the others go again without it, and its scope
// goes apart until it is decided again.
void Pipeline::TakeRefusal(drl_status cause, int32_t charged, std::string_view why, bool of_a_key, Micros now) {
  if (of_a_key) {
    for (Request* request : std::span(taken_.requests).first(static_cast<size_t>(taken_.count))) {
      if (request == nullptr) continue;
      if (taken_.mixed) {
        request->alone = true;
      } else {
        request->scope->SetApart(true);
      }
    }
    if (taken_.mixed) return TakeBack(taken_, cause, why, now);
  }
  EndAll(taken_, cause, charged, why);
}

}  // namespace drl::nodes
