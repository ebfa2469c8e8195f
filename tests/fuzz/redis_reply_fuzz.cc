// Replies: bytes of a hostile server, in whatever slices, never make more than the bounds allow, and what passes as the script's
// verdict makes a decision that is consistent in itself.
#include <algorithm>

#include "core/command.h"
#include "core/plan.h"
#include "core/reply.h"
#include "http_fuzz.h"
#include "redis/error_map.h"
#include "redis/permission.h"
#include "redis/reply_reader.h"

namespace {

drl::core::Limits MakeLimits(uint8_t choice) {
  drl_limit plain{100, 60'000'000, 0, nullptr, {0, 0}};
  drl_limit fraction{7, 60'000'000, 20, nullptr, {0, 0}};
  drl::core::Limits limits;
  limits.push_back(*drl::core::Limit::Make(choice % 2 == 0 ? plain : fraction, ""));
  if (choice % 3 == 0) limits.push_back(*drl::core::Limit::Make(fraction, ""));
  return limits;
}

void CheckDecision(const std::vector<int64_t>& integers, const drl::core::Plan& plan, drl::core::Question question) {
  const drl::core::Limits& limits = plan.limits();
  const size_t length = drl::core::VerdictLength(limits);
  if (integers.size() < 2 + length) return;
  drl::core::Verdict verdict;
  if (!drl::core::ReadVerdict(std::span(integers).subspan(2, length), limits, verdict)) return;
  const bool judged = verdict.ruling == drl::core::Ruling::kAllowed || verdict.ruling == drl::core::Ruling::kDenied;
  if (!judged) return;
  drl_decision decision;
  drl::core::FillDecision(verdict, plan, question, 0, decision);
  DRL_FUZZ_CHECK(decision.remaining >= 0 && decision.remaining <= decision.limit);
  DRL_FUZZ_CHECK(decision.reset_after_us >= 0 && decision.retry_after_us >= -1);
  DRL_FUZZ_CHECK(decision.binding >= 0 && static_cast<size_t>(decision.binding) < limits.size());
  DRL_FUZZ_CHECK(decision.allowed == 0 || decision.retry_after_us == 0);
  DRL_FUZZ_CHECK(static_cast<size_t>(decision.limits_count) == limits.size());
  for (size_t i = 0; i < limits.size(); ++i) {
    const drl_limit_state& limit = decision.limits[i];
    DRL_FUZZ_CHECK(limit.remaining >= 0 && limit.remaining <= limit.burst && limit.reset_after_us >= 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const drl::core::Plan plan(MakeLimits(data[0]));
  const size_t slice = 1 + data[1] % 64;
  drl::redis::ReplyReader reader;
  for (size_t at = 2; at < size; at += slice) {
    const std::string_view bytes(reinterpret_cast<const char*>(data) + at, std::min(slice, size - at));
    if (!reader.Feed(bytes).ok()) return 0;
    while (true) {
      const auto reply = reader.Next();
      if (!reply.ok()) return 0;
      if (*reply == nullptr) break;
      DRL_FUZZ_CHECK((*reply)->integers.size() <= drl::redis::ReplyReader::kElementsMax);
      DRL_FUZZ_CHECK((*reply)->text.size() <= drl::redis::Reply::kTextMax);
      (void)drl::redis::MapError((*reply)->text);
      (void)drl::redis::ExplainRefusal((*reply)->text, "EVALSHA");
      CheckDecision((*reply)->integers, plan, {1 + data[0], data[1] % 16});
    }
  }
  return 0;
}
