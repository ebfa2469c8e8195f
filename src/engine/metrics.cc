#include "engine/metrics.h"

#include <array>
#include <cstdio>
#include <new>

namespace drl::engine {
namespace {

struct OutcomeLabel {
  const char* text;
  Counter Outcomes::*counter;
};

constexpr OutcomeLabel kDecided[] = {
    {"allowed", &Outcomes::allowed},
    {"denied", &Outcomes::denied},
    {"never", &Outcomes::never},
    {"peek", &Outcomes::peeks},
    {"reset", &Outcomes::resets},
};

constexpr OutcomeLabel kUndecided[] = {
    {"timeout", &Outcomes::timeout},           {"connection", &Outcomes::connection},
    {"auth", &Outcomes::auth},                 {"redis", &Outcomes::redis},
    {"circuit_open", &Outcomes::circuit_open}, {"queue_full", &Outcomes::queue_full},
    {"shed", &Outcomes::shed},                 {"cancelled", &Outcomes::cancelled},
    {"closed", &Outcomes::closed},
};

// Label values escape the backslash, the quote and the line feed.
std::string Escape(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// Microseconds as seconds, exactly. Not by a floating-point format: that would follow the decimal comma of a program's locale.
std::string SecondsText(int64_t us) {
  char text[40];
  std::snprintf(text, sizeof text, "%lld.%06lld", static_cast<long long>(us / 1'000'000),
                static_cast<long long>(us % 1'000'000));
  return text;
}

class Page {
 public:
  void Family(const char* name, const char* type, const char* help) {
    name_ = name;
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
  }
  void Sample(const std::string& labels, int64_t value, const char* suffix = "") {
    Sample(labels, std::to_string(value), suffix);
  }
  void Sample(const std::string& labels, const std::string& value, const char* suffix) {
    text_.append(name_).append(suffix);
    if (!labels.empty()) text_.append("{").append(labels).append("}");
    text_.append(" ").append(value).append("\n");
  }
  void Single(const char* name, const char* type, const char* help, int64_t value) {
    Family(name, type, help);
    Sample("", value);
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

template <size_t N>
void RenderOutcomes(const SeriesTable& table, const char* label, const OutcomeLabel (&outcomes)[N], Page& page) {
  table.ForEach([&](const SeriesTable::Series& series) {
    const std::string own =
        "namespace=\"" + Escape(series.key_namespace) + "\",limiter=\"" + Escape(series.name) + "\"," + label + "=\"";
    for (const OutcomeLabel& outcome : outcomes) {
      page.Sample(own + outcome.text + "\"", (series.outcomes.*outcome.counter).get());
    }
  });
}

void RenderLatency(const drl_stats& stats, Page& page) {
  page.Family("drl_latency_seconds", "histogram", "Time from asking to Redis's decision.");
  int64_t count = 0;
  for (int i = 0; i + 1 < DRL_LATENCY_BUCKETS; ++i) {
    count += stats.latency[i];
    page.Sample("le=\"" + SecondsText(8LL << i) + "\"", count, "_bucket");
  }
  count += stats.latency[DRL_LATENCY_BUCKETS - 1];
  page.Sample("le=\"+Inf\"", count, "_bucket");
  page.Sample("", SecondsText(stats.latency_sum_us), "_sum");
  page.Sample("", count, "_count");
}

void RenderBatches(const drl_stats& stats, Page& page) {
  page.Family("drl_batch_decisions", "histogram", "Decisions carried by one command to Redis.");
  int64_t count = 0;
  for (int i = 0; i < DRL_BATCH_BUCKETS; ++i) {
    count += stats.batch_size[i];
    page.Sample("le=\"" + std::to_string(1 << i) + "\"", count, "_bucket");
  }
  page.Sample("le=\"+Inf\"", count, "_bucket");
  page.Sample("", stats.batched_decisions, "_sum");
  page.Sample("", count, "_count");
}

void RenderConnection(const drl_stats& stats, Page& page) {
  page.Single("drl_queue_depth", "gauge", "Requests waiting or in flight.", stats.queue_depth);
  page.Single("drl_connected", "gauge", "1 while a connection to Redis is ready.", stats.connected);
  page.Single("drl_connects_total", "counter", "Connections made to Redis.", stats.connects);
  page.Single("drl_connect_failures_total", "counter", "Attempts to connect that failed.", stats.connect_failures);
  page.Single("drl_late_replies_total", "counter", "Decisions that came after their request was given up.",
              stats.late_replies);
  page.Single("drl_expired_in_redis_total", "counter", "Decisions that Redis reached after their deadline, uncharged.",
              stats.expired_in_redis);
  page.Single("drl_breaker_opened_total", "counter", "Times the circuit breaker opened.", stats.breaker_opened);
  page.Family("drl_breaker_state", "gauge", "1 for the state that the circuit breaker is in.");
  constexpr std::array<const char*, 3> kStates = {"closed", "open", "half_open"};
  for (int i = 0; i < 3; ++i) {
    page.Sample(std::string("state=\"") + kStates[static_cast<size_t>(i)] + "\"", stats.breaker == i ? 1 : 0);
  }
}

}  // namespace

Outcomes& SeriesTable::For(const std::string& key_namespace, const std::string& name) {
  const std::lock_guard lock(mutex_);
  for (Series& series : series_) {
    if (series.key_namespace == key_namespace && series.name == name) return series.outcomes;
  }
  if (series_.size() > kSeriesMax) return series_.back().outcomes;
  Series& series = series_.emplace_back();
  const bool last = series_.size() > kSeriesMax;
  series.key_namespace = last ? "" : key_namespace;
  series.name = last ? kOther : name;
  return series.outcomes;
}

void SeriesTable::Restart() {
  new (&mutex_) std::mutex;
  for (Series& series : series_) {
    series.outcomes.~Outcomes();
    new (&series.outcomes) Outcomes;
  }
}

std::string RenderMetrics(const drl_stats& stats, const SeriesTable& table) {
  Page page;
  page.Family("drl_decisions_total", "counter", "Requests that Redis decided, by outcome.");
  RenderOutcomes(table, "outcome", kDecided, page);
  page.Family("drl_undecided_total", "counter", "Requests that Redis did not decide, by cause.");
  RenderOutcomes(table, "cause", kUndecided, page);
  RenderLatency(stats, page);
  RenderBatches(stats, page);
  RenderConnection(stats, page);
  return page.Take();
}

}  // namespace drl::engine
