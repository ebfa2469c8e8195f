// Problem bodies: always one JSON object, whatever the texts, and the texts come back.
#include <fuzzer/FuzzedDataProvider.h>

#include <map>
#include <vector>

#include "http/problem.h"
#include "http_fuzz.h"

namespace {

// Reads the JSON of a problem body, and only that: one object of strings, numbers and arrays of strings.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  std::map<std::string, std::string> Object() {
    std::map<std::string, std::string> members;
    Expect('{');
    do {
      const std::string key = String();
      Expect(':');
      DRL_FUZZ_CHECK(members.emplace(key, Value()).second);
    } while (Accept(','));
    Expect('}');
    DRL_FUZZ_CHECK(text_.empty());
    return members;
  }

 private:
  char Take() {
    DRL_FUZZ_CHECK(!text_.empty());
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }
  void Expect(char c) { DRL_FUZZ_CHECK(Take() == c); }
  bool Accept(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::string Value() {
    if (text_.starts_with('"')) return String();
    if (!Accept('[')) {
      std::string digits;
      while (!text_.empty() && text_[0] >= '0' && text_[0] <= '9') digits += Take();
      DRL_FUZZ_CHECK(!digits.empty());
      return digits;
    }
    const std::string item = text_.starts_with('"') ? String() : "";
    Expect(']');
    return item;
  }

  std::string String() {
    std::string value;
    Expect('"');
    for (char c = Take(); c != '"'; c = Take()) {
      DRL_FUZZ_CHECK(static_cast<unsigned char>(c) >= ' ');
      value += c == '\\' ? Escape() : std::string(1, c);
    }
    return value;
  }

  std::string Escape() {
    const char c = Take();
    if (c == '"' || c == '\\') return std::string(1, c);
    DRL_FUZZ_CHECK(c == 'u');
    std::string hex;
    for (int i = 0; i < 4; ++i) hex += Take();
    const int code = std::stoi(hex, nullptr, 16);
    DRL_FUZZ_CHECK(code < 0xA0);
    if (code < 0x80) return std::string(1, static_cast<char>(code));
    return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
  }

  std::string_view text_;
};

bool IsAscii(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  const std::string name = input.ConsumeRandomLengthString(70);
  drl_decision decision{};
  decision.outcome = input.ConsumeIntegralInRange<int32_t>(0, 5);
  decision.allowed = input.ConsumeIntegralInRange<int32_t>(0, 1);
  decision.limits_count = 1;
  const std::string detail = input.ConsumeRandomLengthString(600);
  const std::string instance = input.ConsumeRandomLengthString(600);
  const auto policies = drl::http::PolicySet::Compile(std::vector<std::string_view>{name});
  if (!policies.ok()) return 0;

  std::vector<char> body(input.ConsumeBool() ? DRL_PROBLEM_SIZE_MAX : input.ConsumeIntegralInRange<size_t>(0, 400));
  drl::http::Problem problem;
  const drl::base::Status status = RenderProblem(*policies, decision, {detail, instance}, body, problem);
  if (body.size() == DRL_PROBLEM_SIZE_MAX) DRL_FUZZ_CHECK(status.code() != DRL_ERR_BUFFER);
  if (!status.ok() || problem.http_status == 200) {
    DRL_FUZZ_CHECK(body.empty() || body[0] == '\0');
    return 0;
  }
  DRL_FUZZ_CHECK(problem.length < body.size() && body[problem.length] == '\0');
  const std::string_view text(body.data(), problem.length);
  DRL_FUZZ_CHECK(!drl::fuzz::HasControl(text));
  auto members = JsonReader(text).Object();
  DRL_FUZZ_CHECK(members["status"] == std::to_string(problem.http_status));
  DRL_FUZZ_CHECK(members["violated-policies"] == (problem.http_status == 503 ? "" : policies->name(0)));
  if (!detail.empty() && IsAscii(detail)) DRL_FUZZ_CHECK(members["detail"] == detail);
  if (IsAscii(instance)) DRL_FUZZ_CHECK(members["instance"] == instance);
  return 0;
}
