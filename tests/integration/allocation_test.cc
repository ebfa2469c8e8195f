// A caller's steady-state path allocates nothing: the allocator here belongs to the test and counts what its own thread asks for.
#include <sys/resource.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

#include "handles.h"
#include "scale.h"

namespace {

thread_local int64_t allocations = 0;

}  // namespace

// A sanitizer owns malloc; there only operator new is counted.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);

__attribute__((visibility("default"))) void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
__attribute__((visibility("default"))) void* calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
__attribute__((visibility("default"))) void* realloc(void* memory, size_t size) {
  ++allocations;
  return __libc_realloc(memory, size);
}
}
#endif

__attribute__((visibility("default"))) void* operator new(size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
__attribute__((visibility("default"))) void operator delete(void* memory) noexcept { std::free(memory); }
__attribute__((visibility("default"))) void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace drl::test {
namespace {

class AllocationTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
    for (int i = 0; i < 100; ++i) Call();
  }

  void Call(int64_t cost = 1) {
    status = drl_limiter_allow(limiter.get(), "someone", 7, cost, &decision, &error);
  }

  // What this thread allocates in a thousand runs.
  template <typename Work>
  int64_t CountAllocations(Work work) {
    const int64_t before = allocations;
    for (int i = 0; i < 1'000; ++i) work();
    return allocations - before;
  }

  Server server = StartServer();
  Client client = OpenClient(redis_server_url(server.get()));
  Limiter limiter = OpenLimiter(client, Ledger());
  drl_decision decision{};
  drl_error error{};
  drl_status status = DRL_OK;
};

TEST_F(AllocationTest, TheCounterCounts) {
  EXPECT_GE(CountAllocations([] { std::string(100, 'x').swap(*std::make_unique<std::string>()); }), 1'000);
}

TEST_F(AllocationTest, AllowedCallAllocatesNothing) {
  EXPECT_EQ(CountAllocations([&] { Call(); }), 0);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_ALLOWED);
}

TEST_F(AllocationTest, DeniedCallAllocatesNothing) {
  Call(kLedgerBurst - 1'000);
  EXPECT_EQ(CountAllocations([&] { Call(kLedgerBurst - 500); }), 0);
  EXPECT_EQ(decision.outcome, DRL_OUTCOME_DENIED);
}

TEST_F(AllocationTest, PeekAndResetAllocateNothing) {
  EXPECT_EQ(CountAllocations([&] { drl_limiter_peek(limiter.get(), "someone", 7, &decision, &error); }), 0);
  EXPECT_EQ(CountAllocations([&] { drl_limiter_reset(limiter.get(), "someone", 7, &error); }), 0);
}

TEST_F(AllocationTest, QueueAllocatesNothing) {
  const Queue queue = OpenQueue(client);
  drl_completion completions[4];
  int32_t count = 0;
  const auto round_trip = [&] {
    drl_queue_submit(queue.get(), limiter.get(), "someone", 7, 1, 1, &error);
    drl_queue_wait(queue.get(), kPatientUs, completions, 4, &count, &error);
  };
  for (int i = 0; i < 100; ++i) round_trip();
  EXPECT_EQ(CountAllocations(round_trip), 0);
  EXPECT_EQ(count, 1);
}

TEST_F(AllocationTest, RefusedCallAllocatesNothing) {
  redis_server_kill(server.get());
  while (Stats(client).breaker == DRL_BREAKER_CLOSED) Call();
  for (const int32_t strategy : {DRL_FAIL_OPEN, DRL_FAIL_ERROR}) {
    limiter = OpenLimiter(client, Ledger(strategy));
    EXPECT_EQ(CountAllocations([&] { Call(); }), 0);
    EXPECT_GE(decision.cause, 100);
  }
}

// Whoever sleeps gives up the processor of his own accord, and a lock that others want has somebody sleep.
TEST_F(AllocationTest, RefusedCallWaitsForNobody) {
  redis_server_kill(server.get());
  while (Stats(client).breaker == DRL_BREAKER_CLOSED) Call();
  std::vector<std::thread> callers;
  std::atomic<int64_t> slept{0};
  for (int n = 0; n < 4; ++n) {
    callers.emplace_back([&] {
      rusage before{};
      rusage after{};
      drl_decision refused{};
      getrusage(RUSAGE_THREAD, &before);
      for (int64_t i = 0; i < Scaled(200'000); ++i) drl_limiter_allow(limiter.get(), "someone", 7, 1, &refused, nullptr);
      getrusage(RUSAGE_THREAD, &after);
      slept += after.ru_nvcsw - before.ru_nvcsw;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_LE(slept, kSanitized ? 1'000 : 4);
}

TEST_F(AllocationTest, ReadingStatsAllocatesNothing) {
  drl_stats stats = DRL_STATS_INIT;
  EXPECT_EQ(CountAllocations([&] { drl_client_stats(client.get(), &stats, &error); }), 0);
}

}  // namespace
}  // namespace drl::test
