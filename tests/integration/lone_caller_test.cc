// A lone blocking caller runs the idle loop itself, and gives it back as soon as there is other work.
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <thread>

#include "census.h"
#include "handles.h"
#include "scale.h"

namespace drl::test {
namespace {

// How often the I/O thread has gone to sleep; -1 when there is none.
int64_t SleepsOfTheIoThread() {
  DIR* tasks = opendir("/proc/self/task");
  int64_t sleeps = -1;
  while (const dirent* task = readdir(tasks)) {
    FILE* file = std::fopen(("/proc/self/task/" + std::string(task->d_name) + "/status").c_str(), "r");
    if (file == nullptr) continue;
    char line[256];
    bool ours = false;
    while (std::fgets(line, sizeof line, file) != nullptr) {
      if (std::strcmp(line, "Name:\tdrl-io\n") == 0) ours = true;
      long count = 0;
      if (ours && std::sscanf(line, "voluntary_ctxt_switches: %ld", &count) == 1) sleeps = count;
    }
    std::fclose(file);
  }
  closedir(tasks);
  return sleeps;
}

class LoneCallerTest : public testing::Test {
 protected:
  void SetUp() override {
    setpriority(PRIO_PROCESS, 0, 0);  // whoever runs the tests may have lowered it, and such threads do not drive
    ASSERT_LE(getpriority(PRIO_PROCESS, 0), 0) << "a thread of low priority never drives, and this user may not raise it: run it without nice";
    ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0);
  }

  static Client Open(const redis_server* server) {
    drl_client_options options = ClientOptions(redis_server_url(server), kPatientUs);
    options.spin = DRL_SPIN_OFF;
    return OpenClient(options);
  }

  // Asks while Redis is stopped, on a thread of its own; waits until the call is on the wire.
  std::thread AskAPausedRedis(Answer& answer) {
    redis_server_pause(server.get());
    const int64_t batches = Stats(client).batches;
    std::thread caller([&] { answer = Allow(limiter, "lone"); });
    while (Stats(client).batches == batches) std::this_thread::yield();
    return caller;
  }

  Server server = StartServer();
  Client client = Open(server.get());
  Limiter limiter = OpenLimiter(client, Ledger());
};

TEST_F(LoneCallerTest, WakesNoOtherThread) {
  const int64_t before = SleepsOfTheIoThread();
  ASSERT_GE(before, 0);
  for (int64_t n = 1; n <= 500; ++n) ASSERT_EQ(Allow(limiter, "lone").decision.remaining, kLedgerBurst - n);
  EXPECT_LE(SleepsOfTheIoThread() - before, 50) << "the I/O thread took part in these calls";
}

// Calls so often on a thread that has set itself up; how often the I/O thread slept meanwhile.
int64_t SleepsDuring(const Limiter& limiter, int calls, const std::function<void()>& set_up) {
  int64_t slept = -1;
  std::thread([&] {
    set_up();
    const int64_t before = SleepsOfTheIoThread();
    for (int i = 0; i < calls; ++i) EXPECT_EQ(Allow(limiter, "lone").decision.outcome, DRL_OUTCOME_ALLOWED);
    slept = SleepsOfTheIoThread() - before;
  }).join();
  return slept;
}

void SetPolicy(int policy) {
  const sched_param none{};
  ASSERT_EQ(sched_setscheduler(0, policy, &none), 0);
}

void SetNice(int nice) { ASSERT_EQ(setpriority(PRIO_PROCESS, 0, nice), 0); }  // of this thread alone

// Left standing by the system with the loop in its hands, it would have everybody wait.
// (When it is busy the I/O thread finds the next call before it sleeps: not every call is a sleep.)
TEST_F(LoneCallerTest, OfLowPriorityLeavesTheLoopToTheIoThread) {
  EXPECT_LE(SleepsDuring(limiter, 200, [] {}), 50);
  EXPECT_GE(SleepsDuring(limiter, 200, [] { SetNice(1); }), 60);
  EXPECT_GE(SleepsDuring(limiter, 200, [] { SetNice(19); }), 60);
  EXPECT_GE(SleepsDuring(limiter, 200, [] { SetPolicy(SCHED_BATCH); }), 60);
  EXPECT_GE(SleepsDuring(limiter, 200, [] { SetPolicy(SCHED_IDLE); }), 60);
}

TEST_F(LoneCallerTest, ThatLowersItsPriorityLaterIsNoticed) {
  EXPECT_GE(SleepsDuring(limiter, 200, [&] {
    for (int i = 0; i < 10; ++i) Allow(limiter, "lone");
    SetNice(10);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }), 60);
}

TEST_F(LoneCallerTest, LeavesTheLoopAloneWhereDrivingIsOff) {
  drl_client_options options = ClientOptions(redis_server_url(server.get()), kPatientUs);
  options.spin = DRL_SPIN_OFF;
  options.drive = DRL_DRIVE_OFF;
  const std::string url = std::string(redis_server_url(server.get())) + "?drive=off";
  limiter.reset();
  client = OpenClient(options);
  limiter = OpenLimiter(client, Ledger());
  ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0);
  EXPECT_GE(SleepsDuring(limiter, 200, [] {}), 60);
  options.drive = DRL_DRIVE_ADAPTIVE;
  options.redis_url = url.c_str();
  limiter.reset();
  client = OpenClient(options);
  limiter = OpenLimiter(client, Ledger());
  ASSERT_GE(MicrosUntilDecided(limiter, "warm-up"), 0);
  EXPECT_GE(SleepsDuring(limiter, 200, [] {}), 60);
}

