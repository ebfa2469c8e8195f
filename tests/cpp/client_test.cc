#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "redis_test.h"

namespace drl::test {
namespace {

using ::testing::HasSubstr;

class ClientTest : public RedisTest {};

TEST(Status, CodesAreErrorCodesOfTheirOwnCategory) {
  const std::error_code error = MakeErrorCode(DRL_ERR_REDIS);
  EXPECT_TRUE(error);
  EXPECT_FALSE(MakeErrorCode(DRL_OK));
  EXPECT_EQ(error.value(), DRL_ERR_REDIS);
  EXPECT_STREQ(error.category().name(), "drl");
  EXPECT_EQ(error.message(), drl_status_message(DRL_ERR_REDIS));
}

TEST(Status, CodesEqualTheStandardConditionsTheyMean) {
  EXPECT_EQ(MakeErrorCode(DRL_ERR_TIMEOUT), std::errc::timed_out);
  EXPECT_EQ(MakeErrorCode(DRL_ERR_CANCELLED), std::errc::operation_canceled);
  EXPECT_EQ(MakeErrorCode(DRL_ERR_MEMORY), std::errc::not_enough_memory);
  EXPECT_EQ(MakeErrorCode(DRL_ERR_COST), std::errc::invalid_argument);
  EXPECT_NE(MakeErrorCode(DRL_ERR_REDIS), std::errc::timed_out);
}

TEST_F(ClientTest, WrongUrlThrowsTheStatusAndNamesTheArgument) {
  try {
    const Client client("http://localhost");
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DRL_ERR_URL_SCHEME);
    EXPECT_EQ(error.code(), MakeErrorCode(DRL_ERR_URL_SCHEME));
    EXPECT_THAT(error.what(), HasSubstr("redis_url"));
  }
}

TEST_F(ClientTest, WrongUrlSetsTheErrorCode) {
  std::error_code error;
  ClientOptions options;
  options.redis_url = "redis://localhost:0";
  const Client client(options, error);
  EXPECT_EQ(error, MakeErrorCode(DRL_ERR_URL_PORT));
  EXPECT_EQ(client.get(), nullptr);
}

TEST_F(ClientTest, SuccessClearsTheErrorCode) {
  std::error_code error = MakeErrorCode(DRL_ERR_URL);
  const Client client(Options(), error);
  EXPECT_FALSE(error);
  EXPECT_NE(client.get(), nullptr);
}

TEST_F(ClientTest, CallsOnAClientThatDidNotOpenFail) {
  std::error_code error;
  const Client client(ClientOptions(), error);
  EXPECT_EQ(Thrown([&] { client.ReadStats(); }), DRL_ERR_NULL);
  EXPECT_EQ(Thrown([&] { client.Metrics(); }), DRL_ERR_NULL);
  EXPECT_EQ(Thrown([&] { Limiter limiter(client, PerSecond(1)); }), DRL_ERR_NULL);
  EXPECT_EQ(Thrown([&] { Queue queue(client); }), DRL_ERR_NULL);
}

TEST_F(ClientTest, MovedFromObjectsFailAndDoNotCrash) {
  Client client(Options());
  Limiter limiter(client, PerSecond(1));
  const Client other = std::move(client);
  const Limiter mover = std::move(limiter);
  EXPECT_EQ(Thrown([&] { client.ReadStats(); }), DRL_ERR_NULL);
  EXPECT_EQ(Thrown([&] { limiter.Allow("a"); }), DRL_ERR_NULL);
  EXPECT_EQ(Thrown([&] { limiter.AllowMany({{"a"}}); }), DRL_ERR_NULL);
  EXPECT_EQ(Thrown([&] { limiter.AllowAsync("a"); }), DRL_ERR_NULL);
  EXPECT_TRUE(mover.Allow("a"));
}

TEST_F(ClientTest, EveryOptionReachesTheLibrary) {
  const auto status = [](auto change) {
    ClientOptions options = Options();
    change(options);
    return Thrown([&] { const Client client(options); });
  };
  EXPECT_EQ(status([](ClientOptions& o) { o.timeout = microseconds(1); }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.connect_timeout = hours(2); }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.client_name = "two words"; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.username = "user"; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.password = std::string(5000, 'p'); }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.identity_secret = "short"; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.identity_secret = ""; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.queue_capacity_max = 1; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.spin = static_cast<Spin>(7); }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.drive = static_cast<Drive>(7); }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.requests_per_command_max = 65; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.ssl_ca_certs = "/ca"; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.ssl_certfile = "/certificate"; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.ssl_keyfile = "/key"; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.ssl_cert_reqs = SslCertReqs::kNone; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.ssl_check_hostname = false; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.sentinel_username = "user"; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.sentinel_password = "password"; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.sentinel_ssl = true; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.sentinel_ssl_ca_certs = "/ca"; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.sentinel_ssl_certfile = "/certificate"; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.sentinel_ssl_keyfile = "/key"; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions& o) { o.password = "p", o.credentials = [] { return Credentials(); }; }), DRL_ERR_OPTION);
  EXPECT_EQ(status([](ClientOptions&) {}), DRL_OK);
}

