// Redis over TLS: who is believed, what is read again, and that nothing else is different.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <shared_mutex>
#include <thread>

#include "scale.h"
#include "tally.h"
#include "tls_server.h"

namespace drl::test {
namespace {

// How many of the log's warnings say this.
int64_t Warnings(const Client& client, std::string_view words) {
  std::vector<drl_log_line> lines(256);
  int32_t count = 0;
  int64_t dropped = 0;
  drl_error error{};
  EXPECT_EQ(drl_client_log_drain(client.get(), lines.data(), 256, &count, &dropped, &error), DRL_OK) << error.message;
  lines.resize(static_cast<size_t>(count));
  return std::count_if(lines.begin(), lines.end(), [&](const drl_log_line& line) {
    return line.level == DRL_LOG_WARNING && std::string_view(line.message).find(words) != std::string_view::npos;
  });
}

class TlsTest : public TlsServer, public testing::Test {
 protected:
  using TlsServer::TlsServer;

  // What becomes of a client: "ready", or why it was not.
  static std::string Outcome(const std::string& url) {
    const Client client = OpenClient(url);
    const SteadyClock::time_point start = SteadyClock::now();
    drl_error error{};
    while (MicrosSince(start) < kPatientUs) {
      if (drl_client_wait_ready(client.get(), 1'000, &error) == DRL_OK) return "ready";
      if (Stats(client).connect_failures > 0) break;
    }
    drl_client_wait_ready(client.get(), 0, &error);
    return std::string(drl_status_name(error.status)) + ": " + error.message;
  }

  // Why a client cannot even be opened.
  static std::string Mistake(const std::string& url) {
    const drl_client_options options = ClientOptions(url.c_str());
    drl_client* client = nullptr;
    drl_error error{};
    const drl_status status = drl_client_open(&options, &client, &error);
    drl_client_close(client);
    return status == DRL_ERR_OPTION ? error.message : drl_status_name(status);
  }
};

TEST_F(TlsTest, ServerIsBelievedByNameAndByAddress) {
  EXPECT_EQ(Outcome(Url("127.0.0.1")), "ready");
  EXPECT_EQ(Outcome(Url("localhost")), "ready");
}

TEST_F(TlsTest, AuthoritiesMayLieInADirectoryByHash) {
  const Folder directory;
  directory.Write(authority.HashedName(), authority.certificate());
  EXPECT_EQ(Outcome(Url("localhost", "ssl_ca_certs=" + directory.path())), "ready");
}

TEST_F(TlsTest, RevocationListInTheFileIsHeeded) {
  const Identity other(CertificateOptions{}, &authority);
  const std::string file = folder.Write("with_list.crt", authority.certificate() + authority.Revoke({&other}));
  EXPECT_EQ(Outcome(Url("localhost", "ssl_ca_certs=" + file)), "ready");
  folder.Write("with_list.crt", authority.certificate() + authority.Revoke({&identity}));
  EXPECT_THAT(Outcome(Url("localhost", "ssl_ca_certs=" + file)), testing::HasSubstr("certificate revoked"));
}

TEST_F(TlsTest, RevocationListInADirectoryIsHeeded) {
  const Folder directory;
  directory.Write(authority.HashedName(), authority.certificate());
  std::string list = authority.HashedName();
  directory.Write(list.insert(list.size() - 1, "r"), authority.Revoke({&identity}));
  EXPECT_THAT(Outcome(Url("localhost", "ssl_ca_certs=" + directory.path())), testing::HasSubstr("certificate revoked"));
}

// It knows public authorities, if any.
TEST_F(TlsTest, SystemDoesNotBelieveAPrivateAuthority) {
  const std::string url = "rediss://localhost:" + std::to_string(redis_server_tls_port(server.get()));
  EXPECT_THAT(Outcome(url), testing::HasSubstr("certificate"));
}

// SSL_CERT_FILE is OpenSSL's own way to name another store.
TEST_F(TlsTest, EnvironmentNamesNoAuthority) {
  setenv("SSL_CERT_FILE", ca_file.c_str(), 1);
  const std::string url = "rediss://localhost:" + std::to_string(redis_server_tls_port(server.get()));
  EXPECT_THAT(Outcome(url), testing::HasSubstr("certificate"));
  unsetenv("SSL_CERT_FILE");
}

TEST_F(TlsTest, VerificationIsSwitchedOffByNameOnlyAndThatIsLogged) {
  const std::string url = Url("localhost", "ssl_cert_reqs=none");
  const Client client = OpenClient(url);
  ASSERT_EQ(drl_client_wait_ready(client.get(), kPatientUs, nullptr), DRL_OK);
  EXPECT_EQ(Warnings(client, "is not verified"), 1);
}

TEST_F(TlsTest, NameIsLeftUncheckedByNameOnlyAndThatIsLogged) {
  const Identity elsewhere({.names = "DNS:elsewhere"}, &authority);
  folder.Write("server.crt", elsewhere.certificate());
  folder.Write("server.key", elsewhere.key());
  ASSERT_EQ(redis_server_restart(server.get()), 0);
  EXPECT_THAT(Outcome(Url("localhost")), testing::HasSubstr("ostname mismatch"));
  const std::string url = Url("localhost", "ssl_check_hostname=false&ssl_ca_certs=" + ca_file);
  const Client client = OpenClient(url);
  ASSERT_EQ(drl_client_wait_ready(client.get(), kPatientUs, nullptr), DRL_OK);
  EXPECT_EQ(Warnings(client, "need not name it"), 1);
}

TEST_F(TlsTest, MistakesInFilesAreToldWhenTheClientIsOpened) {
  const std::string text = folder.Write("text", "This is no certificate.\n");
  const std::string key = folder.Write("other.key", Identity(CertificateOptions{}).key());
  const std::string locked = folder.Write("locked.key", identity.key("password"));
  const std::string ca = "ssl_ca_certs=" + ca_file;
  const std::string certificate = ca + "&ssl_certfile=" + certificate_file;
  EXPECT_EQ(Mistake(Url("localhost", "ssl_ca_certs=/nowhere")), "ssl_ca_certs cannot be read: No such file or directory");
  EXPECT_EQ(Mistake(Url("localhost", "ssl_ca_certs=" + text)), "ssl_ca_certs holds no certificate");
  EXPECT_EQ(Mistake(Url("localhost", "ssl_ca_certs=/dev/null")), "ssl_ca_certs is not a file");
  EXPECT_EQ(Mistake(Url("localhost", "ssl_ca_certs=" + folder.path())),
            "ssl_ca_certs is a directory without a certificate under its hash (openssl rehash)");
  EXPECT_EQ(Mistake(Url("localhost", ca + "&ssl_certfile=" + text)), "ssl_certfile holds no certificate");
  EXPECT_EQ(Mistake(Url("localhost", certificate)), "ssl_certfile holds no private key");
  EXPECT_EQ(Mistake(Url("localhost", certificate + "&ssl_keyfile=" + text)), "ssl_keyfile holds no private key");
  EXPECT_EQ(Mistake(Url("localhost", certificate + "&ssl_keyfile=" + locked)),
            "ssl_keyfile holds a key that is encrypted with a password");
  EXPECT_EQ(Mistake(Url("localhost", certificate + "&ssl_keyfile=" + key)),
            "ssl_keyfile holds a key that is not the one of ssl_certfile");
}

TEST_F(TlsTest, FileThatIsGoneLaterIsAFailureToConnectUntilItIsBack) {
  const Client client = OpenClient(Url());
  ASSERT_EQ(drl_client_wait_ready(client.get(), kPatientUs, nullptr), DRL_OK);
  const Limiter limiter = OpenLimiter(client, Ledger());
  unlink(ca_file.c_str());
  redis_server_kill(server.get());
  ASSERT_EQ(redis_server_restart(server.get()), 0);
  while (Stats(client).connect_failures == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  SteadyClock::time_point start = SteadyClock::now();
  std::string message;
  while (message.find("ssl_ca_certs cannot be read") == std::string::npos && MicrosSince(start) < kPatientUs) {
    message = Allow(limiter, "someone").message;
  }
  EXPECT_THAT(message, testing::HasSubstr("ssl_ca_certs cannot be read"));
  folder.Write("ca.crt", authority.certificate());
  EXPECT_GE(MicrosUntilDecided(limiter, "someone"), 0);
}

TEST_F(TlsTest, PlainTextIsToldThatTlsMayBeWanted) {
  const std::string url = "redis://127.0.0.1:" + std::to_string(redis_server_tls_port(server.get()));
  EXPECT_THAT(Outcome(url), testing::HasSubstr("rediss://"));
}

// Commands and replies of many records, by one caller who drives and by several who do not.
TEST_F(TlsTest, ManyRequestsInOneCallAreDecidedInOrder) {
  const Client client = OpenClient(Url());
  const Limiter limiter = OpenLimiter(client, Ledger());
  ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0);
  const std::string long_name(2'000, 'n');
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&, caller] {
      const std::string whom = long_name + std::to_string(caller);
      std::vector<drl_request> requests(1'000, AllowRequest(limiter.get(), whom, 1));
      std::vector<drl_decision> decisions(requests.size());
      for (int64_t round = 0; round < 5; ++round) {
        ASSERT_EQ(Decide(client, requests, decisions.data()), DRL_OK);
        for (size_t i = 0; i < decisions.size(); ++i) {
          ASSERT_EQ(decisions[i].remaining, kLedgerBurst - round * 1'000 - static_cast<int64_t>(i) - 1);
        }
      }
    });
    if (caller == 0) callers.back().join();
  }
  for (size_t i = 1; i < callers.size(); ++i) callers[i].join();
}

TEST_F(TlsTest, LoneCallerIsServedWithAndWithoutSpinning) {
  for (const int32_t spin : {DRL_SPIN_ADAPTIVE, DRL_SPIN_OFF}) {
    for (const int32_t drive : {DRL_DRIVE_ADAPTIVE, DRL_DRIVE_OFF}) {
      const std::string url = Url();
      drl_client_options options = ClientOptions(url.c_str());
      options.spin = spin;
      options.drive = drive;
      const Client client = OpenClient(options);
      const Limiter limiter = OpenLimiter(client, Ledger());
      ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0);
      const std::string whom = "lone " + std::to_string(spin) + std::to_string(drive);
      for (int64_t n = 1; n <= 500; ++n) ASSERT_EQ(Allow(limiter, whom).decision.remaining, kLedgerBurst - n);
      EXPECT_EQ(Stats(client).connects, 1);
    }
  }
}

// New authority, new certificate: everybody who connects from now on believes the new one alone.
TEST_F(TlsTest, CertificatesRotatedUnderLoadLeaveNoCallUndecided) {
  const Client client = OpenClient(Url());
  const Limiter limiter = OpenLimiter(client, Ledger());
  ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0);
  std::shared_mutex calls;
  std::atomic<bool> stop{false};
  std::atomic<bool> pause{false};  // the lock alone lets readers overtake
  std::atomic<int64_t> undecided{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&, i] {
      while (!stop) {
        while (pause) std::this_thread::yield();
        const std::shared_lock<std::shared_mutex> call(calls);
        const Answer answer = Allow(limiter, Callers::Identity(i));
        if (answer.decision.cause == DRL_OK) continue;
        ++undecided;
        ADD_FAILURE() << answer.message;
      }
    });
  }
  constexpr int64_t kRotations = 5;
  for (int64_t i = 0; i < kRotations; ++i) {
    const Identity other(AuthorityOptions("Authority " + std::to_string(i)));
    const Identity fresh(CertificateOptions{}, &other);
    folder.Write("server.crt", fresh.certificate());
    folder.Write("server.key", fresh.key());
    const std::string command = "CONFIG SET tls-cert-file " + certificate_file;
    pause = true;  // what is under way when a connection is cut is lost
    const std::unique_lock<std::shared_mutex> cut(calls);
    freeReplyObject(redis_server_command(server.get(), command.c_str()));
    folder.Write("ca.crt", other.certificate());
    freeReplyObject(redis_server_command(server.get(), "CLIENT KILL TYPE normal SKIPME yes"));
    // TCP takes what is sent to a peer that has gone: until the client knows, a call may be lost.
    while (Stats(client).connects == i + 1) std::this_thread::yield();
    pause = false;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  stop = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(undecided, 0);
  EXPECT_EQ(Stats(client).connects, 1 + kRotations);
}

// OpenSSL gives up what it has when a process ends, unless it is told not to: threads may be using it.
TEST_F(TlsTest, ProcessMayEndInTheMidstOfCalls) {
  for (int64_t i = 0; i < Scaled(40); ++i) {
    const std::string command =  // what it leaves behind is no leak
        "ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 TSAN_OPTIONS=$TSAN_OPTIONS:report_thread_leaks=0 " DRL_LEAVING_WORKER " '" + Url() +
        "' " + std::to_string(1 + i % 4) + " " + std::to_string(i % 10);
    ASSERT_EQ(std::system(command.c_str()), 0) << "run " << i;
  }
}

class MutualTlsTest : public TlsTest {
 protected:
  MutualTlsTest() : TlsTest(true) {}
};

TEST_F(MutualTlsTest, ClientIsKnownByItsCertificate) {
  const Identity own({.common_name = "a client", .names = "", .usage = "clientAuth"}, &authority);
  const std::string certificate = folder.Write("client.crt", own.certificate());
  const std::string key = folder.Write("client.key", own.key());
  const std::string both = folder.Write("client.pem", own.certificate() + own.key());
  const std::string ca = "ssl_ca_certs=" + ca_file;
  EXPECT_EQ(Outcome(Url("localhost", ca + "&ssl_certfile=" + certificate + "&ssl_keyfile=" + key)), "ready");
  EXPECT_EQ(Outcome(Url("localhost", ca + "&ssl_certfile=" + both)), "ready");
}

// The intermediate authority is known to the client alone.
TEST_F(MutualTlsTest, ChainOfTheClientIsShown) {
  const Identity between(AuthorityOptions("Between"), &authority);
  const Identity own({.common_name = "a client", .names = ""}, &between);
  const std::string file = folder.Write("client.pem", own.certificate() + between.certificate() + own.key());
  EXPECT_EQ(Outcome(Url("localhost", "ssl_ca_certs=" + ca_file + "&ssl_certfile=" + file)), "ready");
}

TEST_F(MutualTlsTest, ClientWithoutACertificateIsToldThatItNeedsOne) {
  EXPECT_THAT(Outcome(Url()), testing::AllOf(testing::HasSubstr("DRL_ERR_CONNECT"), testing::HasSubstr("certificate required"),
                                             testing::HasSubstr("ssl_certfile")));
}

TEST_F(MutualTlsTest, ClientThatTheServerDoesNotKnowIsToldSo) {
  const Identity stranger{CertificateOptions{}};
  const std::string file = folder.Write("client.pem", stranger.certificate() + stranger.key());
  EXPECT_THAT(Outcome(Url("localhost", "ssl_ca_certs=" + ca_file + "&ssl_certfile=" + file)),
              testing::AllOf(testing::HasSubstr("DRL_ERR_CONNECT"), testing::HasSubstr("alert")));
}

}  // namespace
}  // namespace drl::test