TEST_F(LoneCallerTest, HealsALostScriptItself) {
  const int64_t before = SleepsOfTheIoThread();
  for (int i = 0; i < 20; ++i) {
    freeReplyObject(redis_server_command(server.get(), "SCRIPT FLUSH"));
    ASSERT_EQ(Allow(limiter, "lone").decision.outcome, DRL_OUTCOME_ALLOWED);
  }
  EXPECT_EQ(ChargedInRedis(limiter, "lone"), 20);
  EXPECT_LE(SleepsOfTheIoThread() - before, 10);
}

TEST_F(LoneCallerTest, WaitingOnASilentRedisDoesNotKeepOthersFromTheirDeadline) {
  Answer lone;
  std::thread caller = AskAPausedRedis(lone);
  drl_completion completion;
  int32_t count = 0;
  const Queue queue = OpenQueue(client);
  const int64_t batches = Stats(client).batches;
  ASSERT_EQ(drl_queue_submit(queue.get(), limiter.get(), "other", 5, 1, 1, nullptr), DRL_OK);
  const SteadyClock::time_point start = SteadyClock::now();
  while (Stats(client).batches == batches && MicrosSince(start) < kPatientUs) std::this_thread::yield();
  EXPECT_GT(Stats(client).batches, batches) << "the other call was not sent while the lone one waits";
  redis_server_resume(server.get());
  ASSERT_EQ(drl_queue_wait(queue.get(), kPatientUs, &completion, 1, &count, nullptr), DRL_OK);
  ASSERT_EQ(count, 1);
  EXPECT_EQ(completion.decision.outcome, DRL_OUTCOME_ALLOWED);
  caller.join();
  EXPECT_EQ(lone.decision.outcome, DRL_OUTCOME_ALLOWED);
}

TEST_F(LoneCallerTest, EndsWhenItsClientIsClosed) {
  Answer lone;
  std::thread caller = AskAPausedRedis(lone);
  const SteadyClock::time_point start = SteadyClock::now();
  client.reset();
  caller.join();
  EXPECT_LE(MicrosSince(start), 1'000'000);
  EXPECT_EQ(lone.status, DRL_ERR_CLOSED);
  redis_server_resume(server.get());
}

TEST_F(LoneCallerTest, ThatLosesTheConnectionIsToldAndTheClientHeals) {
  Answer lone;
  std::thread caller = AskAPausedRedis(lone);
  redis_server_kill(server.get());
  caller.join();
  EXPECT_EQ(lone.decision.cause, DRL_ERR_CONNECTION_LOST);
  EXPECT_EQ(lone.decision.charged, DRL_CHARGED_UNKNOWN);
  ASSERT_EQ(redis_server_restart(server.get()), 0);
  EXPECT_GE(MicrosUntilDecided(limiter, "lone"), 0);
}

// A thread that calls until it is cancelled.
void* CallForEver(void* limiter) {
  drl_decision decision;
  while (true) {
    drl_limiter_allow(static_cast<drl_limiter*>(limiter), "lone", 4, 1, &decision, nullptr);
    pthread_testcancel();
  }
}

// A cancelled thread must take neither the loop nor the process with it, whether it runs the loop or waits for others to.
TEST_F(LoneCallerTest, MayBeCancelledAtAnyMoment) {
  for (int64_t i = 0; i < Scaled(200); ++i) {
    pthread_t threads[2];
    const int count = i % 2 == 0 ? 1 : 2;
    for (int n = 0; n < count; ++n) ASSERT_EQ(pthread_create(&threads[n], nullptr, CallForEver, limiter.get()), 0);
    std::this_thread::sleep_for(std::chrono::microseconds(i * 7));
    for (int n = 0; n < count; ++n) pthread_cancel(threads[n]);
    for (int n = 0; n < count; ++n) {
      void* result = nullptr;
      pthread_join(threads[n], &result);
      ASSERT_EQ(result, PTHREAD_CANCELED);
    }
    ASSERT_EQ(Allow(limiter, "after").decision.cause, DRL_OK);
  }
}

// Coroutines and fibres have small stacks, and the caller's is used for the socket too.
TEST_F(LoneCallerTest, NeedsLittleStack) {
  if (kSanitized) return;  // a sanitizer needs more than this itself
  pthread_attr_t small;
  pthread_attr_init(&small);
  ASSERT_EQ(pthread_attr_setstacksize(&small, PTHREAD_STACK_MIN), 0);
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, &small, [](void* handle) -> void* {
    drl_decision decision;
    drl_limiter_allow(static_cast<drl_limiter*>(handle), "lone", 4, 1, &decision, nullptr);
    return nullptr;
  }, limiter.get()), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&small);
  EXPECT_EQ(ChargedInRedis(limiter, "lone"), 1);
}

// Two callers that meet now and then: the loop changes hands all the time.
TEST_F(LoneCallerTest, MeetingAnotherLosesNothing) {
  const int64_t calls = Scaled(20'000);
  const auto call = [&](const char* identity, int pause_every) {
    for (int64_t n = 1; n <= calls; ++n) {
      ASSERT_EQ(Allow(limiter, identity).decision.remaining, kLedgerBurst - n) << identity;
      if (n % pause_every == 0) std::this_thread::sleep_for(std::chrono::microseconds(n % 97));
    }
  };
  std::thread one([&] { call("one", 3); });
  std::thread two([&] { call("two", 2); });
  one.join();
  two.join();
}

}  // namespace
}  // namespace drl::test
