// TLS between a transport and a server on the same thread: what leaves, what arrives, whom it believes.
#include <gmock/gmock.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "redis/tls_connector.h"
#include "tls_pipe.h"

namespace drl::redis {
namespace {

using base::Result;
using test::Identity;

const Identity& TheAuthority() {
  static const Identity authority(test::AuthorityOptions("The authority"));
  return authority;
}

// A client that believes TheAuthority, and its server.
struct Session {
  explicit Session(const std::string& names = "DNS:redis.example.com", std::string host = "redis.example.com", int version_max = 0)
      : identity({.names = names}, &TheAuthority()), server(pipe, identity, version_max) {
    tls.on = true;
    tls.ca_certs = folder.Write("ca.crt", TheAuthority().certificate());
    client = std::make_unique<TlsTransport>(std::move(*MakeTlsContext(tls)), std::make_unique<test::PipeTransport>(pipe), tls,
                                            std::move(host), "the server");
  }

  // True when the server is believed, else `why`.
  bool Shake() {
    for (int i = 0; i < 10; ++i) {
      const Result<bool> done = client->Handshake();
      if (!done.ok()) {
        why = done.status().message();
        return false;
      }
      server.Turn();
      if (*done) return true;
    }
    return false;
  }

  test::Folder folder;
  Tls tls;
  Identity identity;
  test::Pipe pipe;
  test::PipeServer server;
  std::unique_ptr<TlsTransport> client;
  std::string why;
};

struct RedisTlsTest : testing::Test {
  void SetUp() override { ASSERT_TRUE(session.Shake()) << session.why; }

  // All that has come, by calls with so much room, for as long as a caller would call who sleeps on the descriptor.
  std::string ReceiveAll(size_t room) {
    std::string all;
    std::vector<char> some(room);
    while (session.client->buffered() || !session.pipe.to_client.empty()) {
      const Result<size_t> got = session.client->Receive(some);
      if (!got.ok()) return all + "<" + got.status().message() + ">";
      all.append(some.data(), *got);
    }
    return all;
  }

