// Servers that nobody should talk to: each is refused, in good time and with its reason, before it has seen a byte of a command.
#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include <thread>

#include "certificates.h"
#include "handles.h"
#include "tls_peer.h"

namespace drl::test {
namespace {

constexpr const char* kPassword = "the-secret-of-this-test";
constexpr int64_t kConnectTimeoutUs = 700'000;

const Identity& TheAuthority() {
  static const Identity authority(AuthorityOptions("The authority"));
  return authority;
}

class TlsPeersTest : public testing::Test {
 protected:
  // Asks a peer at a port for a decision, which the first attempt to connect ends: why.
  std::string Refusal(int port, const std::string& host = "localhost", const std::string& trusted = TheAuthority().certificate()) {
    const std::string file = folder.Write("ca.crt", trusted);
    const std::string url = "rediss://user:" + std::string(kPassword) + "@" + host + ":" + std::to_string(port) +
                            "?ssl_ca_certs=" + file;
    drl_client_options options = ClientOptions(url.c_str());
    options.connect_timeout_us = kConnectTimeoutUs;
    const SteadyClock::time_point start = SteadyClock::now();
    const Client client = OpenClient(options);
    const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
    const Answer answer = Allow(limiter, "someone");
    EXPECT_LT(MicrosSince(start), kConnectTimeoutUs + 1'000'000);
    EXPECT_EQ(answer.status, DRL_ERR_CONNECT) << answer.message;
    EXPECT_EQ(answer.decision.charged, DRL_CHARGED_NO);
    EXPECT_EQ(Stats(client).connects, 0);
    EXPECT_EQ(answer.message.find(kPassword), std::string::npos);
    return answer.message;
  }

  // The same of a peer that speaks TLS, with this certificate: it has heard nothing.
  void ExpectRefused(const TlsPeerOptions& options, const std::string& why, const std::string& host = "localhost",
                     const std::string& trusted = TheAuthority().certificate()) {
    const Peer peer(SpeaksTls(options));
    EXPECT_THAT(Refusal(peer.port(), host, trusted), testing::HasSubstr(why));
    EXPECT_GE(peer.accepted(), 1);
    EXPECT_EQ(peer.heard(), "");
  }

  void ExpectRefused(const CertificateOptions& options, const std::string& why, const std::string& host = "localhost") {
    const Identity identity(options, &TheAuthority());
    ExpectRefused(TlsPeerOptions{identity}, why, host);
  }

