// Headers: whatever the names and numbers, every value is printable, lies in the caller's struct, reads back, and promises no more
// than the decision.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

#include "http/headers.h"
#include "http_fuzz.h"

namespace {

// Reads the names of a Structured Field list of Strings with integer parameters; aborts on anything else.
std::vector<std::string> ReadNames(std::string_view text) {
  std::vector<std::string> names;
  size_t at = 0;
  while (true) {
    DRL_FUZZ_CHECK(at < text.size() && text[at++] == '"');
    std::string name;
    while (at < text.size() && text[at] != '"') {
      if (text[at] == '\\') DRL_FUZZ_CHECK(++at < text.size() && (text[at] == '"' || text[at] == '\\'));
      name += text[at++];
    }
    DRL_FUZZ_CHECK(at < text.size() && text[at++] == '"');
    names.push_back(name);
    while (at < text.size() && text[at] == ';') {
      DRL_FUZZ_CHECK(at + 3 < text.size() && text[at + 2] == '=');
      const size_t digits = at += 3;
      while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
      DRL_FUZZ_CHECK(at > digits && at - digits <= 15);
    }
    if (at == text.size()) return names;
    DRL_FUZZ_CHECK(text.substr(at).starts_with(", "));
    at += 2;
  }
}

drl_decision TakeDecision(FuzzedDataProvider& input) {
  drl_decision decision{};
  decision.outcome = input.ConsumeIntegralInRange<int32_t>(0, 5);
  decision.allowed = input.ConsumeIntegralInRange<int32_t>(0, 1);
  decision.flags = input.ConsumeIntegralInRange<int32_t>(0, DRL_DECISION_DEGRADED);
  decision.binding = input.ConsumeIntegralInRange<int32_t>(-1, 8);
  decision.remaining = input.ConsumeIntegral<int64_t>();
  decision.retry_after_us = input.ConsumeIntegral<int64_t>();
  decision.reset_after_us = input.ConsumeIntegral<int64_t>();
  decision.decided_at_us = input.ConsumeIntegral<int64_t>();
  return decision;
}

drl_header_options TakeOptions(FuzzedDataProvider& input) {
  drl_header_options options = DRL_HEADER_OPTIONS_INIT;
  options.styles = input.ConsumeIntegralInRange<int32_t>(-1, 33);
  options.x_reset = input.ConsumeIntegralInRange<int32_t>(0, 2);
  options.lower_case = input.ConsumeIntegralInRange<int32_t>(0, 2);
  options.retry_jitter_us = input.ConsumeIntegralInRange<int64_t>(-1, 86'400'000'001);
  options.jitter_seed = input.ConsumeIntegral<int64_t>();
  return options;
}

void CheckItem(const drl_headers& headers, const drl_header& item, const drl::http::PolicySet& policies,
               size_t binding) {
  const std::string_view name(item.name, item.name_len);
  const std::string_view value(item.value, item.value_len);
  DRL_FUZZ_CHECK(item.name[item.name_len] == '\0' && item.value[item.value_len] == '\0');
  DRL_FUZZ_CHECK(item.value >= headers.text && item.value + item.value_len < headers.text + sizeof headers.text);
  DRL_FUZZ_CHECK(!name.empty() && !value.empty() && !drl::fuzz::HasControl(name) && !drl::fuzz::HasControl(value));
  if (name == "RateLimit-Policy" || name == "ratelimit-policy") {
    const std::vector<std::string> names = ReadNames(value);
    DRL_FUZZ_CHECK(names.size() == policies.size());
    for (size_t i = 0; i < names.size(); ++i) DRL_FUZZ_CHECK(names[i] == policies.name(i));
  }
  if (name == "RateLimit" || name == "ratelimit") {
    DRL_FUZZ_CHECK(ReadNames(value) == std::vector<std::string>{policies.name(binding)});
  }
}

// Digits alone, as many as an Integer of Structured Fields may have.
int64_t ReadNumber(std::string_view text) {
  DRL_FUZZ_CHECK(!text.empty() && text.size() <= 15 && text.find_first_not_of("0123456789") == std::string_view::npos);
  return std::stoll(std::string(text));
}

using ByName = std::map<std::string, std::string>;

ByName NamesInLowerCase(const drl_headers& headers) {
  ByName values;
  for (int32_t i = 0; i < headers.count; ++i) {
    std::string name = headers.items[i].name;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    DRL_FUZZ_CHECK(values.emplace(name, headers.items[i].value).second);
  }
  return values;
}

// Who was refused and may come back is told when, in a second at the earliest and never before the window ends; nobody else is.
// Without an answer of Redis nothing is said about the bucket.
void CheckPromises(const ByName& values, const drl_decision& decision) {
  const bool undecided = decision.outcome == DRL_OUTCOME_UNDECIDED;
  const bool comes_back = decision.outcome == DRL_OUTCOME_DENIED || (undecided && decision.allowed == 0);
  const auto retry = values.find("retry-after");
  DRL_FUZZ_CHECK((retry != values.end()) == comes_back);
  if (comes_back) DRL_FUZZ_CHECK(ReadNumber(retry->second) >= 1);
  for (const char* name : {"ratelimit-limit", "x-ratelimit-limit"}) {
    if (values.contains(name)) ReadNumber(values.at(name));
  }
  for (const char* name : {"ratelimit-remaining", "ratelimit-reset", "x-ratelimit-remaining", "x-ratelimit-reset"}) {
    if (!values.contains(name)) continue;
    const int64_t number = ReadNumber(values.at(name));
    DRL_FUZZ_CHECK(!undecided && (decision.flags & DRL_DECISION_DEGRADED) == 0);
    if (comes_back && std::string_view(name) == "ratelimit-reset") {
      DRL_FUZZ_CHECK(number >= 1 && ReadNumber(retry->second) >= number);
    }
  }
  if (!values.contains("ratelimit")) return;
  DRL_FUZZ_CHECK(!undecided && (decision.flags & DRL_DECISION_DEGRADED) == 0);
  const std::string& state = values.at("ratelimit");
  const int64_t t = ReadNumber(std::string_view(state).substr(state.rfind(";t=") + 3));
  if (comes_back) DRL_FUZZ_CHECK(ReadNumber(retry->second) >= t);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  drl_decision decision = TakeDecision(input);
  const drl_header_options options = TakeOptions(input);
  std::vector<std::string> names(input.ConsumeIntegralInRange<size_t>(0, 9));
  for (std::string& name : names) {
    name = input.ConsumeRandomLengthString(66);
    drl_limit_state limit{};
    limit.rate = input.ConsumeIntegral<int64_t>();
    limit.per_us = input.ConsumeIntegral<int64_t>();
    limit.burst = input.ConsumeIntegral<int64_t>();
    if (decision.limits_count < DRL_LIMITS_MAX) decision.limits[decision.limits_count++] = limit;
  }
  const auto set = drl::http::PolicySet::Compile(std::vector<std::string_view>(names.begin(), names.end()));
  if (!set.ok()) return 0;

  drl_headers headers;
  const drl::base::Status status = RenderHeaders(*set, decision, options, headers);
  DRL_FUZZ_CHECK(headers.count >= 0 && headers.count <= DRL_HEADERS_MAX && (status.ok() || headers.count == 0));
  for (int32_t i = 0; i < headers.count; ++i) {
    CheckItem(headers, headers.items[i], *set, static_cast<size_t>(decision.binding));
  }
  if (status.ok()) CheckPromises(NamesInLowerCase(headers), decision);
  return 0;
}
