// The draft may still rename its parameters: every name it uses stands in this file, in kNames or next to Put.
#include "http/headers.h"

#include <algorithm>
#include <array>

#include "http/outcome.h"
#include "http/structured_field.h"

namespace drl::http {
namespace {

using base::Status;

enum Name { kPolicy, kState, kLimit, kRemaining, kReset, kXLimit, kXRemaining, kXReset, kRetryAfter, kCache, kExpose };

struct Spelling {
  std::string_view canonical;
  std::string_view lower;
};

constexpr std::array<Spelling, 11> kNames = {{
    {"RateLimit-Policy", "ratelimit-policy"},
    {"RateLimit", "ratelimit"},
    {"RateLimit-Limit", "ratelimit-limit"},
    {"RateLimit-Remaining", "ratelimit-remaining"},
    {"RateLimit-Reset", "ratelimit-reset"},
    {"X-RateLimit-Limit", "x-ratelimit-limit"},
    {"X-RateLimit-Remaining", "x-ratelimit-remaining"},
    {"X-RateLimit-Reset", "x-ratelimit-reset"},
    {"Retry-After", "retry-after"},
    {"Cache-Control", "cache-control"},
    {"Access-Control-Expose-Headers", "access-control-expose-headers"},
}};
static_assert(kNames.size() <= DRL_HEADERS_MAX);

constexpr int32_t kStyleDefault = DRL_HEADERS_DRAFT | DRL_HEADERS_LEGACY;
constexpr int32_t kStylesAll =
    DRL_HEADERS_DRAFT | DRL_HEADERS_LEGACY | DRL_HEADERS_X | DRL_HEADERS_CACHE_CONTROL | DRL_HEADERS_CORS;
constexpr int64_t kJitterMaxUs = 86'400'000'000;
constexpr int64_t kInstantMaxUs = int64_t{1} << 61;  // so that the sum of two cannot overflow

// The worst case of every value with its NUL, which the caller's buffer must hold.
constexpr size_t kNumberMax = 15;
constexpr size_t kQuotedMax = 2 * kPolicyNameLenMax + 2;
constexpr size_t kItemMax = kQuotedMax + 2 * (3 + kNumberMax);  // "name";q=N;w=N
constexpr size_t kExposeMax = 256;
static_assert(kPoliciesMax * (kItemMax + 2) + (kItemMax + 1) + 7 * (20 + 1) + sizeof "no-store" + kExposeMax <=
              DRL_HEADERS_TEXT_SIZE);

// The seconds in which an empty bucket fills, rounded up; at least one.
int64_t WindowSeconds(const drl_limit_state& limit) {
  using Wide = __int128;
  const Wide per_second = static_cast<Wide>(std::max<int64_t>(1, limit.rate)) * 1'000'000;
  const Wide fill = static_cast<Wide>(std::max<int64_t>(0, limit.burst)) * std::max<int64_t>(0, limit.per_us);
  return static_cast<int64_t>(std::clamp<Wide>((fill + per_second - 1) / per_second, 1, kSfIntegerMax));
}

// One call's output: items in the caller's struct, their values behind one another in its text.
class Lines {
 public:
  Lines(drl_headers& headers, bool lower_case)
      : headers_(headers), lower_case_(lower_case), writer_(std::span(headers.text)) {}

  template <typename... Parts>
  void Add(Name name, const Parts&... parts) {
    const size_t from = writer_.length();
    (writer_.Put(parts), ...);
    Finish(name, from);
  }

  // The value of RateLimit-Policy: every limit in force.
  void AddPolicies(const PolicySet& policies, const drl_decision& decision) {
    const size_t from = writer_.length();
    for (int32_t i = 0; i < decision.limits_count; ++i) {
      if (i > 0) writer_.Put(std::string_view(", "));
      writer_.Put(std::string_view(policies.quoted(static_cast<size_t>(i))));
      writer_.Put(std::string_view(";q="));
      writer_.Put(ClampSfInteger(decision.limits[i].burst));
      writer_.Put(std::string_view(";w="));
      writer_.Put(WindowSeconds(decision.limits[i]));
    }
    Finish(kPolicy, from);
  }

  // A list of the names so far.
  void AddExposed() {
    const size_t from = writer_.length();
    for (int32_t i = 0; i < headers_.count; ++i) {
      if (i > 0) writer_.Put(std::string_view(", "));
      writer_.Put(std::string_view(headers_.items[i].name, headers_.items[i].name_len));
    }
    Finish(kExpose, from);
  }

 private:
  void Finish(Name name, size_t from) {
    const std::string_view value = writer_.Since(from);
    writer_.Put('\0');
    const std::string_view spelled = lower_case_ ? kNames[name].lower : kNames[name].canonical;
    headers_.items[headers_.count++] = {spelled.data(), spelled.size(), value.data(), value.size()};
  }

