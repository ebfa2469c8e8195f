// Headers: whatever the names and numbers, every value is printable, lies in the caller's struct and reads back.
#include <fuzzer/FuzzedDataProvider.h>

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
  decision.degraded = input.ConsumeIntegralInRange<int32_t>(0, 1);
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  const drl_decision decision = TakeDecision(input);
  const drl_header_options options = TakeOptions(input);
  std::vector<std::string> names(input.ConsumeIntegralInRange<size_t>(0, 9));
  std::vector<drl::http::Policy> policies;
  for (std::string& name : names) {
    name = input.ConsumeRandomLengthString(66);
    policies.push_back({name, input.ConsumeIntegral<int64_t>(), input.ConsumeIntegral<int64_t>()});
  }
  const auto set = drl::http::PolicySet::Compile(policies);
  if (!set.ok()) return 0;

  drl_headers headers;
  const drl::base::Status status = RenderHeaders(*set, decision, options, headers);
  DRL_FUZZ_CHECK(headers.count >= 0 && headers.count <= DRL_HEADERS_MAX && (status.ok() || headers.count == 0));
  for (int32_t i = 0; i < headers.count; ++i) {
    CheckItem(headers, headers.items[i], *set, static_cast<size_t>(decision.binding));
  }
  return 0;
}
