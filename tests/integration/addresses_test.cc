// A host with several addresses, the first of which hang. The resolver of this program is the test's own.
#include <netdb.h>

#include "fake_sentinel.h"
#include "handles.h"
#include "hung_listener.h"

namespace {

constexpr const char* kHost = "several.invalid";
std::vector<const char*> addresses_of_host;

addrinfo* MakeAddress(const char* address, const char* port) {
  auto* info = static_cast<addrinfo*>(calloc(1, sizeof(addrinfo)));
  auto* at = static_cast<sockaddr_in*>(calloc(1, sizeof(sockaddr_in)));
  at->sin_family = AF_INET;
  at->sin_port = htons(static_cast<uint16_t>(atoi(port)));
  inet_pton(AF_INET, address, &at->sin_addr);
  info->ai_family = AF_INET;
  info->ai_socktype = SOCK_STREAM;
  info->ai_addrlen = sizeof *at;
  info->ai_addr = reinterpret_cast<sockaddr*>(at);
  return info;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char* host, const char* port, const addrinfo* hints, addrinfo** found) {
  if (std::string_view(host) != kHost || (hints->ai_flags & AI_NUMERICHOST) != 0) return EAI_NONAME;
  addrinfo** end = found;
  for (const char* address : addresses_of_host) {
    *end = MakeAddress(address, port);
    end = &(*end)->ai_next;
  }
  return 0;
}

extern "C" __attribute__((visibility("default"))) void freeaddrinfo(addrinfo* info) {
  while (info != nullptr) {
    addrinfo* next = info->ai_next;
    free(info->ai_addr);
    free(info);
    info = next;
  }
}

namespace drl::test {
namespace {

std::string UrlOf(const Server& server) {
  return std::string("redis://") + kHost + ":" + std::to_string(redis_server_port(server.get()));
}

TEST(Addresses, OneThatHangsDelaysTheOthersByAQuarterOfASecond) {
  const Server server = StartServer({.tcp = 1});
  const HungListener hung("127.0.0.2", redis_server_port(server.get()));
  addresses_of_host = {"127.0.0.2", "127.0.0.1"};
  const SteadyClock::time_point start = SteadyClock::now();
  const Client client = OpenClient(UrlOf(server));
  const Limiter limiter = OpenLimiter(client, Ledger());
  EXPECT_EQ(Allow(limiter, "someone").decision.cause, DRL_OK);
  EXPECT_GE(MicrosSince(start), 200'000);
  EXPECT_EQ(Stats(client).connect_failures, 0);
}

TEST(Addresses, AllAreTriedWithinOneConnectTimeOut) {
  const Server server = StartServer({.tcp = 1});
  const HungListener one("127.0.0.2", redis_server_port(server.get()));
  const HungListener two("127.0.0.3", redis_server_port(server.get()));
  addresses_of_host = {"127.0.0.2", "127.0.0.3", "127.0.0.2", "127.0.0.3", "127.0.0.2", "127.0.0.1"};
  const Client client = OpenClient(UrlOf(server));
  const Limiter limiter = OpenLimiter(client, Ledger());
  EXPECT_EQ(Allow(limiter, "someone").decision.cause, DRL_OK);
  EXPECT_EQ(Stats(client).connect_failures, 0);
}

TEST(Addresses, OneThatTakesTheConnectionAndSaysNothingIsNotBegunWithAgain) {
  const Server server = StartServer({.tcp = 1});
  const Listener mute("127.0.0.2", redis_server_port(server.get()));
  addresses_of_host = {"127.0.0.2", "127.0.0.1"};
  const std::string url = UrlOf(server);
  drl_client_options options = ClientOptions(url.c_str());
  options.connect_timeout_us = 300'000;
  const Client client = OpenClient(options);
  const Limiter limiter = OpenLimiter(client, Ledger());
  EXPECT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  EXPECT_GE(Stats(client).connect_failures, 1);
}

TEST(Addresses, OfASentinelAndOfTheMasterThatItNamesAreTriedLikeOthers) {
  const Server server = StartServer({.tcp = 1, .permissions = "+role"});
  const std::string port = std::to_string(redis_server_port(server.get()));
  const HungListener hung("127.0.0.2", redis_server_port(server.get()));
  FakeSentinel sentinel(0);
  sentinel.Answer("*2\r\n$15\r\n" + std::string(kHost) + "\r\n$" + std::to_string(port.size()) + "\r\n" + port + "\r\n");
  addresses_of_host = {"127.0.0.2", "127.0.0.1"};
  const SteadyClock::time_point start = SteadyClock::now();
  const Client client = OpenClient(std::string("redis+sentinel://") + kHost + ":" + std::to_string(sentinel.port()) + "/limits");
  const Limiter limiter = OpenLimiter(client, Ledger());
  EXPECT_EQ(Allow(limiter, "someone").decision.cause, DRL_OK);
  EXPECT_GE(MicrosSince(start), 200'000);
  EXPECT_EQ(Stats(client).connect_failures, 0);
}

}  // namespace
}  // namespace drl::test
