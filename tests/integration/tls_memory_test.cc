// Memory runs out at the n-th allocation of what TLS needs, which is thousands: OpenSSL's own are refused too. Whatever is asked then ends
// with a clean status, and the next connection is as good as ever.
#include <thread>

#include "scarce_memory.h"
#include "tls_server.h"

namespace drl::test {
namespace {

class TlsMemoryTest : public TlsServer, public testing::Test {
 protected:
  void SetUp() override {
    // What OpenSSL makes once in a process, and never tries again.
    const Client warm_up = OpenClient(url);
    ASSERT_EQ(drl_client_wait_ready(warm_up.get(), kPatientUs, nullptr), DRL_OK);
  }

  // The allocations to refuse: all of the first, then fewer and fewer.
  static int64_t After(int64_t nth) { return nth + 1 + nth / 10; }

  const Identity own{CertificateOptions{}, &authority};
  const std::string url = Url() + "&ssl_certfile=" + folder.Write("own.pem", own.certificate() + own.key());
};

TEST_F(TlsMemoryTest, ClientIsOpenedOrNot) {
  const drl_client_options options = ClientOptions(url.c_str());
  for (int64_t nth = 1; nth < 100'000; nth = After(nth)) {
    drl_client* client = nullptr;
    drl_error error{};
    RefuseMemory(Whose::kMine, nth);
    const drl_status status = drl_client_open(&options, &client, &error);
    const bool refused = StopRefusing();
    drl_client_close(client);
    if (!refused) {
      EXPECT_EQ(status, DRL_OK) << error.message;
      return;
    }
    // OpenSSL does without some, and takes others for a fault of what it reads.
    ASSERT_TRUE(status == DRL_OK || status == DRL_ERR_MEMORY || status == DRL_ERR_SYSTEM || status == DRL_ERR_OPTION)
        << nth << ": " << drl_status_name(status) << ", " << error.message;
    ASSERT_EQ(status == DRL_OK, client != nullptr);
  }
  FAIL() << "opening a client needs memory without end";
}

TEST_F(TlsMemoryTest, ConnectionIsMadeOnceThereIsMemory) {
  const Client client = OpenClient(url);
  const Limiter limiter = OpenLimiter(client, Ledger());
  int64_t nth = 1;
  for (bool refused = true; refused && nth < 100'000; nth = After(nth)) {
    ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0) << "after allocation " << nth;
    const int64_t tried = Stats(client).connects + Stats(client).connect_failures;
    RefuseMemory(Whose::kOthers, nth);
    freeReplyObject(redis_server_command(server.get(), "CLIENT KILL TYPE normal SKIPME yes"));
    const SteadyClock::time_point start = SteadyClock::now();
    while (Stats(client).connects + Stats(client).connect_failures == tried && MicrosSince(start) < 500'000) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    refused = StopRefusing();
  }
  EXPECT_LT(nth, 100'000) << "a connection needs memory without end";
}

}  // namespace
}  // namespace drl::test
