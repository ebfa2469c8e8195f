// A forked child asks the application for user and password itself, and lets nothing of its parent's go.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "credentials_fixture.h"

namespace drl::test {
namespace {

using CredentialsForkTest = CredentialsTest;

TEST_F(CredentialsForkTest, ForkedChildAsksForItself) {
  Open();
  ASSERT_TRUE(Decides());
  const int before = giver.calls();
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    const Answer answer = Allow(limiter, "child");
    if (answer.status != DRL_OK || answer.decision.cause != DRL_OK) _exit(1);
    if (giver.calls() != before + 1) _exit(2);
    Close();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    _exit(giver.released() == 0 ? 0 : 3);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Allow(limiter, "someone").status, DRL_OK);
  EXPECT_EQ(giver.calls(), before);
}

TEST_F(CredentialsForkTest, ForkWhileACallIsUnderWayLeavesTheChildACallOfItsOwn) {
  giver.Hang();
  Open();
  ASSERT_TRUE(Within(kPatientUs, [&] { return giver.calls() == 1; }));
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    giver.Afresh("drl", "first");
    const Answer answer = Allow(limiter, "child");
    _exit(answer.status == DRL_OK && answer.decision.cause == DRL_OK ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  giver.GoOn();
  EXPECT_TRUE(Decides());
}

}  // namespace
}  // namespace drl::test