  drl_headers& headers_;
  bool lower_case_;
  TextWriter writer_;
};

// splitmix64's finaliser: neighbouring seeds, such as a request counter, become unrelated numbers.
constexpr uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

int64_t JitterUs(const drl_header_options& options) {
  if (options.retry_jitter_us == 0) return 0;
  const auto choices = static_cast<uint64_t>(options.retry_jitter_us) + 1;
  return static_cast<int64_t>(Mix(static_cast<uint64_t>(options.jitter_seed)) % choices);
}

Status CheckOptions(const drl_header_options& options) {
  if ((options.styles & ~kStylesAll) != 0) return {DRL_ERR_OPTION, "styles has a bit that is none of DRL_HEADERS_*"};
  if (options.x_reset != DRL_X_RESET_DELTA && options.x_reset != DRL_X_RESET_EPOCH) {
    return {DRL_ERR_OPTION, "x_reset is none of DRL_X_RESET_*"};
  }
  if (options.lower_case != 0 && options.lower_case != 1) return {DRL_ERR_OPTION, "lower_case must be 0 or 1"};
  if (options.retry_jitter_us < 0 || options.retry_jitter_us > kJitterMaxUs) {
    return {DRL_ERR_OPTION, "retry_jitter_us must be 0..86400000000"};
  }
  return {};
}

// What the headers say, worked out once for all styles. Times are in microseconds within 0..kInstantMaxUs.
struct State {
  bool known;
  int64_t remaining;
  int64_t wait_us;   // until allowed when denied, else until full
  int64_t reset_s;   // the same in seconds
  int64_t retry_us;  // 0: no Retry-After
};

State StateOf(const drl_decision& decision) {
  State state{IsStateKnown(decision), ClampSfInteger(decision.remaining), 0, 0, 0};
  if (decision.outcome == DRL_OUTCOME_UNDECIDED) {
    if (IsRefused(decision)) state.retry_us = 1'000'000;
    return state;
  }
  const bool denied = decision.outcome == DRL_OUTCOME_DENIED;
  const int64_t wait = denied ? decision.retry_after_us : decision.reset_after_us;
  // "Try again in 0 seconds" would be an invitation to hammer.
  state.wait_us = std::clamp<int64_t>(wait, denied ? 1 : 0, kInstantMaxUs);
  state.reset_s = ClampSfInteger(CeilSeconds(state.wait_us));
  if (denied) state.retry_us = state.wait_us;
  return state;
}

int64_t XReset(const drl_decision& decision, const drl_header_options& options, const State& state) {
  if (options.x_reset == DRL_X_RESET_DELTA) return state.reset_s;
  return CeilSeconds(std::clamp<int64_t>(decision.decided_at_us, 0, kInstantMaxUs) + state.wait_us);
}

void AddTriple(Name limit, Name remaining, Name reset, int64_t quota, const State& state, int64_t reset_s,
               Lines& lines) {
  lines.Add(limit, quota);
  if (!state.known) return;
  lines.Add(remaining, state.remaining);
  lines.Add(reset, reset_s);
}

}  // namespace

Status RenderHeaders(const PolicySet& policies, const drl_decision& decision, const drl_header_options& options,
                     drl_headers& headers) {
  headers.count = 0;
  headers.reserved0 = 0;
  std::fill(std::begin(headers.reserved), std::end(headers.reserved), 0);
  if (Status status = CheckDecision(policies, decision); !status.ok()) return status;
  if (Status status = CheckOptions(options); !status.ok()) return status;

  const int32_t styles = options.styles == 0 ? kStyleDefault : options.styles;
  const auto binding = static_cast<size_t>(decision.binding);
  const State state = StateOf(decision);
  Lines lines(headers, options.lower_case == 1);
  if (styles & DRL_HEADERS_DRAFT) {
    lines.AddPolicies(policies, decision);
    if (state.known) {
      lines.Add(kState, std::string_view(policies.quoted(binding)), std::string_view(";r="), state.remaining,
                std::string_view(";t="), state.reset_s);
    }
  }
  const int64_t quota = ClampSfInteger(decision.limits[binding].burst);
  if (styles & DRL_HEADERS_LEGACY) AddTriple(kLimit, kRemaining, kReset, quota, state, state.reset_s, lines);
  if (styles & DRL_HEADERS_X) {
    AddTriple(kXLimit, kXRemaining, kXReset, quota, state, XReset(decision, options, state), lines);
  }
  if (state.retry_us > 0) lines.Add(kRetryAfter, ClampSfInteger(CeilSeconds(state.retry_us + JitterUs(options))));
  const bool refused = IsRefused(decision);
  // Neither of these two is about the limit, so scripts need not read Cache-Control: it comes after the list.
  if ((styles & DRL_HEADERS_CORS) && headers.count > 0) lines.AddExposed();
  if ((styles & DRL_HEADERS_CACHE_CONTROL) && refused) lines.Add(kCache, std::string_view("no-store"));
  return {};
}

}  // namespace drl::http
