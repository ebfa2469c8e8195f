// What a decision costs Redis: processor time (INFO commandstats) alone and in calls of 64, allowed and denied; and memory for a
// million identities of 100 per 60 s.
#include <hiredis/hiredis.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "samples.h"
#include "subject.h"

using namespace drl::bench;

namespace {

[[noreturn]] void Die(const char* why) {
  std::fprintf(stderr, "bench: %s\n", why);
  std::exit(1);
}

class Inspector {
 public:
  explicit Inspector(const char* socket) : context_(redisConnectUnix(socket)) { Run("PING"); }
  ~Inspector() { redisFree(context_); }
  Inspector(const Inspector&) = delete;
  Inspector& operator=(const Inspector&) = delete;

  std::string Run(const char* command) {
    auto* reply = static_cast<redisReply*>(redisCommand(context_, command));
    if (reply == nullptr || reply->type == REDIS_REPLY_ERROR) Die(command);
    std::string text = reply->str == nullptr ? "" : std::string(reply->str, reply->len);
    freeReplyObject(reply);
    return text;
  }
  // The number after `label` in an INFO section, behind `anchor`.
  double Info(const char* section, const char* anchor, const char* label) {
    const std::string text = Run((std::string("INFO ") + section).c_str());
    const size_t from = text.find(anchor);
    const size_t at = from == std::string::npos ? from : text.find(label, from);
    if (at == std::string::npos) Die("INFO lacks a field");
    return std::atof(text.c_str() + at + std::strlen(label));
  }

 private:
  redisContext* context_;
};

// A limiter of the subject's client.
class Policy {
 public:
  Policy(drl_client* client, int64_t rate, int64_t per_us, const char* name) {
    drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
    options.rate = rate;
    options.per_us = per_us;
    options.name = name;
    drl_error error{};
    Check(drl_limiter_open(client, &options, &limiter_, &error), error);
  }
  ~Policy() { drl_limiter_close(limiter_); }
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;
  [[nodiscard]] drl_limiter* get() const { return limiter_; }

 private:
  drl_limiter* limiter_ = nullptr;
};

// Asks `total` times for `cost`, `batch` at a time, identities name0, name1, ... over `spread`.
void Ask(drl_client* client, drl_limiter* limiter, int total, int batch, int spread, int64_t cost, bool allowed) {
  std::vector<std::string> names(static_cast<size_t>(batch));
  std::vector<drl_request> requests(static_cast<size_t>(batch));
  std::vector<drl_decision> decisions(static_cast<size_t>(batch));
  drl_error error{};
  for (int done = 0; done < total; done += batch) {
    for (size_t i = 0; i < names.size(); ++i) {
      names[i] = "user:" + std::to_string((done + static_cast<int>(i)) % spread);
      requests[i] = {limiter, names[i].data(), names[i].size(), cost};
    }
    Check(drl_client_allow_many(client, requests.data(), batch, decisions.data(), &error), error);
    for (const drl_decision& decision : decisions) {
      if ((decision.allowed == 1) != allowed) Die("a decision is not what the measurement needs");
    }
  }
}

double CostUs(Inspector& inspector, drl_client* client, drl_limiter* limiter, int batch, int64_t cost, bool allowed) {
  constexpr int kTotal = 12'800;
  Ask(client, limiter, 1280, batch, kIdentities, cost, allowed);  // warm
  inspector.Run("CONFIG RESETSTAT");
  Ask(client, limiter, kTotal, batch, kIdentities, cost, allowed);
  return inspector.Info("commandstats", "cmdstat_evalsha:", ",usec=") / kTotal;
}

void Processor(Inspector& inspector, drl_client* client) {
  const Policy wide(client, 1'000'000, 1'000'000, "wide");
  const Policy narrow(client, 1, 3'600'000'000, "narrow");
  Ask(client, narrow.get(), kIdentities, 50, kIdentities, 1, true);  // drain, so that all is denied from here on
  // In turns, so that the noise of the machine falls on all alike.
  constexpr int kRounds = 9;
  Samples allowed[2];
  Samples denied[2];
  for (int round = 0; round < kRounds; ++round) {
    for (const int batch : {1, 64}) {
      allowed[batch == 64].Add(CostUs(inspector, client, wide.get(), batch, 1, true));
      denied[batch == 64].Add(CostUs(inspector, client, narrow.get(), batch, 1, false));
    }
  }
  std::printf("%-34s %8s %12s %6s\n", "redis processor, us a decision", "alone", "in calls/64", "x");
  const auto row = [](const char* what, Samples* cost) {
    const double alone = cost[0].Quantile(0.5);
    const double batch = cost[1].Quantile(0.5);
    std::printf("%-34s %8.2f %12.2f %6.2f\n", what, alone, batch, batch / alone);
  };
  row("allowed", allowed);
  row("denied", denied);
}

void Memory(Inspector& inspector, drl_client* client) {
  constexpr int kMillion = 1'000'000;
  inspector.Run("FLUSHALL");
  const double before = inspector.Info("memory", "used_memory:", "used_memory:");
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.rate = 100;
  options.per_us = 60'000'000;
  drl_limiter* limiter = nullptr;
  drl_error error{};
  Check(drl_limiter_open(client, &options, &limiter, &error), error);
  Ask(client, limiter, kMillion, 4000, kMillion, 100, true);  // the whole bucket: no key expires meanwhile
  const double keys = inspector.Info("keyspace", "db0:", "keys=");
  if (keys != kMillion) Die("keys are missing");
  const double after = inspector.Info("memory", "used_memory:", "used_memory:");
  std::printf("%-34s %8.1f bytes each (used_memory, 1,000,000 identities at 100 per 60 s)\n", "redis memory",
              (after - before) / kMillion);
  drl_limiter_close(limiter);
  inspector.Run("FLUSHALL");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s REDIS_UNIX_SOCKET\n", argv[0]);
    return 2;
  }
  Inspector inspector(argv[1]);
  const Subject subject(argv[1], DRL_SPIN_ADAPTIVE);
  Processor(inspector, subject.client());
  Memory(inspector, subject.client());
  return 0;
}
