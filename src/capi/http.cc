#include "drl/http.h"

#include <atomic>
#include <cstddef>
#include <memory>

#include "base/clock.h"
#include "capi/fence.h"
#include "capi/handles.h"
#include "http/headers.h"
#include "http/problem.h"
#include "http/resolver.h"

static_assert(sizeof(drl_header_options) == 32 && offsetof(drl_header_options, retry_jitter_us) == 16);
static_assert(sizeof(drl_header) == 32 && offsetof(drl_header, value) == 16);
static_assert(sizeof(drl_headers) == 2472 && offsetof(drl_headers, items) == 8 && offsetof(drl_headers, text) == 424);
static_assert(sizeof(drl_problem_options) == 40 && offsetof(drl_problem_options, instance) == 24);
static_assert(sizeof(drl_resolver_options) == 40 && offsetof(drl_resolver_options, networks) == 16);
static_assert(sizeof(drl_header_line) == 16);

struct drl_resolver {
  static constexpr uint32_t kMagic = 0x64724c52;
  uint32_t magic = kMagic;
  drl::http::Resolver core;
};

namespace drl::capi {
namespace {

using base::Result;
using base::Status;

// Differs between requests, and between processes that refuse at the same moment.
int64_t DrawSeed() {
  static std::atomic<int64_t> drawn{0};
  return base::MonotonicMicros() + drawn.fetch_add(1, std::memory_order_relaxed);
}

Status CheckInputs(const drl_limiter* limiter, const drl_decision* decision) {
  Status status = CheckHandle(limiter, "limiter");
  return status.ok() && decision == nullptr ? Null("decision") : status;
}

Status Headers(const drl_limiter* limiter, const drl_decision* decision, const drl_header_options* options,
               drl_headers* headers) {
  if (headers == nullptr) return Null("headers");
  headers->count = 0;
  Status status = CheckInputs(limiter, decision);
  drl_header_options chosen = DRL_HEADER_OPTIONS_INIT;
  if (status.ok() && options != nullptr) status = CopyOptions(options, "options", chosen);
  if (!status.ok()) return status;
  if (chosen.retry_jitter_us != 0 && chosen.jitter_seed == 0) chosen.jitter_seed = DrawSeed();
  return http::RenderHeaders(limiter->policies, *decision, chosen, *headers);
}

Result<http::ProblemTexts> TextsOf(const drl_problem_options* given) {
  http::ProblemTexts texts;
  if (given == nullptr) return texts;
  drl_problem_options known;
  if (Status status = CopyOptions(given, "options", known); !status.ok()) return status;
  if (Status status = CheckReserved(known.reserved, "reserved"); !status.ok()) return status;
  const drl_problem_options* options = &known;
  if (options->detail == nullptr && options->detail_len != 0) return Null("options->detail");
  if (options->instance == nullptr && options->instance_len != 0) return Null("options->instance");
  if (options->detail != nullptr) texts.detail = {options->detail, options->detail_len};
  if (options->instance != nullptr) texts.instance = {options->instance, options->instance_len};
  return texts;
}

Status Problem(const drl_limiter* limiter, const drl_decision* decision, const drl_problem_options* options,
               std::span<char> body, http::Problem& problem) {
  Status status = CheckInputs(limiter, decision);
  if (!status.ok()) return status;
  const Result<http::ProblemTexts> texts = TextsOf(options);
  if (!texts.ok()) return texts.status();
  return http::RenderProblem(limiter->policies, *decision, *texts, body, problem);
}

Status OpenResolver(const drl_resolver_options* options, drl_resolver** resolver) {
  drl_resolver_options known = DRL_RESOLVER_OPTIONS_INIT;
  if (options != nullptr) {
    if (Status status = CopyOptions(options, "options", known); !status.ok()) return status;
    if (Status status = CheckReserved(known.reserved, "reserved"); !status.ok()) return status;
  }
  Result<http::Resolver> core = http::Resolver::Compile(known);
  if (!core.ok()) return core.status();
  *resolver = new drl_resolver{.core = std::move(*core)};
  return {};
}

Status CheckLines(const char* peer, size_t peer_len, const drl_header_line* lines, int32_t count) {
  if (peer == nullptr && peer_len != 0) return Null("peer");
  if (count < 0) return {DRL_ERR_CAPACITY, "count is " + std::to_string(count) + ", must not be negative"};
  if (lines == nullptr && count != 0) return Null("lines");
  for (int32_t i = 0; i < count; ++i) {
    if (lines[i].value == nullptr && lines[i].value_len != 0) {
      return {DRL_ERR_NULL, "lines[" + std::to_string(i) + "].value is NULL"};
    }
  }
  return {};
}

Status Resolve(const drl_resolver& resolver, std::string_view peer, std::span<const drl_header_line> lines,
               std::span<char> address, size_t* address_len) {
  http::TextWriter out(address);
  resolver.core.Resolve(peer, lines, out);
  const size_t length = out.length();
  out.Put('\0');
  if (!out.fits()) {
    if (!address.empty()) address[0] = '\0';
    return {DRL_ERR_BUFFER, "address_size must be at least " + std::to_string(length + 1)};
  }
  if (address_len != nullptr) *address_len = length;
  return {};
}

}  // namespace
}  // namespace drl::capi