  Folder folder;
};

// Else all that follows would be refused for another reason: this one is told user and password.
TEST_F(TlsPeersTest, TheDoubleItselfIsBelieved) {
  for (const int version : {0, TLS1_2_VERSION}) {
    const Identity identity(CertificateOptions{}, &TheAuthority());
    const Peer peer(SpeaksTls({identity, {}, version}));
    EXPECT_THAT(Refusal(peer.port()), testing::HasSubstr("logging in"));
    EXPECT_THAT(peer.heard(), testing::HasSubstr(kPassword));
  }
}

TEST_F(TlsPeersTest, Expired) { ExpectRefused({.from_s = -7'200, .until_s = -3'600}, "certificate has expired"); }

TEST_F(TlsPeersTest, NotYetValid) { ExpectRefused({.from_s = 3'600}, "certificate is not yet valid"); }

TEST_F(TlsPeersTest, OfAnotherHost) { ExpectRefused({.names = "DNS:elsewhere,IP:127.0.0.1"}, "ostname mismatch"); }

TEST_F(TlsPeersTest, OfAnotherAddress) { ExpectRefused({.names = "DNS:localhost,IP:127.0.0.2"}, "IP address mismatch", "127.0.0.1"); }

TEST_F(TlsPeersTest, WithAnAddressAsAName) { ExpectRefused({.names = "DNS:127.0.0.1"}, "IP address mismatch", "127.0.0.1"); }

TEST_F(TlsPeersTest, NamedInItsSubjectAlone) {
  ExpectRefused({.common_name = "localhost", .names = ""}, "ostname mismatch");
  ExpectRefused({.common_name = "localhost", .names = "DNS:elsewhere"}, "ostname mismatch");
  ExpectRefused({.common_name = "127.0.0.1", .names = ""}, "IP address mismatch", "127.0.0.1");
}

TEST_F(TlsPeersTest, NamedByAnEndlessWildcard) { ExpectRefused({.names = "DNS:*,DNS:local*,DNS:*host"}, "ostname mismatch"); }

TEST_F(TlsPeersTest, WithANameThatOnlyBeginsOrEndsLikeTheRightOne) {
  ExpectRefused({.names = "DNS:localhost.evil.example,DNS:evil.localhost"}, "ostname mismatch");
}

TEST_F(TlsPeersTest, OfAnUnknownAuthority) {
  const Identity authority(AuthorityOptions("Somebody else"));
  const Identity identity(CertificateOptions{}, &authority);
  ExpectRefused(TlsPeerOptions{identity}, "unable to get local issuer certificate");
  ExpectRefused({identity, authority.certificate()}, "signed certificate in certificate chain");
}

// The same name does not make it the same.
TEST_F(TlsPeersTest, OfAnAuthorityThatOnlyCallsItselfTheSame) {
  const Identity impostor(AuthorityOptions("The authority"));
  const Identity identity(CertificateOptions{}, &impostor);
  ExpectRefused(TlsPeerOptions{identity}, "certificate signature failure");
}

TEST_F(TlsPeersTest, SelfSigned) {
  const Identity identity{CertificateOptions{}};
  ExpectRefused(TlsPeerOptions{identity}, "signed certificate");
}

TEST_F(TlsPeersTest, Revoked) {
  const Identity identity(CertificateOptions{}, &TheAuthority());
  ExpectRefused(TlsPeerOptions{identity}, "certificate revoked", "localhost",
                TheAuthority().certificate() + TheAuthority().Revoke({&identity}));
}

TEST_F(TlsPeersTest, OfAnAuthorityWhoseRevocationsAreNotKnown) {
  const Identity other(AuthorityOptions("Another authority"));
  const Identity identity(CertificateOptions{}, &other);
  ExpectRefused(TlsPeerOptions{identity}, "unable to get certificate CRL", "localhost",
                other.certificate() + TheAuthority().certificate() + TheAuthority().Revoke({}));
}

TEST_F(TlsPeersTest, WithAWeakKey) { ExpectRefused({.rsa_bits = 1024}, "EE certificate key too weak"); }

TEST_F(TlsPeersTest, WithAWeakSignature) { ExpectRefused({.digest = "SHA1"}, "CA signature digest algorithm too weak"); }

TEST_F(TlsPeersTest, WithACertificateForClients) { ExpectRefused({.usage = "clientAuth"}, "certificate purpose"); }

TEST_F(TlsPeersTest, WithoutTheCertificateBetween) {
  const Identity between(AuthorityOptions("Between"), &TheAuthority());
  const Identity identity(CertificateOptions{}, &between);
  ExpectRefused(TlsPeerOptions{identity}, "unable to get local issuer certificate");
}

TEST_F(TlsPeersTest, SignedByWhoIsNoAuthority) {
  const Identity customer({.common_name = "a customer"}, &TheAuthority());
  const Identity identity(CertificateOptions{}, &customer);
  ExpectRefused({identity, customer.certificate()}, "invalid CA certificate");
}

TEST_F(TlsPeersTest, OfAnOldVersion) {
  const Identity identity(CertificateOptions{.rsa_bits = 2048}, &TheAuthority());
  ExpectRefused({identity, {}, TLS1_1_VERSION}, "protocol version");
  ExpectRefused({identity, {}, TLS1_VERSION}, "protocol version");
}

TEST_F(TlsPeersTest, RedisWithoutTls) {
  const Server server = StartServer({.tcp = 1});
  EXPECT_THAT(Refusal(redis_server_port(server.get())), testing::HasSubstr("TLS"));
}

TEST_F(TlsPeersTest, WithoutTls) {
  for (const char* words : {"-ERR unknown command\r\n", "+OK\r\n+OK\r\n+OK\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n"}) {
    const Peer peer(Says(words));
    EXPECT_THAT(Refusal(peer.port()), testing::HasSubstr("does not speak TLS"));
    EXPECT_EQ(peer.heard().find(kPassword), std::string::npos);
    EXPECT_EQ(peer.heard().find("AUTH"), std::string::npos);
  }
}

TEST_F(TlsPeersTest, ThatTalksRubbish) {
  // Records of TLS by their first bytes: a handshake of rubbish, an alert, application data before there is a key, a huge one.
  using namespace std::string_literals;
  const std::string rubbish[] = {"\x16\x03\x03\x00\x04\xff\x00\x00\x00"s, "\x15\x03\x03\x00\x02\x02\x28"s,
                                 "\x17\x03\x03\x00\x05+OK\r\n"s, "\x16\x03\x03\xff\xff"s + std::string(70'000, 'x')};
  for (const std::string& bytes : rubbish) {
    const Peer peer(Says(bytes));
    EXPECT_THAT(Refusal(peer.port()), testing::HasSubstr("TLS handshake"));
    EXPECT_EQ(peer.heard().find(kPassword), std::string::npos);
  }
}

TEST_F(TlsPeersTest, ThatSaysNothing) {
  const Peer peer(Says(""));
  EXPECT_THAT(Refusal(peer.port()), testing::HasSubstr("the TLS handshake with localhost"));
  EXPECT_EQ(peer.heard().find(kPassword), std::string::npos);
}

// Wherever the handshake is cut, from the first byte to the last before its end: nothing has been said, and this is told.
TEST_F(TlsPeersTest, ThatIsCutOffInTheHandshake) {
  const Identity identity(CertificateOptions{}, &TheAuthority());
  const Peer server(SpeaksTls({identity}));
  for (const size_t bytes : {0, 1, 4, 5, 6, 50, 100, 127, 128, 200, 400, 600}) {
    const Peer cutter(CutsAfter(bytes, server.port()));
    EXPECT_THAT(Refusal(cutter.port()), testing::HasSubstr("TLS handshake")) << "after " << bytes;
    EXPECT_EQ(cutter.heard().find(kPassword), std::string::npos);
  }
  EXPECT_EQ(server.heard(), "");
}

// A handshake of TLS 1.2 that stops after the server's first words.
TEST_F(TlsPeersTest, ThatStallsInTheHandshake) {
  const Identity identity(CertificateOptions{}, &TheAuthority());
  const Peer server(SpeaksTls({identity, {}, TLS1_2_VERSION}));
  const Peer staller([&](Peer& peer, int fd) {
    CutsAfter(100, server.port())(peer, fd);
    while (!peer.stopping()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  EXPECT_THAT(Refusal(staller.port()), testing::HasSubstr("took longer than the connect time-out"));
  EXPECT_EQ(server.heard(), "");
}

}  // namespace
}  // namespace drl::test