  Session session;
};

TEST_F(RedisTlsTest, CarriesBytesBothWays) {
  EXPECT_EQ(*session.client->Send("a question"), 10U);
  EXPECT_EQ(session.server.Turn(), "a question");
  session.server.Say("an answer");
  EXPECT_EQ(ReceiveAll(100), "an answer");
}

TEST_F(RedisTlsTest, NothingHasComeIsNoError) {
  std::array<char, 10> room;
  const Result<size_t> got = session.client->Receive(room);
  ASSERT_TRUE(got.ok()) << got.status().message();
  EXPECT_EQ(*got, 0U);
}

TEST_F(RedisTlsTest, TakesNoErrorOfTheApplicationForItsOwn) {
  PEM_read_bio_X509(std::unique_ptr<BIO, int (*)(BIO*)>(BIO_new_mem_buf("x", 1), BIO_free).get(), nullptr, nullptr, nullptr);
  ASSERT_NE(ERR_peek_error(), 0UL);
  std::array<char, 10> room;
  EXPECT_TRUE(session.client->Receive(room).ok());
}

TEST_F(RedisTlsTest, BytesOfARecordHaveLeftWhenAllOfItHas) {
  session.pipe.room = 40;
  EXPECT_EQ(*session.client->Send(std::string(100, 'x')), 0U);
  EXPECT_EQ(session.server.Turn(), "");
  session.pipe.room = SIZE_MAX;
  EXPECT_EQ(*session.client->Send(std::string(100, 'x') + "more"), 100U);
  EXPECT_EQ(session.server.Turn(), std::string(100, 'x'));
}

TEST_F(RedisTlsTest, LongTextLeavesRecordByRecord) {
  const std::string text(50'000, 'x');
  session.pipe.room = 20'000;  // for one and a part
  std::string_view rest = text;
  rest.remove_prefix(*session.client->Send(rest));
  EXPECT_EQ(rest.size(), text.size() - 16'384);
  EXPECT_EQ(*session.client->Send(rest), 0U);
  EXPECT_EQ(session.server.Turn().size(), 16'384U);
  session.pipe.room = SIZE_MAX;
  while (!rest.empty()) rest.remove_prefix(*session.client->Send(rest));
  EXPECT_EQ(session.server.Turn().size(), text.size() - 16'384);
}

// The second of two must not be begun by who only wants to know of the first.
TEST_F(RedisTlsTest, RecordThatHasLeftIsToldBeforeTheNextIsBegun) {
  session.pipe.room = 40;
  ASSERT_EQ(*session.client->Send(std::string(100, 'x')), 0U);
  session.pipe.room = 100;
  EXPECT_EQ(*session.client->Send(std::string(100, 'x') + "more"), 100U);
  EXPECT_EQ(session.server.Turn(), std::string(100, 'x'));
}

// What it said did not leave must not leave: it may be sent again elsewhere. Neither a good-bye nor an alert pushes it out.
TEST_F(RedisTlsTest, RecordThatWasBegunIsNotFinishedBehindItsOwnersBack) {
  session.pipe.room = 40;
  ASSERT_EQ(*session.client->Send(std::string(100, 'x')), 0U);
  session.pipe.room = SIZE_MAX;
  session.pipe.to_client += "no record at all";
  EXPECT_THAT(ReceiveAll(100), testing::HasSubstr("reading from the server: "));
  EXPECT_EQ(session.pipe.to_server.size(), 40U);
  session.client.reset();
  EXPECT_EQ(session.pipe.to_server.size(), 40U);
}

TEST_F(RedisTlsTest, GoodByeDoesNotFinishARecordEither) {
  session.pipe.room = 40;
  ASSERT_EQ(*session.client->Send(std::string(100, 'x')), 0U);
  session.pipe.room = SIZE_MAX;
  session.client.reset();
  EXPECT_EQ(session.pipe.to_server.size(), 40U);
}

TEST_F(RedisTlsTest, SaysWhenThereIsMoreThanNoDescriptorShows) {
  std::string text;
  for (const char c : std::string_view("abcdef")) {
    session.server.Say(std::string(5'000, c));
    text.append(5'000, c);
  }
  EXPECT_EQ(ReceiveAll(16'384), text);
  for (const char c : std::string_view("abcdef")) session.server.Say(std::string(5'000, c));
  EXPECT_EQ(ReceiveAll(7), text);
}

TEST_F(RedisTlsTest, WhatCameBeforeTheEndIsReadBeforeIt) {
  session.server.Say("-ERR the reason");
  SSL_shutdown(session.server.ssl());
  session.server.Push();
  session.pipe.closed = true;
  EXPECT_EQ(ReceiveAll(100), "-ERR the reason<the server closed the connection>");
}

TEST_F(RedisTlsTest, EndWithoutAGoodByeIsTold) {
  session.server.Say("words");
  session.pipe.closed = true;
  EXPECT_EQ(ReceiveAll(100), "words");
  std::array<char, 10> room;
  EXPECT_EQ(session.client->Receive(room).status().message(), "the pipe closed the connection");
  EXPECT_EQ(session.client->Receive(room).status().code(), DRL_ERR_CONNECTION_LOST);
}

TEST_F(RedisTlsTest, SaysGoodBye) {
  session.client.reset();
  session.server.Turn();
  EXPECT_EQ(session.server.end(), SSL_ERROR_ZERO_RETURN);
}

TEST_F(RedisTlsTest, IsAbandonedWithoutAWord) {
  session.client->Abandon();
  EXPECT_EQ(session.pipe.abandoned, 1);
  EXPECT_EQ(session.pipe.to_server, "");
}

TEST_F(RedisTlsTest, KeysMayBeRenewed) {
  SSL_key_update(session.server.ssl(), SSL_KEY_UPDATE_REQUESTED);
  session.server.Say("after the first");
  EXPECT_EQ(ReceiveAll(100), "after the first");
  EXPECT_EQ(*session.client->Send("with new keys"), 13U);
  EXPECT_EQ(session.server.Turn(), "with new keys");
}

TEST(RedisTls, RenegotiationIsRefused) {
  Session session("DNS:redis.example.com", "redis.example.com", TLS1_2_VERSION);
  ASSERT_TRUE(session.Shake()) << session.why;
  SSL_renegotiate(session.server.ssl());
  SSL_do_handshake(session.server.ssl());
  session.server.Push();
  std::array<char, 10> room;
  EXPECT_TRUE(session.client->Receive(room).ok());
  session.server.Turn();
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
  ERR_clear_error();
}

struct NameCase {
  const char* names;
  const char* host;
  bool believed;
};

TEST(RedisTls, CertificateMustNameTheServer) {
  const NameCase cases[] = {
      {"DNS:redis.example.com", "redis.example.com", true},
      {"DNS:REDIS.Example.COM", "redis.example.com", true},
      {"DNS:redis.example.com", "redis.example.com.", true},
      {"DNS:*.example.com", "redis.example.com", true},
      {"DNS:*.example.com", "example.com", false},
      {"DNS:*.example.com", "a.redis.example.com", false},
      {"DNS:red*.example.com", "redis.example.com", false},
      {"DNS:*is.example.com", "redis.example.com", false},
      {"DNS:*.*.com", "redis.example.com", false},
      {"DNS:*.com", "example.com", false},
      {"DNS:xredis.example.com", "redis.example.com", false},
      {"IP:192.0.2.1", "192.0.2.1", true},
      {"IP:192.0.2.1", "192.0.2.2", false},
      {"DNS:192.0.2.1", "192.0.2.1", false},
      {"IP:2001:db8::1", "2001:db8:0::1", true},
      {"IP:fe80::1", "fe80::1%eth0", true},
      {"IP:fe80::2", "fe80::1%eth0", false},
      {"email:redis.example.com,URI:redis.example.com", "redis.example.com", false},
  };
  for (const NameCase& one : cases) {
    Session session(one.names, one.host);
    EXPECT_EQ(session.Shake(), one.believed) << one.names << " for " << one.host;
    if (!one.believed) {
      EXPECT_THAT(session.why, testing::HasSubstr("mismatch"));
    }
  }
}

TEST(RedisTls, NameIsAskedForAndAnAddressIsNot) {
  Session named;
  ASSERT_TRUE(named.Shake()) << named.why;
  EXPECT_STREQ(SSL_get_servername(named.server.ssl(), TLSEXT_NAMETYPE_host_name), "redis.example.com");
  Session numbered("IP:192.0.2.1", "192.0.2.1");
  ASSERT_TRUE(numbered.Shake()) << numbered.why;
  EXPECT_EQ(SSL_get_servername(numbered.server.ssl(), TLSEXT_NAMETYPE_host_name), nullptr);
}

TEST(RedisTls, MistakesInFilesNameTheOptionThatIsWrong) {
  const test::Folder folder;
  const Identity own(test::CertificateOptions{}, &TheAuthority());
  const std::string good = folder.Write("good.pem", TheAuthority().certificate());
  const std::string bad = folder.Write("bad.pem", "nothing");
  const std::string pem = folder.Write("own.pem", own.certificate() + own.key());
  Endpoint endpoint;
  endpoint.sentinels.hosts = {{"sentinel", 26379}};
  endpoint.tls.on = true;
  endpoint.tls.ca_certs = good;
  EXPECT_TRUE(CheckTlsFiles(endpoint).ok());
  endpoint.sentinels.ca_certs = bad;
  EXPECT_EQ(CheckTlsFiles(endpoint).message(), "sentinel_ssl_ca_certs holds no certificate");
  endpoint.sentinels.ca_certs = good;
  endpoint.sentinels.certfile = bad;
  EXPECT_EQ(CheckTlsFiles(endpoint).message(), "sentinel_ssl_certfile holds no certificate");
  endpoint.sentinels.certfile = pem;
  EXPECT_TRUE(CheckTlsFiles(endpoint).ok());
  endpoint.tls.certfile = bad;
  EXPECT_EQ(CheckTlsFiles(endpoint).message(), "ssl_certfile holds no certificate");
  endpoint.sentinels.tls_on = false;
  endpoint.tls.on = false;
  EXPECT_TRUE(CheckTlsFiles(endpoint).ok());
}

TEST(RedisTls, WhatIsNotVerifiedIsWorthAWarning) {
  Endpoint endpoint;
  endpoint.host = "redis.example.com";
  endpoint.tls.verify = false;
  EXPECT_EQ(TlsWarning(endpoint), "");  // there is no TLS
  endpoint.tls.on = true;
  EXPECT_THAT(TlsWarning(endpoint), testing::HasSubstr("redis.example.com:6379 is not verified"));
  endpoint.tls.verify = true;
  EXPECT_EQ(TlsWarning(endpoint), "");
  endpoint.tls.check_hostname = false;
  EXPECT_THAT(TlsWarning(endpoint), testing::HasSubstr("need not name it"));
}

// Reaches a pipe at once.
class PipeConnector final : public Connector {
 public:
  explicit PipeConnector(test::Pipe& pipe) : pipe_(pipe) {}

  void Begin(base::Micros /*now*/) override {}
  Result<std::unique_ptr<Transport>> Advance(base::Micros /*now*/) override {
    ++reached;
    return std::unique_ptr<Transport>(std::make_unique<test::PipeTransport>(pipe_));
  }
  void Stop() override { ++stopped; }
  void Shun() override { ++shunned; }
  [[nodiscard]] const char* doing() const override { return "connecting to "; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] int poll_fd() const override { return -1; }
  [[nodiscard]] base::Micros next_at() const override { return 7; }
  void Abandon() const override {}

  int reached = 0, stopped = 0, shunned = 0;

 private:
  test::Pipe& pipe_;
  const std::string name_ = "the server";
};

struct RedisTlsConnectorTest : testing::Test {
  RedisTlsConnectorTest() {
    tls.on = true;
    tls.ca_certs = folder.Write("ca.crt", TheAuthority().certificate());
    auto owned = std::make_unique<PipeConnector>(pipe);
    plain = owned.get();
    connector = std::make_unique<TlsConnector>(std::move(owned), tls, "redis.example.com");
    connector->Begin(0);
  }

  test::Folder folder;
  Tls tls;
  test::Pipe pipe;
  PipeConnector* plain = nullptr;
  std::unique_ptr<TlsConnector> connector;
};

TEST_F(RedisTlsConnectorTest, HandsOverWhatHasShownWhoItIs) {
  const Identity identity({.names = "DNS:redis.example.com"}, &TheAuthority());
  test::PipeServer server(pipe, identity);
  std::unique_ptr<Transport> made;
  for (int i = 0; i < 10 && made == nullptr; ++i) {
    Result<std::unique_ptr<Transport>> step = connector->Advance(0);
    ASSERT_TRUE(step.ok()) << step.status().message();
    made = std::move(*step);
    server.Turn();
  }
  ASSERT_NE(made, nullptr);
  ASSERT_EQ(*made->Send("words"), 5U);
  EXPECT_EQ(server.Turn(), "words");
  connector->Stop();
  EXPECT_EQ(plain->shunned, 0);
}

TEST_F(RedisTlsConnectorTest, ServerThatStallsIsNotBegunWithAgain) {
  ASSERT_TRUE(connector->Advance(0).ok());
  EXPECT_STREQ(connector->doing(), "the TLS handshake with ");
  EXPECT_EQ(connector->next_at(), INT64_MAX);
  connector->Stop();
  EXPECT_EQ(plain->shunned, 1);
  EXPECT_EQ(plain->stopped, 1);
}

TEST_F(RedisTlsConnectorTest, ServerThatTakesNothingIsLookedAtAgain) {
  pipe.room = 10;
  ASSERT_TRUE(connector->Advance(1'000).ok());
  EXPECT_GT(connector->next_at(), 1'000);
  EXPECT_LT(connector->next_at(), 100'000);
}

TEST_F(RedisTlsConnectorTest, NobodyIsSpokenToWithoutTheFilesAndTheyAreReadAgain) {
  std::string keep = TheAuthority().certificate();
  folder.Write("ca.crt", "");
  const Result<std::unique_ptr<Transport>> made = connector->Advance(0);
  EXPECT_EQ(made.status().code(), DRL_ERR_CONNECT);
  EXPECT_EQ(made.status().message(), "cannot connect to the server: ssl_ca_certs holds no certificate");
  EXPECT_EQ(pipe.to_server, "");
  folder.Write("ca.crt", keep);
  connector->Begin(0);
  EXPECT_TRUE(connector->Advance(0).ok());
  EXPECT_EQ(plain->reached, 2);
}

}  // namespace
}  // namespace drl::redis
