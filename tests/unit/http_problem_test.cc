#include "http/problem.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/json_escape.h"

namespace drl::http {
namespace {

PolicySet Policies(const std::vector<std::string_view>& names) { return std::move(*PolicySet::Compile(names)); }

drl_decision Decision(int32_t outcome, int32_t allowed = 0) {
  drl_decision decision{};
  decision.outcome = outcome;
  decision.allowed = allowed;
  decision.limits_count = 2;
  return decision;
}

struct Rendered {
  drl_status code;
  int32_t http_status;
  size_t length;
  std::string body;
};

Rendered Render(const drl_decision& decision, const ProblemTexts& texts = {}, size_t size = DRL_PROBLEM_SIZE_MAX) {
  std::vector<char> body(size, '#');
  Problem problem;
  const PolicySet policies = Policies({"burst", "daily"});
  const base::Status status = RenderProblem(policies, decision, texts, body, problem);
  return {status.code(), problem.http_status, problem.length, size == 0 ? "" : std::string(body.data())};
}

std::string Json(std::string_view text) {
  char buffer[256];
  TextWriter out(buffer);
  PutJsonString(text, out);
  EXPECT_TRUE(out.fits());
  return std::string(out.Since(0));
}

TEST(Problem, DeniedIs429AndNamesThePolicy) {
  drl_decision decision = Decision(DRL_OUTCOME_DENIED);
  decision.binding = 1;
  const Rendered got = Render(decision);
  EXPECT_EQ(got.http_status, 429);
  EXPECT_EQ(got.body,
            R"({"type":"https://iana.org/assignments/http-problem-types#quota-exceeded",)"
            R"("title":"Request cannot be satisfied as assigned quota has been exceeded",)"
            R"("status":429,"violated-policies":["daily"]})");
  EXPECT_EQ(got.length, got.body.size());
}

TEST(Problem, NeverIs429AndSaysThatWaitingIsVain) {
  const Rendered got = Render(Decision(DRL_OUTCOME_NEVER));
  EXPECT_EQ(got.http_status, 429);
  EXPECT_NE(got.body.find("#quota-exceeded"), std::string::npos);
  EXPECT_NE(got.body.find("waiting will not help"), std::string::npos);
}

TEST(Problem, RefusedWithoutRedisIs503AndAccusesNoPolicy) {
  const Rendered got = Render(Decision(DRL_OUTCOME_UNDECIDED));
  EXPECT_EQ(got.http_status, 503);
  EXPECT_EQ(got.body,
            R"({"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",)"
            R"("title":"Request cannot be satisfied due to temporary server capacity constraints",)"
            R"("status":503,"violated-policies":[]})");
}

TEST(Problem, AllowedIs200WithoutABody) {
  for (const drl_decision& decision : {Decision(DRL_OUTCOME_ALLOWED, 1), Decision(DRL_OUTCOME_UNDECIDED, 1)}) {
    const Rendered got = Render(decision);
    EXPECT_EQ(got.http_status, 200);
    EXPECT_EQ(got.body, "");
    EXPECT_EQ(got.length, 0u);
  }
}

TEST(Problem, DetailAndInstanceAreTheCallers) {
  const Rendered got = Render(Decision(DRL_OUTCOME_NEVER), {"Too big.", "/a?b=\"c\""});
  EXPECT_NE(got.body.find(R"(,"detail":"Too big.","instance":"/a?b=\"c\"",)"), std::string::npos) << got.body;
}

TEST(Problem, SmallBufferIsToldTheSize) {
  const Rendered whole = Render(Decision(DRL_OUTCOME_DENIED));
  const Rendered fits = Render(Decision(DRL_OUTCOME_DENIED), {}, whole.length + 1);
  EXPECT_EQ(fits.body, whole.body);
  for (size_t size = 0; size <= whole.length; ++size) {
    const Rendered got = Render(Decision(DRL_OUTCOME_DENIED), {}, size);
    EXPECT_EQ(got.code, DRL_ERR_BUFFER);
    EXPECT_EQ(got.length, whole.length);
    EXPECT_EQ(got.http_status, 429);
    EXPECT_EQ(got.body, "");
  }
}

TEST(Problem, WorstTextsFitTheLargestBuffer) {
  const std::string text(DRL_PROBLEM_TEXT_MAX, '\x01');
  EXPECT_EQ(Render(Decision(DRL_OUTCOME_DENIED), {text, text}).code, DRL_OK);
}

TEST(Problem, LongTextsAreRefused) {
  const std::string text(DRL_PROBLEM_TEXT_MAX + 1, 'x');
  EXPECT_EQ(Render(Decision(DRL_OUTCOME_DENIED), {text, ""}).code, DRL_ERR_OPTION);
  EXPECT_EQ(Render(Decision(DRL_OUTCOME_DENIED), {"", text}).code, DRL_ERR_OPTION);
}

TEST(Problem, DecisionThatWasNeverMadeIsRefused) { EXPECT_EQ(Render(drl_decision{}).code, DRL_ERR_OPTION); }

TEST(JsonEscape, QuotesAndBackslashes) { EXPECT_EQ(Json(R"(a"b\c/)"), R"("a\"b\\c/")"); }

TEST(JsonEscape, ControlCharacters) {
  EXPECT_EQ(Json(std::string_view("\0\r\n\x1f\x7f", 5)), R"("\u0000\u000d\u000a\u001f\u007f")");
  EXPECT_EQ(Json("\xC2\x85"), R"("\u0085")");
}

TEST(JsonEscape, Utf8IsKept) {
  EXPECT_EQ(Json("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"), "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"");
}

TEST(JsonEscape, WhatIsNotUtf8IsReplaced) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(Json("a\xFFz"), "\"a" + bad + "z\"");
  EXPECT_EQ(Json("\xC0\xAF"), "\"" + bad + bad + "\"");               // overlong slash
  EXPECT_EQ(Json("\xE0\x80\xAF"), "\"" + bad + bad + bad + "\"");     // overlong slash
  EXPECT_EQ(Json("\xF0\x80\x80\xAF"), "\"" + bad + bad + bad + bad + "\"");  // overlong slash
  EXPECT_EQ(Json("\xED\xA0\x80"), "\"" + bad + bad + bad + "\"");     // surrogate
  EXPECT_EQ(Json("\xF4\x90\x80\x80"), "\"" + bad + bad + bad + bad + "\"");  // beyond U+10FFFF
  EXPECT_EQ(Json("\xE2\x82"), "\"" + bad + bad + "\"");               // cut
  EXPECT_EQ(Json("\xE2\"\xAC"), "\"" + bad + "\\\"" + bad + "\"");    // a quote is never swallowed
}

}  // namespace
}  // namespace drl::http
