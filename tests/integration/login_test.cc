// Ways to reach a Redis, and what is said when it refuses: the cause, never the password.
#include <mutex>
#include <thread>
#include <vector>

#include "handles.h"
#include "redis_user.h"
#include "scale.h"

namespace drl::test {
namespace {

constexpr const char* kPassword = "p4ss:w0rd/of@the#day";
constexpr const char* kEscaped = "p4ss%3Aw0rd%2Fof%40the%23day";
// The smallest one that works, one who may not touch our keys, and one who may not run scripts.
constexpr const char* kTightAcl =
    "user default off\n"
    "user admin on >admin ~* +@all\n"
    "user drl reset on >p4ss:w0rd/of@the#day " REDIS_USER_LEAST "\n"
    "user blind reset on >blind " REDIS_USER_LEAST " resetkeys ~other:*\n"
    "user mute reset on >mute " REDIS_USER_LEAST " -evalsha\n";

ServerOptions AclServer(int tcp = 0) { return {.tcp = tcp, .acl = kTightAcl, .acl_password = "admin"}; }

// Waits until something else than a slow start is the cause.
Answer FirstAnswer(const Limiter& limiter) {
  const SteadyClock::time_point start = SteadyClock::now();
  Answer answer = Allow(limiter, "someone");
  while (answer.status == DRL_ERR_TIMEOUT && MicrosSince(start) < kPatientUs) answer = Allow(limiter, "someone");
  return answer;
}

void ExpectDecides(const drl_client_options& options) {
  const Client client = OpenClient(options);
  ASSERT_NE(client, nullptr);
  const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  const Answer answer = FirstAnswer(limiter);
  EXPECT_EQ(answer.status, DRL_OK) << answer.message;
  EXPECT_EQ(answer.decision.outcome, DRL_OUTCOME_ALLOWED);
}

void ExpectDecides(const std::string& url) { ExpectDecides(ClientOptions(url.c_str())); }

// What is logged on the I/O thread.
struct LogBook {
  std::mutex mutex;
  std::string text;
  static void Write(int32_t, const char* message, void* user) {
    auto& book = *static_cast<LogBook*>(user);
    const std::lock_guard lock(book.mutex);
    book.text += std::string(message) + "\n";
  }
};

void ExpectRefused(drl_client_options options, drl_status cause, const char* word) {
  LogBook book;
  options.log = LogBook::Write;
  options.log_user = &book;
  Client client = OpenClient(options);
  ASSERT_NE(client, nullptr);
  const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  const Answer answer = FirstAnswer(limiter);
  EXPECT_EQ(answer.status, cause) << drl_status_name(answer.status) << ": " << answer.message;
  EXPECT_NE(answer.message.find(word), std::string::npos) << answer.message;
  EXPECT_EQ(answer.message.find("s3cret"), std::string::npos) << "a password in: " << answer.message;
  const Answer again = Allow(limiter, "someone");
  EXPECT_EQ(again.status, cause) << "the cause is still named while the breaker is open: " << again.message;
  client.reset();
  EXPECT_EQ(book.text.find("s3cret"), std::string::npos) << "a password in the log: " << book.text;
}

TEST(Login, UnixSocket) {
  const Server server = StartServer();
  ExpectDecides(redis_server_url(server.get()));
}

TEST(Login, TcpByNumberAndByName) {
  const Server server = StartServer({.tcp = 1});
  ExpectDecides(redis_server_tcp_url(server.get()));
  ExpectDecides("redis://localhost:" + std::to_string(redis_server_port(server.get())));
}

TEST(Login, ServerThatListensOnIpv6Alone) {
  const char* const arguments[] = {"--bind", "::1", nullptr};
  const Server server = StartServer({.tcp = 1, .arguments = arguments});
  ExpectDecides("redis://[::1]:" + std::to_string(redis_server_port(server.get())));
}

TEST(Login, PasswordAlone) {
  const Server server = StartServer({.tcp = 1, .password = kPassword});
  const std::string port = std::to_string(redis_server_port(server.get()));
  ExpectDecides(std::string("redis://:") + kEscaped + "@127.0.0.1:" + port);
  drl_client_options options = ClientOptions(redis_server_url(server.get()));
  options.password = kPassword;
  ExpectDecides(options);
}

TEST(Login, UserOfATightAcl) {
  const Server server = StartServer(AclServer(1));
  drl_client_options options = ClientOptions(redis_server_url(server.get()));
  options.username = "drl";
  options.password = kPassword;
  ExpectDecides(options);
  ExpectDecides(std::string("redis://drl:") + kEscaped + "@127.0.0.1:" + std::to_string(redis_server_port(server.get())));
  ExpectDecides(std::string("unix://drl:") + kEscaped + "@" + redis_server_socket(server.get()));
}

TEST(Login, UserOfATightAclHealsAfterAScriptFlush) {
  const Server server = StartServer(AclServer());
  drl_client_options options = ClientOptions(redis_server_url(server.get()));
  options.username = "drl";
  options.password = kPassword;
  const Client client = OpenClient(options);
  const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  ASSERT_EQ(FirstAnswer(limiter).status, DRL_OK);
  freeReplyObject(redis_server_command(server.get(), "SCRIPT FLUSH"));
  const Answer answer = Allow(limiter, "someone");
  EXPECT_EQ(answer.status, DRL_OK) << answer.message;
  EXPECT_EQ(answer.decision.remaining, kLedgerBurst - 2);
}

TEST(Login, MissingPermissionIsNamed) {
  const Server server = StartServer(AclServer());
  redis_server_expect_refusals(server.get());
  for (const char* user : {"blind", "mute"}) {
    drl_client_options options = ClientOptions(redis_server_url(server.get()));
    options.username = user;
    options.password = user;
    ExpectRefused(options, DRL_ERR_PERMISSION, "NOPERM");
  }
}

TEST(Login, ResetWithoutPermissionLeavesTheAnswersOfItsCompanionsTrue) {
  const Server server = StartServer(AclServer());
  redis_server_expect_refusals(server.get());
  drl_client_options options = ClientOptions(redis_server_url(server.get()));
  options.username = "drl";
  options.password = kPassword;
  const Client client = OpenClient(options);
  const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  ASSERT_EQ(FirstAnswer(limiter).status, DRL_OK);
  EXPECT_EQ(drl_limiter_reset(limiter.get(), "someone", 7, nullptr), DRL_ERR_PERMISSION);
  // With Redis stopped, calls and resets gather and travel together.
  const Queue queue = OpenQueue(client);
  redis_server_pause(server.get());
  std::vector<std::string> identities;
  for (int64_t id = 0; id < 120; ++id) identities.push_back("identity-" + std::to_string(id));
  for (int64_t id = 0; id < 120; ++id) {
    const std::string& identity = identities[static_cast<size_t>(id)];
    const drl_status status =
        id % 8 == 7 ? drl_queue_submit_reset(queue.get(), limiter.get(), identity.data(), identity.size(), id, nullptr)
                    : drl_queue_submit(queue.get(), limiter.get(), identity.data(), identity.size(), 1, id, nullptr);
    ASSERT_EQ(status, DRL_OK);
  }
  redis_server_resume(server.get());
  for (int64_t taken = 0; taken < 120;) {
    drl_completion completions[64];
    int32_t count = 0;
    ASSERT_EQ(drl_queue_wait(queue.get(), kPatientUs, completions, 64, &count, nullptr), DRL_OK);
    ASSERT_GT(count, 0);
    taken += count;
    for (int32_t i = 0; i < count; ++i) {
      const drl_completion& completion = completions[i];
      if (completion.id % 8 == 7) {
        EXPECT_EQ(completion.status, DRL_ERR_PERMISSION);
        continue;
      }
      const int64_t charged = ChargedInRedis(limiter, identities[static_cast<size_t>(completion.id)]);
      if (completion.decision.charged == DRL_CHARGED_UNKNOWN) continue;
      EXPECT_EQ(charged, completion.decision.charged == DRL_CHARGED_YES ? 1 : 0) << "id " << completion.id;
      EXPECT_EQ(completion.status, DRL_OK) << "it is not the one that lacks a permission";
    }
  }
}

TEST(Login, WrongPasswordNamesTheCauseAndNotThePassword) {
  const Server server = StartServer({.password = kPassword});
  redis_server_expect_refusals(server.get());
  drl_client_options options = ClientOptions(redis_server_url(server.get()));
  options.password = "s3cret";
  ExpectRefused(options, DRL_ERR_AUTH, "WRONGPASS");
  options.username = "nobody";
  ExpectRefused(options, DRL_ERR_AUTH, "WRONGPASS");
}

TEST(Login, MissingPasswordNamesTheCause) {
  const Server server = StartServer({.password = kPassword});
  ExpectRefused(ClientOptions(redis_server_url(server.get())), DRL_ERR_AUTH, "NOAUTH");
}

TEST(Login, WrongPasswordInTheUrlIsNotPrinted) {
  const Server server = StartServer({.tcp = 1, .password = kPassword});
  redis_server_expect_refusals(server.get());
  const std::string url = "redis://default:s3cret@127.0.0.1:" + std::to_string(redis_server_port(server.get()));
  ExpectRefused(ClientOptions(url.c_str()), DRL_ERR_AUTH, "WRONGPASS");
}

TEST(Login, RefusedConnectionNamesTheAddress) {
  const std::string port = std::to_string(redis_server_free_port());
  const std::string url = "redis://default:s3cret@127.0.0.1:" + port;
  ExpectRefused(ClientOptions(url.c_str()), DRL_ERR_CONNECT, ("127.0.0.1:" + port).c_str());
  ExpectRefused(ClientOptions("unix:///nonexistent/redis.sock"), DRL_ERR_CONNECT, "/nonexistent/redis.sock");
}

TEST(Login, UnknownHostNamesIt) {
  ExpectRefused(ClientOptions("redis://:s3cret@no-such-host.invalid"), DRL_ERR_RESOLVE, "no-such-host.invalid");
}

TEST(Login, DatabaseNumberIsUsed) {
  const Server server = StartServer({.tcp = 1, .permissions = REDIS_USER_DATABASE});
  const std::string url = redis_server_tcp_url(server.get());
  ExpectDecides(url + "/3");
  ExpectDecides(std::string(redis_server_url(server.get())) + "?db=3");
  EXPECT_EQ(redis_server_key_count(server.get()), 0);
  freeReplyObject(redis_server_command(server.get(), "SELECT 3"));
  EXPECT_EQ(redis_server_key_count(server.get()), 1);
}

TEST(Login, DatabaseOutOfRangeIsNamed) {
  const Server server = StartServer({.permissions = REDIS_USER_DATABASE});
  const std::string url = std::string(redis_server_url(server.get())) + "?db=99";
  ExpectRefused(ClientOptions(url.c_str()), DRL_ERR_REDIS, "database");
}

TEST(Login, ClientThatOpensBeforeItsRedisHealsByItself) {
  const Server server = StartServer();
  redis_server_kill(server.get());
  const Client client = OpenClient(redis_server_url(server.get()));
  const Limiter limiter = OpenLimiter(client, Ledger());
  const Answer answer = Allow(limiter, "someone");
  EXPECT_EQ(answer.status, DRL_OK);
  EXPECT_EQ(answer.decision.outcome, DRL_OUTCOME_UNDECIDED);
  EXPECT_EQ(answer.decision.cause, DRL_ERR_CONNECT);
  EXPECT_EQ(answer.decision.charged, DRL_CHARGED_NO);
  ASSERT_EQ(redis_server_restart(server.get()), 0);
  EXPECT_GE(MicrosUntilDecided(limiter, "someone"), 0);
}

TEST(Login, FullServerNamesTheCause) {
  const char* const arguments[] = {"--maxclients", "1", nullptr};
  const Server server = StartServer({.arguments = arguments});  // redis_inspect holds the one connection
  ExpectRefused(ClientOptions(redis_server_url(server.get())), DRL_ERR_CONNECT, "max number of clients");
}

}  // namespace
}  // namespace drl::test
