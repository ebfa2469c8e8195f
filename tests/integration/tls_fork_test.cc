// fork() of a process with a client over TLS, under load.
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "scale.h"
#include "tally.h"
#include "tls_server.h"

namespace drl::test {
namespace {

int InChild(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// A word of the child on its parent's session would break it, and the parent would have to connect again.
TEST(TlsFork, ChildLeavesItsParentsSessionAlone) {
  const TlsServer server;
  const Client client = OpenClient(server.Url());
  const Limiter limiter = OpenLimiter(client, Ledger());
  ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0);
  Callers callers(limiter, 4);
  while (Stats(client).allowed < 1'000) std::this_thread::yield();
  for (int64_t i = 0; i < Scaled(20); ++i) {
    const int failed = InChild([&] {
      alarm(30);
      const std::string identity = "child-" + std::to_string(i);
      if (i % 2 == 0 && Allow(limiter, identity).decision.remaining != kLedgerBurst - 1) return 1;
      drl_limiter_close(limiter.get());
      drl_client_close(client.get());
      return 0;
    });
    EXPECT_EQ(failed, 0) << "child " << i;
  }
  const std::vector<Tally> tallies = callers.Stop();
  EXPECT_EQ(Sum(tallies).undecided, 0);
  ExpectTruth(tallies, limiter);
  EXPECT_EQ(Stats(client).connects, 1);
}

}  // namespace
}  // namespace drl::test
