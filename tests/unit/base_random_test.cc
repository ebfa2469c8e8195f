#include "base/random.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

namespace drl::base {
namespace {

// From here on this process has no getrandom().
bool ForbidRandom() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter = {4, program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST(RandomSeed, IsAnotherEachTime) {
  const Result<uint64_t> one = RandomSeed();
  const Result<uint64_t> other = RandomSeed();
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_NE(*one, *other);
}

TEST(RandomSeedDeathTest, IsASystemErrorWhereTheKernelGivesNone) {
  const auto draw = [] { _exit(ForbidRandom() && RandomSeed().status().code() == DRL_ERR_SYSTEM ? 0 : 1); };
  EXPECT_EXIT(draw(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace drl::base