TEST_F(ClientTest, CredentialsAreAskedForAndDestroyedWithTheClient) {
  const auto asked = std::make_shared<std::atomic<int>>(0);
  ClientOptions options = Options();
  options.credentials = [asked] {
    ++*asked;
    return Credentials{"default", "any", hours(1)};
  };
  std::optional<Client> client(std::in_place, std::move(options));
  std::optional<Limiter> limiter(std::in_place, *client, PerHour(5));
  EXPECT_EQ(limiter->Allow("a").outcome, Outcome::kAllowed);
  EXPECT_EQ(*asked, 1);
  client.reset();
  EXPECT_EQ(limiter->Allow("a").outcome, Outcome::kAllowed);
  limiter.reset();
  for (int i = 0; i < 10'000 && asked.use_count() > 1; ++i) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(asked.use_count(), 1);
}

TEST_F(ClientTest, CredentialsThatFailAreTheErrorOfTheLogin) {
  const auto message = [](std::function<Credentials()> credentials) -> std::string {
    ClientOptions options = Options();
    options.credentials = std::move(credentials);
    const Client client(std::move(options));
    for (int i = 0; i < 1'000; ++i) {
      try {
        client.WaitReady(milliseconds(10));
        return "ready";
      } catch (const Error& error) {
        if (error.status() == DRL_ERR_AUTH) return error.what();
      }
    }
    return "another error";
  };
  EXPECT_EQ(message([]() -> Credentials { throw std::runtime_error("the vault is sealed"); }), "no credentials: the vault is sealed");
  EXPECT_EQ(message([]() -> Credentials { throw 7; }), "no credentials: the function threw what is no std::exception");
  EXPECT_EQ(message([] { return Credentials{"u", std::string(DRL_PASSWORD_SIZE, 'p')}; }),
            "no credentials: the password is too long or holds a NUL byte");
  EXPECT_EQ(message([] { return Credentials{std::string("u\0v", 3), "p"}; }),
            "no credentials: the user name is too long or holds a NUL byte");
  EXPECT_EQ(message([] { return Credentials{}; }), "the credentials callback gave no password");
}

TEST_F(ClientTest, CredentialsOfAClientThatDoesNotOpenAreDestroyed) {
  const auto kept = std::make_shared<int>(0);
  ClientOptions options = Options();
  options.redis_url = "http://localhost";
  options.credentials = [kept] { return Credentials{}; };
  EXPECT_EQ(Thrown([&] { const Client client(std::move(options)); }), DRL_ERR_URL_SCHEME);
  options = {};
  EXPECT_EQ(kept.use_count(), 1);
}

TEST_F(ClientTest, TextIsNotCutAtANulByte) {
  const std::string cut("a\0b", 3);
  const auto message = [](auto change) -> std::string {
    ClientOptions options = Options();
    change(options);
    try {
      const Client client(options);
    } catch (const Error& error) {
      return error.what();
    }
    return "opened";
  };
  EXPECT_EQ(message([&](ClientOptions& o) { o.redis_url += cut; }), "redis_url holds a NUL byte");
  EXPECT_EQ(message([&](ClientOptions& o) { o.client_name = cut; }), "client_name holds a NUL byte");
  EXPECT_EQ(message([&](ClientOptions& o) { o.password = o.username = cut; }), "username holds a NUL byte");
  EXPECT_EQ(message([&](ClientOptions& o) { o.password = cut; }), "password holds a NUL byte");
  EXPECT_EQ(message([&](ClientOptions& o) { o.ssl_ca_certs = cut; }), "ssl_ca_certs holds a NUL byte");
  EXPECT_EQ(message([&](ClientOptions& o) { o.sentinel_password = cut; }), "sentinel_password holds a NUL byte");
}

TEST_F(ClientTest, SecretChangesTheKeyAndMayHoldNulBytes) {
  ClientOptions options = Options();
  for (const size_t length : {0, 16, 17}) {
    if (length > 0) options.identity_secret = std::string(length, '\0');
    Limiter(Client(options), PerHour(10)).Allow("a");
  }
  // HMAC pads its key with zeros, so the two secrets of zeros are one.
  EXPECT_EQ(redis_server_key_count(server_), 2);
}

TEST_F(ClientTest, LimiterKeepsItsClientOpen) {
  const Limiter limiter(Client(Options()), PerHour(2));
  EXPECT_TRUE(limiter.Allow("a"));
  EXPECT_EQ(limiter.Allow("a").cause, DRL_OK);
}

TEST_F(ClientTest, CopiesShareOneConnection) {
  const Client client(Options());
  const Client copy = client;
  Limiter(client, PerHour(2)).Allow("a");
  Limiter(copy, PerHour(2)).Allow("a");
  EXPECT_EQ(copy.ReadStats().connects, 1);
  EXPECT_EQ(copy.get(), client.get());
}

TEST_F(ClientTest, LogHearsOfTheConnection) {
  std::mutex mutex;
  std::vector<std::string> lines;
  ClientOptions options = Options();
  options.log = [&](LogLevel, std::string_view line) {
    const std::lock_guard<std::mutex> lock(mutex);
    lines.emplace_back(line);
  };
  Limiter(Client(options), PerHour(2)).Allow("a");
  const std::lock_guard<std::mutex> lock(mutex);
  EXPECT_FALSE(lines.empty());
}

TEST_F(ClientTest, WaitReadyReturnsOnceRedisIsThereAndElseSaysWhyNot) {
  const Client client(Options());
  client.WaitReady(seconds(20));
  const Client nowhere(kNowhere);
  EXPECT_EQ(Thrown([&] { nowhere.WaitReady(milliseconds(100)); }), DRL_ERR_CONNECT);
  std::error_code error;
  nowhere.WaitReady(milliseconds(-1), error);
  EXPECT_EQ(error.value(), DRL_ERR_OPTION);
}

TEST_F(ClientTest, LogIsDrainedOnce) {
  const auto before = std::chrono::system_clock::now() - seconds(1);
  const Client client(Options());
  client.WaitReady(seconds(20));
  const auto deadline = std::chrono::steady_clock::now() + seconds(5);
  DrainedLog drained = client.DrainLog();
  while (drained.lines.empty() && std::chrono::steady_clock::now() < deadline) drained = client.DrainLog();
  ASSERT_EQ(drained.lines.size(), 1u);
  EXPECT_EQ(drained.dropped, 0);
  EXPECT_EQ(drained.lines[0].level, LogLevel::kInfo);
  EXPECT_THAT(drained.lines[0].message, HasSubstr("connected"));
  EXPECT_GT(drained.lines[0].at, before);
  EXPECT_TRUE(client.DrainLog().lines.empty());
  EXPECT_GE(client.LogFd(), 0);
  EXPECT_EQ(client.LogFd(), drl_client_log_fd(client.get()));
}

TEST_F(ClientTest, ObserverSeesDecisionsAndNames) {
  std::vector<std::string> seen;
  ClientOptions options = Options();
  options.on_decision = [&](const Observation& one) {
    seen.push_back(std::string(one.key_namespace) + "/" + std::string(one.limiter_name) + "/" +
                   (one.decision ? "yes" : "no") + "/" + (one.error ? "error" : "ok"));
  };
  const Client client(options);
  LimiterOptions policy;
  policy.limits = {PerHour(1)};
  policy.key_namespace = "api";
  policy.name = "login";
  const Limiter limiter(client, policy);
  limiter.Allow("a");
  limiter.Allow("a");
  EXPECT_EQ(seen, (std::vector<std::string>{"api/login/yes/ok", "api/login/no/ok"}));
}

TEST_F(ClientTest, StatsCountDecisions) {
  const Client client(Options());
  const Limiter limiter(client, PerHour(1));
  limiter.Allow("a");
  limiter.Allow("a");
  limiter.Allow("a", 2);
  limiter.Peek("a");
  Stats stats = client.ReadStats();
  // A call is counted just after its answer went out.
  const auto deadline = std::chrono::steady_clock::now() + seconds(5);
  while (stats.peeks == 0 && std::chrono::steady_clock::now() < deadline) stats = client.ReadStats();
  EXPECT_EQ(stats.allowed, 1);
  EXPECT_EQ(stats.denied, 1);
  EXPECT_EQ(stats.never, 1);
  EXPECT_EQ(stats.peeks, 1);
}

TEST_F(ClientTest, MetricsGrowWithTheNumberOfLimiters) {
  const Client client(Options());
  for (int i = 0; i < 90; ++i) {
    LimiterOptions policy;
    policy.limits = {PerHour(1)};
    policy.name = std::string(60, 'n') + std::to_string(i);
    Limiter(client, policy).Allow("a");
  }
  std::error_code error;
  const std::string text = client.Metrics(error);
  EXPECT_FALSE(error);
  EXPECT_GT(text.size(), 8192u);
  EXPECT_THAT(text, HasSubstr(std::string(60, 'n') + "89"));
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(text.find('\0'), std::string::npos);
}

}  // namespace
}  // namespace drl::test
