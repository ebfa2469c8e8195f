#include "base/fork.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <new>

namespace drl::base {
namespace {

struct Local {
  [[nodiscard]] uint64_t generation() const { return made_in; }
  uint64_t made_in = ForkGeneration();
};

// What `body` returned in a forked child.
template <typename Body>
int InChild(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(PerProcess, OfThisProcessIsTheOneThatWasSet) {
  Local own;
  PerProcess<Local> local;
  local.Set(&own);
  EXPECT_EQ(local.Get([](Local*) -> Local* { return nullptr; }), &own);
}

TEST(PerProcess, IsMadeOnceInAChild) {
  Local own;
  PerProcess<Local> local;
  local.Set(&own);
  EXPECT_EQ(InChild([&] {
    Local fresh;
    int made = 0;
    const auto make = [&](Local* inherited) {
      made += inherited == &own ? 1 : 100;
      return &fresh;
    };
    return local.Get(make) == &fresh && local.Get(make) == &fresh && made == 1 ? 0 : 1;
  }), 0);
}

TEST(PerProcess, IsTriedAgainAfterAThrow) {
  Local own;
  PerProcess<Local> local;
  local.Set(&own);
  EXPECT_EQ(InChild([&] {
    bool thrown = false;
    try {
      local.Get([](Local*) -> Local* { throw std::bad_alloc(); });
    } catch (const std::bad_alloc&) {
      thrown = true;
    }
    alarm(10);  // a lock left behind would wait for ever
    Local fresh;
    return thrown && local.Get([&](Local*) { return &fresh; }) == &fresh ? 0 : 1;
  }), 0);
}

}  // namespace
}  // namespace drl::base
