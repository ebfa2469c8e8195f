#include "http/problem.h"

#include "http/json_escape.h"
#include "http/outcome.h"

namespace drl::http {
namespace {

using base::Status;

constexpr std::string_view kQuotaExceeded =
    R"({"type":"https://iana.org/assignments/http-problem-types#quota-exceeded",)"
    R"("title":"Request cannot be satisfied as assigned quota has been exceeded","status":429)";
constexpr std::string_view kReducedCapacity =
    R"({"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",)"
    R"("title":"Request cannot be satisfied due to temporary server capacity constraints","status":503)";
constexpr std::string_view kNeverDetail =
    "The request costs more than this quota can ever hold; waiting will not help.";

// The fixed text, the two texts of the caller and one name, each with the worst escaping, and the NUL.
static_assert(kReducedCapacity.size() + sizeof R"(,"detail":"","instance":"","violated-policies":[""]})" +
                  6 * (2 * DRL_PROBLEM_TEXT_MAX + kPolicyNameLenMax) <=
              DRL_PROBLEM_SIZE_MAX);

void PutMember(std::string_view key, std::string_view value, TextWriter& out) {
  if (value.empty()) return;
  out.Put(key);
  PutJsonString(value, out);
}

}  // namespace

Status RenderProblem(const PolicySet& policies, const drl_decision& decision, const ProblemTexts& texts,
                     std::span<char> body, Problem& problem) {
  problem = {};
  if (!body.empty()) body[0] = '\0';
  if (Status status = CheckDecision(policies, decision); !status.ok()) return status;
  if (texts.detail.size() > DRL_PROBLEM_TEXT_MAX) return {DRL_ERR_OPTION, "detail must be at most 512 bytes"};
  if (texts.instance.size() > DRL_PROBLEM_TEXT_MAX) return {DRL_ERR_OPTION, "instance must be at most 512 bytes"};

  TextWriter out(body);
  if (IsRefused(decision)) {
    // Without an answer of Redis no policy is known to be violated, and none is accused.
    const bool degraded = decision.outcome == DRL_OUTCOME_UNDECIDED;
    const bool never = decision.outcome == DRL_OUTCOME_NEVER;
    problem.http_status = degraded ? 503 : 429;
    out.Put(degraded ? kReducedCapacity : kQuotaExceeded);
    PutMember(R"(,"detail":)", texts.detail.empty() && never ? kNeverDetail : texts.detail, out);
    PutMember(R"(,"instance":)", texts.instance, out);
    out.Put(std::string_view(R"(,"violated-policies":[)"));
    if (!degraded) PutJsonString(policies.name(static_cast<size_t>(decision.binding)), out);
    out.Put(std::string_view("]}"));
  }
  problem.length = out.length();
  out.Put('\0');
  if (out.fits()) return {};
  if (!body.empty()) body[0] = '\0';
  return {DRL_ERR_BUFFER, "the body has " + std::to_string(problem.length) + " bytes and a NUL"};
}

}  // namespace drl::http