using namespace drl::capi;

extern "C" {

drl_status drl_limiter_headers(const drl_limiter* limiter, const drl_decision* decision,
                               const drl_header_options* options, drl_headers* headers, drl_error* error) {
  return Fence(error, [&] { return Headers(limiter, decision, options, headers); });
}

drl_status drl_limiter_problem(const drl_limiter* limiter, const drl_decision* decision,
                               const drl_problem_options* options, char* body, size_t body_size, size_t* body_len,
                               int32_t* http_status, drl_error* error) {
  drl::http::Problem problem;
  const drl_status status = Fence(error, [&]() -> drl::base::Status {
    if (body == nullptr && body_size != 0) return Null("body");
    return Problem(limiter, decision, options, {body, body_size}, problem);
  });
  const bool known = status == DRL_OK || status == DRL_ERR_BUFFER;
  if (known && body_len != nullptr) *body_len = problem.length;
  if (known && http_status != nullptr) *http_status = problem.http_status;
  return status;
}

drl_status drl_resolver_open(const drl_resolver_options* options, drl_resolver** resolver, drl_error* error) {
  return Fence(error, [&]() -> drl::base::Status {
    if (resolver == nullptr) return Null("resolver");
    *resolver = nullptr;
    return OpenResolver(options, resolver);
  });
}

void drl_resolver_close(drl_resolver* resolver) {
  Fence(nullptr, [&]() -> drl::base::Status {
    drl::base::Status status = CheckHandle(resolver, "resolver");
    if (!status.ok()) return status;
    resolver->magic = 0;
    delete resolver;
    return {};
  });
}

const char* drl_resolver_header(const drl_resolver* resolver) {
  return resolver != nullptr && resolver->magic == drl_resolver::kMagic ? resolver->core.header() : "";
}

drl_status drl_resolver_resolve(const drl_resolver* resolver, const char* peer, size_t peer_len,
                                const drl_header_line* lines, int32_t count, char* address, size_t address_size,
                                size_t* address_len, drl_error* error) {
  return Fence(error, [&]() -> drl::base::Status {
    if (address == nullptr) return Null("address");
    drl::base::Status status = CheckHandle(resolver, "resolver");
    if (status.ok()) status = CheckLines(peer, peer_len, lines, count);
    if (!status.ok()) return status;
    return Resolve(*resolver, {peer, peer_len}, {lines, static_cast<size_t>(count)}, {address, address_size},
                   address_len);
  });
}

}  // extern "C"
