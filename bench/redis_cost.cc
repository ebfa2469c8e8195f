// What a decision costs Redis: processor time (INFO commandstats) alone and in calls of 64, beside a script that does nothing but GET
// and SET PX for as many keys; and memory for a million identities of 100 per 60 s.
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
  std::string LoadScript(const char* text) {
    auto* reply = static_cast<redisReply*>(redisCommand(context_, "SCRIPT LOAD %s", text));
    if (reply == nullptr || reply->type != REDIS_REPLY_STRING) Die("SCRIPT LOAD");
    std::string sha(reply->str, reply->len);
    freeReplyObject(reply);
    return sha;
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
  Policy(drl_client* client, int64_t rate, int64_t per_us, int64_t burst, const char* key_namespace) {
    drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
    options.rate = rate;
    options.per_us = per_us;
    options.burst = burst;
    options.key_namespace = key_namespace;  // no name: keys of the usual length
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

// What a measurement asks: `total` requests, `batch` at a time, of identities <prefix>0, <prefix>1, ... over `spread`.
struct Load {
  const char* prefix = "user:";
  int64_t cost = 1;
  bool allowed = true;
  int spread = kIdentities;
};

void Ask(drl_client* client, drl_limiter* limiter, int total, int batch, const Load& load) {
  std::vector<std::string> names(static_cast<size_t>(batch));
  std::vector<drl_request> requests(static_cast<size_t>(batch));
  std::vector<drl_decision> decisions(static_cast<size_t>(batch));
  drl_error error{};
  for (int done = 0; done < total; done += batch) {
    for (size_t i = 0; i < names.size(); ++i) {
      names[i] = load.prefix + std::to_string((done + static_cast<int>(i)) % load.spread);
      requests[i] = DRL_REQUEST_INIT;
      requests[i].limiter = limiter;
      requests[i].identity = names[i].data();
      requests[i].identity_len = names[i].size();
      requests[i].cost = load.cost;
    }
    Check(drl_client_decide(client, requests.data(), sizeof(drl_request), batch, decisions.data(), &error), error);
    for (const drl_decision& decision : decisions) {
      if ((decision.allowed == 1) != load.allowed) Die("a decision is not what the measurement needs");
    }
  }
}

constexpr int kTotal = 12'800;

double EvalUs(Inspector& inspector) { return inspector.Info("commandstats", "cmdstat_evalsha:", ",usec=") / kTotal; }

double CostUs(Inspector& inspector, drl_client* client, drl_limiter* limiter, int batch, const Load& load) {
  inspector.Run("CONFIG RESETSTAT");
  Ask(client, limiter, kTotal, batch, load);
  return EvalUs(inspector);
}

// The least that any script that reads and writes keys costs: a GET and a SET PX for each of 64.
double BareUs(Inspector& inspector, const std::string& sha, int batch) {
  const std::vector<std::string> keys = PeerKeys();
  inspector.Run("CONFIG RESETSTAT");
  for (int done = 0; done < kTotal; done += batch) {
    std::string command = "EVALSHA " + sha + " " + std::to_string(batch);
    for (int i = 0; i < batch; ++i) command += " " + keys[static_cast<size_t>(done + i) % keys.size()];
    inspector.Run(command.c_str());
  }
  return EvalUs(inspector);
}

constexpr const char* kBare =
    "for i = 1, #KEYS do redis.call('GET', KEYS[i]) redis.call('SET', KEYS[i], 31536000000000 + i, 'PX', 60000) end";

// One row of the table: what it measures, for calls of one decision and of 64.
struct Row {
  const char* what;
  Samples cost[2];
};

void Processor(Inspector& inspector, drl_client* client, drl_client* elsewhere) {
  const std::string sha = inspector.LoadScript(kBare);
  const Policy busy(client, 1, 1'000'000, 1'000'000, "busy");
  const Policy fresh(elsewhere, 100, 60'000'000, 0, "fresh");
  const Policy drained(client, 1, 3'600'000'000, 0, "drained");
  Ask(client, busy.get(), kIdentities, 50, {.cost = 600'000});  // more than half: in use
  Ask(client, busy.get(), 1, 1, {.prefix = "hot:", .cost = 600'000});
  Ask(client, drained.get(), kIdentities, 50, {});  // all is denied from here on
  Row rows[] = {{"GET and SET PX in a script", {}}, {"bucket in use", {}}, {"first touch", {}}, {"denied", {}}, {"one hot identity", {}}};
  constexpr int kRounds = 9;  // in turns, so that the noise of the machine falls on all alike
  for (int round = 0; round < kRounds; ++round) {
    for (const int batch : {1, 64}) {
      const int column = batch == 64 ? 1 : 0;
      rows[0].cost[column].Add(BareUs(inspector, sha, batch));
      rows[1].cost[column].Add(CostUs(inspector, client, busy.get(), batch, {}));
      rows[2].cost[column].Add(CostUs(inspector, elsewhere, fresh.get(), batch, {.spread = kTotal}));
      for (const char* command : {"SELECT 1", "FLUSHDB", "SELECT 0"}) inspector.Run(command);  // as many keys for every row
      rows[3].cost[column].Add(CostUs(inspector, client, drained.get(), batch, {.allowed = false}));
      rows[4].cost[column].Add(CostUs(inspector, client, busy.get(), batch, {.prefix = "hot:", .spread = 1}));
    }
  }
  const double alone = rows[0].cost[0].Quantile(0.5);
  const double together = rows[0].cost[1].Quantile(0.5);
  std::printf("%-34s %8s %6s %12s %6s\n", "redis processor, us a decision", "alone", "x bare", "in calls/64", "x bare");
  for (Row& row : rows) {
    const double one = row.cost[0].Quantile(0.5);
    const double many = row.cost[1].Quantile(0.5);
    std::printf("%-34s %8.2f %6.2f %12.2f %6.2f\n", row.what, one, one / alone, many, many / together);
  }
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
  Ask(client, limiter, kMillion, 4000, {.cost = 100, .spread = kMillion});  // the whole bucket: no key expires meanwhile
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
  const Subject elsewhere(std::string(argv[1]) + "?db=1", DRL_SPIN_ADAPTIVE);
  Processor(inspector, subject.client(), elsewhere.client());
  Memory(inspector, subject.client());
  return 0;
}
