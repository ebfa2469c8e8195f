#include "redis/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drl::redis {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Good {
  const char* url;
  Endpoint expected;
};

Endpoint Tcp(std::string host, int32_t port = 6379, int64_t database = 0) {
  Endpoint endpoint;
  endpoint.host = std::move(host);
  endpoint.port = port;
  endpoint.database = database;
  return endpoint;
}

Endpoint Unix(std::string path, int64_t database = 0) {
  Endpoint endpoint;
  endpoint.unix_path = std::move(path);
  endpoint.database = database;
  return endpoint;
}

Endpoint With(Endpoint endpoint, std::string username, std::string password) {
  endpoint.username = std::move(username);
  endpoint.password = std::move(password);
  return endpoint;
}

void ExpectSame(const Endpoint& a, const Endpoint& b, const char* url) {
  EXPECT_EQ(a.unix_path, b.unix_path) << url;
  EXPECT_EQ(a.host, b.host) << url;
  EXPECT_EQ(a.port, b.port) << url;
  EXPECT_EQ(a.username, b.username) << url;
  EXPECT_EQ(a.password, b.password) << url;
  EXPECT_EQ(a.database, b.database) << url;
}

TEST(Url, OfEverySpellingIsUnderstood) {
  const Good table[] = {
      {"redis://localhost", Tcp("localhost")},
      {"redis://localhost/", Tcp("localhost")},
      {"redis://localhost:6380", Tcp("localhost", 6380)},
      {"redis://localhost:1", Tcp("localhost", 1)},
      {"redis://localhost:65535/15", Tcp("localhost", 65535, 15)},
      {"redis://redis.example.org:6379/3", Tcp("redis.example.org", 6379, 3)},
      {"valkey://10.0.0.1", Tcp("10.0.0.1")},
      {"redis://[::1]", Tcp("::1")},
      {"redis://[2001:db8::1]:6380/2", Tcp("2001:db8::1", 6380, 2)},
      {"redis://host?db=4", Tcp("host", 6379, 4)},
      {"redis://:secret@host", With(Tcp("host"), "", "secret")},
      {"redis://user:secret@host:1/2", With(Tcp("host", 1, 2), "user", "secret")},
      {"redis://user@host", With(Tcp("host"), "user", "")},
      {"redis://u%40x:p%3A%2F%3Fw%25@host", With(Tcp("host"), "u@x", "p:/?w%")},
      {"redis://:p:w@host", With(Tcp("host"), "", "p:w")},
      {"redis://:p@w@host", With(Tcp("host"), "", "p@w")},
      {"redis://:p/w@host/1", With(Tcp("host", 6379, 1), "", "p/w")},
      {"redis://:%c3%A9@host", With(Tcp("host"), "", "\xC3\xA9")},
      {"unix:///run/redis.sock", Unix("/run/redis.sock")},
      {"unix:///run/redis.sock?db=3", Unix("/run/redis.sock", 3)},
      {"redis+unix:///run/redis.sock", Unix("/run/redis.sock")},
      {"valkey+unix:///run/redis.sock", Unix("/run/redis.sock")},
      {"unix://user:secret@/run/redis.sock", With(Unix("/run/redis.sock"), "user", "secret")},
      {"unix:///run/a%20b%23.sock", Unix("/run/a b#.sock")},
  };
  for (const Good& good : table) {
    const base::Result<Endpoint> endpoint = ParseUrl(good.url);
    ASSERT_TRUE(endpoint.ok()) << good.url << ": " << endpoint.status().message();
    ExpectSame(*endpoint, good.expected, good.url);
  }
}

