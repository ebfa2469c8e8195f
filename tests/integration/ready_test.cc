// drl_client_wait_ready, and what the log and the counters say when Redis does not let the library in.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "handles.h"

namespace drl::test {
namespace {

// A user who may do all but one thing, for each thing.
std::string Acl() {
  const std::vector<std::pair<std::string, std::string>> permissions = {
      {"noevalsha", "+evalsha"}, {"notime", "+time"},     {"nomget", "+mget"},        {"noset", "+set"},
      {"nopttl", "+pttl"},       {"noincrby", "+incrby"}, {"noload", "+script|load"}, {"shop", ""}};
  std::string acl = "user default off\nuser admin on >admin ~* +@all\n";
  for (const auto& [user, missing] : permissions) {
    acl += "user " + user + " reset on >secret ~drl:" + (user == "shop" ? "shop:" : "") + "* -@all";
    for (const auto& [other, permission] : permissions) {
      if (!permission.empty() && permission != missing) acl += " " + permission;
    }
    acl += "\n";
  }
  return acl;
}

struct Wait {
  drl_status status = DRL_ERR_INTERNAL;
  std::string message;
  int64_t took_us = 0;
};

Wait WaitReady(const Client& client, int64_t timeout_us) {
  Wait wait;
  drl_error error{};
  const SteadyClock::time_point start = SteadyClock::now();
  wait.status = drl_client_wait_ready(client.get(), timeout_us, &error);
  wait.took_us = MicrosSince(start);
  wait.message = error.message;
  return wait;
}

std::vector<drl_log_line> Lines(const Client& client) {
  std::vector<drl_log_line> lines(256);
  int32_t count = 0;
  int64_t dropped = -1;
  EXPECT_EQ(drl_client_log_drain(client.get(), lines.data(), 256, &count, &dropped, nullptr), DRL_OK);
  EXPECT_EQ(dropped, 0);
  lines.resize(static_cast<size_t>(count));
  return lines;
}

std::vector<std::string> Errors(const Client& client) {
  std::vector<std::string> errors;
  for (const drl_log_line& line : Lines(client)) {
    if (line.level == DRL_LOG_ERROR) errors.emplace_back(line.message);
  }
  return errors;
}

Client OpenAs(const Server& server, const char* user, const char* password = "secret") {
  drl_client_options options = ClientOptions(redis_server_url(server.get()));
  options.username = user;
  options.password = password;
  return OpenClient(options);
}

Server StartWithAcl() {
  const std::string acl = Acl();
  Server server = StartServer({.acl = acl.c_str(), .acl_password = "admin"});
  redis_server_expect_refusals(server.get());
  return server;
}

void Mend(const Server& server, const char* user, const char* rule) {
  freeReplyObject(redis_server_command(server.get(), "ACL SETUSER %s %s", user, rule));
}

TEST(Ready, HealthyRedisIsReadySoonAndHasNoKeyForIt) {
  const Server server = StartServer();
  const Client client = OpenClient(redis_server_url(server.get()));
  EXPECT_EQ(WaitReady(client, kPatientUs).status, DRL_OK);
  EXPECT_EQ(WaitReady(client, 0).status, DRL_OK) << "it stays so";
  EXPECT_EQ(redis_server_calls(server.get(), "evalsha"), 1);
  EXPECT_EQ(redis_server_key_count(server.get()), 0);
  EXPECT_EQ(Stats(client).undecided, 0);
}

TEST(Ready, DecisionShowsItToo) {
  const Server server = StartServer();
  const Client client = OpenClient(redis_server_url(server.get()));
  const Limiter limiter = OpenLimiter(client, Ledger());
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  EXPECT_EQ(WaitReady(client, 0).status, DRL_OK);
}

TEST(Ready, ProbeAsksAboutTheFirstLimitersNamespace) {
  const Server server = StartServer();
  const Client client = OpenClient(redis_server_url(server.get()));
  ASSERT_EQ(WaitReady(client, kPatientUs).status, DRL_OK);
  drl_limiter_options options = Ledger();
  options.key_namespace = "shop";
  const Limiter limiter = OpenLimiter(client, options);
  redis_monitor* const monitor = redis_monitor_start(server.get());
  redisReply* const clients = redis_server_command(server.get(), "CLIENT LIST");
  const std::string list = clients->str;
  freeReplyObject(clients);
  const std::string id = list.substr(list.rfind("id=", list.find("name=libdrl")) + 3, 8);
  freeReplyObject(redis_server_command(server.get(), "CLIENT KILL ID %lld", std::stoll(id)));
  while (Stats(client).connects < 2) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  char* const seen = redis_monitor_stop(monitor);
  ASSERT_NE(seen, nullptr);
  EXPECT_NE(std::string(seen).find("\"drl:shop:{probe}\""), std::string::npos) << seen;
  std::free(seen);
}

TEST(Ready, LateStartIsNoticedSoon) {
  const Server server = StartServer();
  redis_server_kill(server.get());
  const Client client = OpenClient(redis_server_url(server.get()));
  std::this_thread::sleep_for(std::chrono::seconds(2));  // the waits between attempts have grown
  Wait wait;
  std::thread waiter([&] { wait = WaitReady(client, kPatientUs); });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(redis_server_restart(server.get()), 0);
  const SteadyClock::time_point started = SteadyClock::now();
  waiter.join();
  EXPECT_EQ(wait.status, DRL_OK) << wait.message;
  EXPECT_LT(MicrosSince(started), 2'000'000);
}

TEST(Ready, AbsentRedisIsAConnectErrorAtTheTimeOut) {
  const Client client = OpenClient("unix:///nonexistent/redis.sock");
  const Wait wait = WaitReady(client, 1'000'000);
  EXPECT_EQ(wait.status, DRL_ERR_CONNECT);
  EXPECT_NE(wait.message.find("/nonexistent/redis.sock"), std::string::npos) << wait.message;
  EXPECT_GE(wait.took_us, 1'000'000);
  EXPECT_EQ(WaitReady(client, 0).status, DRL_ERR_CONNECT) << "a look tells why";
}

TEST(Ready, StoppedRedisIsATimeOut) {
  const Server server = StartServer();
  redis_server_pause(server.get());
  const Client client = OpenClient(redis_server_url(server.get()));
  EXPECT_EQ(WaitReady(client, 0).status, DRL_ERR_TIMEOUT);
  EXPECT_EQ(WaitReady(client, 100'000).status, DRL_ERR_TIMEOUT);
  redis_server_resume(server.get());
  EXPECT_EQ(WaitReady(client, kPatientUs).status, DRL_OK);
}

TEST(Ready, WrongPasswordIsAnAuthErrorALineAndACounter) {
  const Server server = StartWithAcl();
  const Client client = OpenAs(server, "shop", "hunter2");
  drl_limiter_options options = Ledger(DRL_FAIL_CLOSED);
  options.key_namespace = "shop";
  const Limiter limiter = OpenLimiter(client, options);
  const Wait wait = WaitReady(client, 1'500'000);  // some attempts, one line
  EXPECT_EQ(wait.status, DRL_ERR_AUTH);
  EXPECT_NE(wait.message.find("WRONGPASS"), std::string::npos) << wait.message;
  EXPECT_GE(wait.took_us, 1'500'000) << "somebody may be mending it";
  EXPECT_GT(Stats(client).connect_failures, 1);
  const std::vector<std::string> errors = Errors(client);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_NE(errors[0].find("WRONGPASS"), std::string::npos);
  EXPECT_EQ(errors[0].find("hunter2"), std::string::npos);
  const Answer answer = Allow(limiter, "someone");
  EXPECT_EQ(answer.status, DRL_OK);
  EXPECT_EQ(answer.decision.cause, DRL_ERR_AUTH);
  EXPECT_EQ(answer.decision.allowed, 0) << "the fail strategy speaks";
  EXPECT_EQ(Stats(client).degraded_auth, 1);
  Mend(server, "shop", ">hunter2");
  EXPECT_EQ(WaitReady(client, kPatientUs).status, DRL_OK);
}

TEST(Ready, MissingPermissionIsNamedAndMended) {
  const Server server = StartWithAcl();
  const struct {
    const char* user;
    const char* rule;
    const char* named;
  } cases[] = {
      {"noevalsha", "+evalsha", "evalsha"}, {"notime", "+time", "time"},       {"nomget", "+mget", "MGET"},
      {"noset", "+set", "SET"},             {"nopttl", "+pttl", "PTTL"},       {"noincrby", "+incrby", "INCRBY"},
      {"noload", "+script|load", "script|load"},
  };
  for (const auto& [user, rule, named] : cases) {
    freeReplyObject(redis_server_command(server.get(), "SCRIPT FLUSH"));
    const Client client = OpenAs(server, user);
    const Limiter limiter = OpenLimiter(client, Ledger());
    const Wait wait = WaitReady(client, 400'000);
    EXPECT_EQ(wait.status, DRL_ERR_PERMISSION) << user << ": " << wait.message;
    EXPECT_NE(wait.message.find(named), std::string::npos) << user << ": " << wait.message;
    EXPECT_EQ(Allow(limiter, "user_123").decision.cause, DRL_ERR_PERMISSION) << user;
    EXPECT_EQ(redis_server_key_count(server.get()), 0) << "named before anything is charged";
    const std::vector<std::string> errors = Errors(client);
    ASSERT_EQ(errors.size(), 1u) << user;
    EXPECT_NE(errors[0].find("NOPERM"), std::string::npos) << errors[0];
    EXPECT_NE(errors[0].find(named), std::string::npos) << errors[0];
    Mend(server, user, rule);
    EXPECT_EQ(WaitReady(client, kPatientUs).status, DRL_OK) << user;
  }
}

TEST(Ready, ScriptThatIsThereNeedsToBeLoadableToo) {
  const Server server = StartWithAcl();
  const Client other = OpenAs(server, "nopttl");  // brings the script
  ASSERT_EQ(WaitReady(other, 100'000).status, DRL_ERR_PERMISSION);
  const Client client = OpenAs(server, "noload");
  const Limiter limiter = OpenLimiter(client, Ledger());
  const Wait wait = WaitReady(client, 400'000);
  EXPECT_EQ(wait.status, DRL_ERR_PERMISSION) << "or a restart would show it";
  EXPECT_NE(wait.message.find("script|load"), std::string::npos) << wait.message;
  EXPECT_EQ(Allow(limiter, "user_123").decision.charged, DRL_CHARGED_NO);
  EXPECT_EQ(redis_server_key_count(server.get()), 0);
}

TEST(Ready, ReplicaIsTheReasonAtEveryMoment) {
  const Server server = StartServer();
  freeReplyObject(redis_server_command(server.get(), "REPLICAOF 127.0.0.1 %d", redis_server_free_port()));
  const Client client = OpenClient(redis_server_url(server.get()));
  EXPECT_EQ(WaitReady(client, 300'000).status, DRL_ERR_READONLY);
  for (int i = 0; i < 200; ++i) {
    const Wait wait = WaitReady(client, 1'000);
    ASSERT_EQ(wait.status, DRL_ERR_READONLY) << wait.message;
  }
  freeReplyObject(redis_server_command(server.get(), "REPLICAOF NO ONE"));
  EXPECT_EQ(WaitReady(client, kPatientUs).status, DRL_OK);
}

TEST(Ready, MissingClientNameIsALineAndNoMore) {
  const Server server = StartWithAcl();
  const Client client = OpenAs(server, "shop");
  EXPECT_EQ(WaitReady(client, kPatientUs).status, DRL_OK);
  const std::vector<drl_log_line> lines = Lines(client);
  const auto warns = [](const drl_log_line& line) {
    return line.level == DRL_LOG_WARNING && std::string(line.message).find("client|setname") != std::string::npos;
  };
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), warns), 1);
}

TEST(Ready, KeysOfOthersAreNoFailureUntilALimiterNeedsThem) {
  const Server server = StartWithAcl();
  const Client client = OpenAs(server, "shop");
  EXPECT_EQ(WaitReady(client, kPatientUs).status, DRL_OK) << "which keys it needs nobody has said yet";
  EXPECT_TRUE(Errors(client).empty());
  const Limiter limiter = OpenLimiter(client, Ledger());
  const Wait wait = WaitReady(client, 300'000);
  EXPECT_EQ(wait.status, DRL_ERR_PERMISSION) << wait.message;
  const std::vector<std::string> errors = Errors(client);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_NE(errors[0].find("it may not access a key"), std::string::npos) << errors[0];
}

TEST(Ready, KeysOfItsOwnNamespaceAreEnough) {
  const Server server = StartWithAcl();
  const Client client = OpenAs(server, "shop");
  drl_limiter_options options = Ledger();
  options.key_namespace = "shop";
  const Limiter limiter = OpenLimiter(client, options);
  EXPECT_EQ(WaitReady(client, kPatientUs).status, DRL_OK);
  EXPECT_TRUE(Errors(client).empty());
}

TEST(Ready, RefusedRequestsAreOneLineWithoutAKey) {
  const Server server = StartWithAcl();
  const Client client = OpenAs(server, "shop");
  drl_limiter_options options = Ledger();
  options.key_namespace = "shop";
  const Limiter shop = OpenLimiter(client, options);
  ASSERT_EQ(WaitReady(client, kPatientUs).status, DRL_OK);
  const Limiter other = OpenLimiter(client, Ledger());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Allow(other, "someone").decision.cause, DRL_ERR_PERMISSION);
    EXPECT_EQ(Allow(shop, "someone").decision.cause, DRL_OK);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the I/O thread writes it when everybody has been served
  const std::vector<std::string> errors = Errors(client);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0], "Redis refuses EVALSHA to this user (NOPERM): it may not access a key");
  EXPECT_EQ(Stats(client).degraded_auth, 20);
}

#if !defined(__SANITIZE_THREAD__)  // that the waiting has begun, time alone tells the closing thread
TEST(Ready, CloseWakesWhoeverWaits) {
  Client client = OpenClient("unix:///nonexistent/redis.sock");
  drl_client* const handle = client.get();
  drl_status status = DRL_OK;
  drl_error error{};
  std::thread waiter([&] { status = drl_client_wait_ready(handle, kPatientUs, &error); });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const SteadyClock::time_point start = SteadyClock::now();
  client.reset();
  waiter.join();
  EXPECT_EQ(status, DRL_ERR_CLOSED);
  EXPECT_LT(MicrosSince(start), 1'000'000);
}
#endif

TEST(Ready, BadTimeOutsAreRefused) {
  const Client client = OpenClient("unix:///nonexistent/redis.sock");
  EXPECT_EQ(WaitReady(client, -1).status, DRL_ERR_OPTION);
  EXPECT_EQ(WaitReady(client, 3'600'000'001).status, DRL_ERR_OPTION);
  EXPECT_EQ(drl_client_wait_ready(nullptr, 0, nullptr), DRL_ERR_NULL);
}

TEST(Ready, WaitInACallbackIsRefused) {
  const Server server = StartServer();
  const Client client = OpenClient(redis_server_url(server.get()));
  const Limiter limiter = OpenLimiter(client, Ledger());
  struct Seen {
    drl_client* client;
    std::atomic<drl_status> status{DRL_OK};
    std::atomic<bool> done{false};
  } seen{client.get()};
  const auto callback = [](drl_status, const drl_decision*, const char*, void* user) {
    auto& at = *static_cast<Seen*>(user);
    at.status = drl_client_wait_ready(at.client, 1000, nullptr);
    at.done = true;
  };
  ASSERT_EQ(drl_limiter_allow_callback(limiter.get(), "someone", 7, 1, nullptr, callback, &seen), DRL_OK);
  while (!seen.done) std::this_thread::yield();
  EXPECT_EQ(seen.status, DRL_ERR_REENTRANT);
}

}  // namespace
}  // namespace drl::test