TEST(Url, TakesItsParameters) {
  const base::Result<Endpoint> endpoint =
      ParseUrl("redis://host?client_name=web-1&timeout=250ms&connect_timeout=2s&db=7&drive=off&requests_per_command=1");
  ASSERT_TRUE(endpoint.ok()) << endpoint.status().message();
  EXPECT_EQ(endpoint->client_name, "web-1");
  EXPECT_EQ(endpoint->timeout_us, 250'000);
  EXPECT_EQ(endpoint->connect_timeout_us, 2'000'000);
  EXPECT_EQ(endpoint->database, 7);
  EXPECT_FALSE(endpoint->drive);
  EXPECT_EQ(endpoint->requests_per_command, 1);
  EXPECT_TRUE(ParseUrl("redis://host?drive=adaptive")->drive);
  EXPECT_EQ(ParseUrl("redis://host?requests_per_command=64")->requests_per_command, 64);
}

TEST(Url, ReadsDurationsWithTheirUnits) {
  const std::pair<const char*, int64_t> table[] = {
      {"1000us", 1'000}, {"1ms", 1'000}, {"1s", 1'000'000}, {"1m", 60'000'000}, {"60m", 3'600'000'000}, {"3600s", 3'600'000'000}};
  for (const auto& [text, us] : table) {
    const base::Result<Endpoint> endpoint = ParseUrl("redis://host?dial_timeout=" + std::string(text));
    ASSERT_TRUE(endpoint.ok()) << text;
    EXPECT_EQ(endpoint->connect_timeout_us, us) << text;
  }
}

struct Bad {
  std::string url;
  drl_status code;
  const char* message;
};

TEST(Url, ThatIsWrongHasItsStatusAndSaysWhy) {
  const std::string long_host(254, 'h');
  const std::string many_hosts = [] {
    std::string hosts = "h";
    for (int i = 0; i < 32; ++i) hosts += ",h";
    return hosts;
  }();
  const std::string long_path(108, 'p');
  const Bad table[] = {
      {"", DRL_ERR_URL, "empty"},
      {"localhost", DRL_ERR_URL, "scheme"},
      {"localhost:6379", DRL_ERR_URL, "scheme"},
      {"redis:/localhost", DRL_ERR_URL, "scheme"},
      {"redis://" + std::string(4096, 'x'), DRL_ERR_URL, "longer than 4096"},
      {"redis://", DRL_ERR_URL, "host is missing"},
      {"redis:///0", DRL_ERR_URL, "host is missing"},
      {"redis://:6379", DRL_ERR_URL, "host is missing"},
      {"redis://user:secret@", DRL_ERR_URL, "host is missing"},
      {"redis://[::1", DRL_ERR_URL, "bracket"},
      {"redis://[::1]x", DRL_ERR_URL, "bracket"},
      {"redis://[]", DRL_ERR_URL, "host is missing"},
      {"redis://ho st", DRL_ERR_URL, "wrong character"},
      {"redis://ho%20st", DRL_ERR_URL, "wrong character"},
      {"redis://h1,h2", DRL_ERR_URL, "several hosts"},
      {"rediss://h1,h2/0", DRL_ERR_URL, "several hosts"},
      {"redis+sentinel://h1:26379", DRL_ERR_URL, "master's name is missing"},
      {"redis+sentinel://h1:26379/", DRL_ERR_URL, "master's name is missing"},
      {"redis+sentinel:///mymaster", DRL_ERR_URL, "host is missing"},
      {"redis+sentinel://h1,/mymaster", DRL_ERR_URL, "host is missing"},
      {"redis+sentinel://,h1/mymaster", DRL_ERR_URL, "host is missing"},
      {"redis+sentinel://h1/my%20master", DRL_ERR_URL, "wrong character"},
      {"redis+sentinel://h1/mymaster/one", DRL_ERR_URL_DATABASE, "database"},
      {"redis+sentinel://h1/mymaster/1?db=1", DRL_ERR_URL_DATABASE, "twice"},
      {"redis+sentinel://h1:x,h2/mymaster", DRL_ERR_URL_PORT, "1..65535"},
      {"redis+sentinel://h1,h2:0/mymaster", DRL_ERR_URL_PORT, "1..65535"},
      {"redis+sentinel://" + many_hosts + "/mymaster", DRL_ERR_URL, "32 hosts"},
      {"rediss://host?ssl_ca_certs=", DRL_ERR_URL_PARAMETER, "ssl_ca_certs must be not empty"},
      {"rediss://host?ssl_cert_reqs=optional", DRL_ERR_URL_PARAMETER, "required or none"},
      {"rediss://host?ssl_check_hostname=1", DRL_ERR_URL_PARAMETER, "true or false"},
      {"redis+sentinel://h1/mymaster?sentinel_ssl=on", DRL_ERR_URL_PARAMETER, "true or false"},
      {"redis://h\r\nFLUSHALL", DRL_ERR_URL, "wrong character"},
      {"redis://" + long_host, DRL_ERR_URL, "too long"},
      {"redis://host#fragment", DRL_ERR_URL, "fragment"},
      {"redis://:%zz@host", DRL_ERR_URL, "percent"},
      {"redis://:%4@host", DRL_ERR_URL, "percent"},
      {"redis://:a%00b@host", DRL_ERR_URL, "percent"},
      {"redis://host?client_name=%z", DRL_ERR_URL, "percent"},
      {"redis://host?client_name=a@b", DRL_ERR_URL, "%40"},
      {"unix://relative.sock", DRL_ERR_URL, "absolute"},
      {"unix://", DRL_ERR_URL, "absolute"},
      {"unix:///" + long_path, DRL_ERR_URL, "107"},
      {"http://host", DRL_ERR_URL_SCHEME, "scheme"},
      {"redi://host", DRL_ERR_URL_SCHEME, "scheme"},
      {"://host", DRL_ERR_URL_SCHEME, "scheme"},
      {"redis://host?unknown=1", DRL_ERR_URL_PARAMETER, "unknown parameter"},
      {"redis://host?Timeout=1s", DRL_ERR_URL_PARAMETER, "unknown parameter"},
      {"redis://host?timeout", DRL_ERR_URL_PARAMETER, "no value"},
      {"redis://host?timeout=", DRL_ERR_URL_PARAMETER, "timeout"},
      {"redis://host?timeout=100", DRL_ERR_URL_PARAMETER, "unit"},
      {"redis://host?timeout=1.5s", DRL_ERR_URL_PARAMETER, "unit"},
      {"redis://host?timeout=-1s", DRL_ERR_URL_PARAMETER, "unit"},
      {"redis://host?timeout=0s", DRL_ERR_URL_PARAMETER, "1ms"},
      {"redis://host?timeout=999us", DRL_ERR_URL_PARAMETER, "1ms"},
      {"redis://host?timeout=61m", DRL_ERR_URL_PARAMETER, "60m"},
      {"redis://host?timeout=9223372036854775807m", DRL_ERR_URL_PARAMETER, "60m"},
      {"redis://host?connect_timeout=1h", DRL_ERR_URL_PARAMETER, "connect_timeout"},
      {"redis://host?dial_timeout=s", DRL_ERR_URL_PARAMETER, "dial_timeout"},
      {"redis://host?drive=on", DRL_ERR_URL_PARAMETER, "drive must be adaptive or off"},
      {"redis://host?drive=", DRL_ERR_URL_PARAMETER, "drive must be adaptive or off"},
      {"redis://host?requests_per_command=0", DRL_ERR_URL_PARAMETER, "requests_per_command must be a number from 1 to 64"},
      {"redis://host?requests_per_command=65", DRL_ERR_URL_PARAMETER, "1 to 64"},
      {"redis://host?requests_per_command=-1", DRL_ERR_URL_PARAMETER, "1 to 64"},
      {"redis://host?requests_per_command=one", DRL_ERR_URL_PARAMETER, "1 to 64"},
      {"redis://host?client_name=", DRL_ERR_URL_PARAMETER, "client_name"},
      {"redis://host?client_name=two%20words", DRL_ERR_URL_PARAMETER, "client_name"},
      {"redis://host?client_name=line%0abreak", DRL_ERR_URL_PARAMETER, "client_name"},
      {"redis://host:", DRL_ERR_URL_PORT, "port"},
      {"redis://[::1]:", DRL_ERR_URL_PORT, "port"},
      {"redis://host:0", DRL_ERR_URL_PORT, "1..65535"},
      {"redis://host:65536", DRL_ERR_URL_PORT, "1..65535"},
      {"redis://host:-1", DRL_ERR_URL_PORT, "1..65535"},
      {"redis://host:+1", DRL_ERR_URL_PORT, "1..65535"},
      {"redis://host:http", DRL_ERR_URL_PORT, "1..65535"},
      {"redis://host:63 79", DRL_ERR_URL_PORT, "1..65535"},
      {"redis://host:99999999999999999999", DRL_ERR_URL_PORT, "1..65535"},
      {"redis://host/one", DRL_ERR_URL_DATABASE, "database"},
      {"redis://host/-1", DRL_ERR_URL_DATABASE, "database"},
      {"redis://host/1/2", DRL_ERR_URL_DATABASE, "database"},
      {"redis://host/99999999999999999999", DRL_ERR_URL_DATABASE, "database"},
      {"redis://host/1?db=2", DRL_ERR_URL_DATABASE, "twice"},
      {"redis://host/0?db=0", DRL_ERR_URL_DATABASE, "twice"},
      {"unix:///run/redis.sock?db=1&db=2", DRL_ERR_URL_DATABASE, "twice"},
      {"redis://host?db=one", DRL_ERR_URL_DATABASE, "db"},
      {"redis://host?db=-1", DRL_ERR_URL_DATABASE, "db"},
      {"redis://host?db=", DRL_ERR_URL_DATABASE, "db"},
      {"unix:///run/redis.sock?db=x", DRL_ERR_URL_DATABASE, "db"},
  };
  for (const Bad& bad : table) {
    const base::Result<Endpoint> endpoint = ParseUrl(bad.url);
    ASSERT_FALSE(endpoint.ok()) << bad.url;
    EXPECT_EQ(endpoint.status().code(), bad.code) << bad.url;
    EXPECT_THAT(endpoint.status().message(), HasSubstr("redis_url")) << bad.url;
    EXPECT_THAT(endpoint.status().message(), HasSubstr(bad.message)) << bad.url;
  }
}

TEST(Url, OfTlsSaysSo) {
  for (const char* url : {"rediss://host", "valkeys://host", "rediss+sentinel://host/mymaster", "valkeys+sentinel://host/mymaster"}) {
    const base::Result<Endpoint> endpoint = ParseUrl(url);
    ASSERT_TRUE(endpoint.ok()) << url << ": " << endpoint.status().message();
    EXPECT_TRUE(endpoint->tls.on) << url;
    EXPECT_TRUE(endpoint->tls.verify && endpoint->tls.check_hostname) << url;
    EXPECT_TRUE(endpoint->SentinelTls().on) << url;
  }
  EXPECT_FALSE(ParseUrl("redis://host")->tls.on);
}

TEST(Url, NamesTheFilesOfTls) {
  const base::Result<Endpoint> endpoint =
      ParseUrl("rediss://host?ssl_ca_certs=/etc/ca.pem&ssl_certfile=/c%20d.pem&ssl_keyfile=k.pem&ssl_cert_reqs=none&"
               "ssl_check_hostname=False");
  ASSERT_TRUE(endpoint.ok()) << endpoint.status().message();
  EXPECT_EQ(endpoint->tls.ca_certs, "/etc/ca.pem");
  EXPECT_EQ(endpoint->tls.certfile, "/c d.pem");
  EXPECT_EQ(endpoint->tls.keyfile, "k.pem");
  EXPECT_FALSE(endpoint->tls.verify);
  EXPECT_FALSE(endpoint->tls.check_hostname);
}

TEST(Url, NamesSentinelsAndTheirMaster) {
  const base::Result<Endpoint> endpoint =
      ParseUrl("redis+sentinel://user:secret@s1,s2:5000,[::1]:5001/mymaster/3?sentinel_username=u&sentinel_password=p&"
               "sentinel_ssl=true&sentinel_ssl_ca_certs=/s.pem");
  ASSERT_TRUE(endpoint.ok()) << endpoint.status().message();
  ASSERT_EQ(endpoint->sentinels.hosts.size(), 3U);
  EXPECT_EQ(endpoint->sentinels.hosts[0].Name(), "s1:26379");
  EXPECT_EQ(endpoint->sentinels.hosts[1].Name(), "s2:5000");
  EXPECT_EQ(endpoint->sentinels.hosts[2].Name(), "[::1]:5001");
  EXPECT_EQ(endpoint->sentinels.master, "mymaster");
  EXPECT_EQ(endpoint->database, 3);
  EXPECT_EQ(endpoint->username, "user");
  EXPECT_EQ(endpoint->password, "secret");
  EXPECT_EQ(endpoint->sentinels.username, "u");
  EXPECT_EQ(endpoint->sentinels.password, "p");
  EXPECT_TRUE(endpoint->SentinelTls().on);
  EXPECT_EQ(endpoint->SentinelTls().ca_certs, "/s.pem");
  EXPECT_FALSE(endpoint->tls.on);
  EXPECT_EQ(endpoint->Name(), "the sentinels' master 'mymaster'");
  EXPECT_TRUE(Check(*endpoint).ok());
}

TEST(Endpoint, RefusesWhatHasNoUse) {
  struct Case {
    const char* url;
    const char* message;
  };
  for (const Case& one : {Case{"redis://h?ssl_ca_certs=/ca", "ssl_ca_certs needs"},
                          Case{"redis://h?ssl_certfile=/c", "ssl_certfile needs"},
                          Case{"redis://h?ssl_keyfile=/k", "ssl_keyfile needs"},
                          Case{"redis://h?ssl_cert_reqs=none", "ssl_cert_reqs needs"},
                          Case{"unix:///s?ssl_check_hostname=false", "ssl_check_hostname needs"},
                          Case{"rediss://h?ssl_keyfile=/k", "ssl_keyfile needs ssl_certfile"},
                          Case{"redis://h?sentinel_username=u", "sentinel_username needs"},
                          Case{"redis://h?sentinel_password=p", "sentinel_password needs"},
                          Case{"rediss://h?sentinel_ssl=false", "sentinel_ssl needs"},
                          Case{"rediss://h?sentinel_ssl_ca_certs=/ca", "sentinel_ssl_ca_certs needs"},
                          Case{"redis+sentinel://h/m?sentinel_username=u", "sentinel_username needs sentinel_password"},
                          Case{"redis+sentinel://h/m?sentinel_ssl_certfile=/c", "sentinel_ssl_certfile needs"},
                          Case{"redis+sentinel://h/m?sentinel_ssl=true&sentinel_ssl_keyfile=/k", "sentinel_ssl_keyfile needs"}}) {
    const base::Result<Endpoint> endpoint = ParseUrl(one.url);
    ASSERT_TRUE(endpoint.ok()) << one.url << ": " << endpoint.status().message();
    const base::Status status = Check(*endpoint);
    EXPECT_EQ(status.code(), DRL_ERR_OPTION) << one.url;
    EXPECT_THAT(status.message(), HasSubstr(one.message)) << one.url;
  }
}

TEST(Url, OfALaterVersionIsUnsupportedRatherThanUnknown) {
  for (const char* scheme : {"redis+cluster", "valkey+cluster", "rediss+cluster", "valkeys+cluster"}) {
    EXPECT_EQ(ParseUrl(std::string(scheme) + "://host").status().code(), DRL_ERR_UNSUPPORTED) << scheme;
  }
}

// Whatever part is wrong, it may be a piece of a password.
TEST(Url, IsNotRepeatedInItsMessageNotEvenInPart) {
  for (const char* url : {"redis://user:hunter2@host:bad", "redis://:hunter2@", "redis://user:hunter2@host?x=1",
                          "redis://user:hunter2%zz@host", "http://user:hunter2@host", "redis://:x?hunter2=1@host",
                          "redis://:x?timeout=hunter2@host", "redis://:x#hunter2@host", "redis://u:a@b?hunter2=d@host",
                          "redis://:x?hunter2@host", "redis://user:hunter2@host/x", "redis+cluster://:hunter2@host",
                          "redis://host?hunter2=1", "redis+sentinel://:hunter2@host", "redis+sentinel://host/hunter2%20",
                          "rediss://host?ssl_cert_reqs=hunter2", "redis+sentinel://host/m?sentinel_ssl=hunter2",
                          "redis://host?hunter2=1", "redis://host?hunter2", "redis://host?timeout=hunter2",
                          "redis://host?client_name=hunter2%20", "redis://host?client_name=hunter2%zz", "redis://host?db=hunter2",
                          "redis://host:hunter2", "redis://host:1:hunter2", "redis://host/hunter2", "redis://hunter2%20",
                          "redis://[hunter2", "redis://[::1]hunter2", "unix://hunter2", "redis://host#hunter2", "hunter2://host",
                          "hunter2", "redis:/hunter2"}) {
    const base::Result<Endpoint> endpoint = ParseUrl(url);
    ASSERT_FALSE(endpoint.ok()) << url;
    EXPECT_THAT(endpoint.status().message(), Not(HasSubstr("hunter2"))) << url;
  }
}

TEST(Endpoint, HasANameForMessagesWithoutCredentials) {
  EXPECT_EQ(ParseUrl("redis://user:hunter2@host:1/2")->Name(), "host:1");
  EXPECT_EQ(ParseUrl("redis://:hunter2@[::1]")->Name(), "[::1]:6379");
  EXPECT_EQ(ParseUrl("unix://:hunter2@/run/redis.sock")->Name(), "/run/redis.sock");
}

TEST(ClientName, IsOneToSixtyFourPrintableCharactersWithoutSpaces) {
  EXPECT_TRUE(IsClientName("web-1"));
  EXPECT_TRUE(IsClientName(std::string(64, 'x')));
  EXPECT_FALSE(IsClientName(std::string(65, 'x')));
  EXPECT_FALSE(IsClientName(""));
  EXPECT_FALSE(IsClientName("two words"));
  EXPECT_FALSE(IsClientName("line\n"));
  EXPECT_FALSE(IsClientName("caf\xC3\xA9"));
}

}  // namespace
}  // namespace drl::redis
