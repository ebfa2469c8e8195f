// Memory runs out at the n-th allocation, for every n: whatever is asked then ends with a clean status, the program goes on, nothing
// leaks, and the next call is as good as ever.
#include <sys/socket.h>

#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "handles.h"
#include "scale.h"
#include "scarce_memory.h"
#include "sentinel_group.h"

namespace drl::test {
namespace {

// Whoever runs the loop for its own call may have had to give the connection up.
bool IsUndecided(drl_status status) { return status >= 100 && status < 200; }
bool IsClean(drl_status status) {
  return status == DRL_OK || status == DRL_ERR_MEMORY || status == DRL_ERR_SYSTEM || IsUndecided(status);
}

class MemoryTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0); }

  // Runs `function` with the first, the second, ... allocation of this thread refused, until it needs no more; then it must succeed.
  void RunOut(const char* name, const std::function<drl_status()>& function) {
    for (int64_t nth = 1; nth < 1'000; ++nth) {
      RefuseMemory(Whose::kMine, nth);
      const drl_status status = function();
      const bool refused = StopRefusing();
      ASSERT_TRUE(IsClean(status)) << name << " at allocation " << nth << ": " << drl_status_name(status);
      if (IsUndecided(status)) std::this_thread::sleep_for(std::chrono::milliseconds(10));
      if (refused || IsUndecided(status)) continue;
      ASSERT_EQ(status, DRL_OK) << name;
      return;
    }
    FAIL() << name << " needs memory without end";
  }

  Server server = StartServer();
  Client client = OpenClient(redis_server_url(server.get()));
  Limiter limiter = OpenLimiter(client, Ledger());
  Queue queue = OpenQueue(client, 256);
  drl_decision decision{};
  drl_error error{};
};

TEST_F(MemoryTest, OpeningAndClosingACaller) {
  const drl_client_options options = ClientOptions(redis_server_url(server.get()));
  const drl_limiter_options ledger = Ledger(DRL_FAIL_OPEN, "another");
  for (const bool warm_up : {true, false}) {
    const int64_t before = LiveBlocks();
    RunOut("drl_client_open", [&] {
      drl_client* opened = nullptr;
      const drl_status status = drl_client_open(&options, &opened, &error);
      EXPECT_EQ(status == DRL_OK, opened != nullptr);
      drl_client_close(opened);
      return status;
    });
    RunOut("drl_limiter_open", [&] {
      drl_limiter* opened = nullptr;
      const drl_status status = drl_limiter_open(client.get(), &ledger, &opened, &error);
      EXPECT_EQ(status == DRL_OK, opened != nullptr);
      drl_limiter_close(opened);
      return status;
    });
    RunOut("drl_queue_open", [&] {
      drl_queue* opened = nullptr;
      const drl_status status = drl_queue_open(client.get(), nullptr, &opened, &error);
      EXPECT_EQ(status == DRL_OK, opened != nullptr);
      drl_queue_close(opened);
      return status;
    });
    RunOut("drl_resolver_open", [&] {
      const char* networks[] = {"10.0.0.0/8", "2001:db8::/32"};
      drl_resolver_options trusted = DRL_RESOLVER_OPTIONS_INIT;
      trusted.trust = DRL_TRUST_NETWORKS;
      trusted.header = DRL_FORWARD_X_FORWARDED_FOR;
      trusted.networks = networks;
      trusted.networks_count = 2;
      drl_resolver* opened = nullptr;
      const drl_status status = drl_resolver_open(&trusted, &opened, &error);
      EXPECT_EQ(status == DRL_OK, opened != nullptr) << error.message;
      drl_resolver_close(opened);
      return status;
    });
    // What a library keeps for good it has after the first round.
    if (warm_up) continue;
    EXPECT_EQ(LiveBlocks(), before);
  }
}

TEST_F(MemoryTest, BlockingCalls) {
  RunOut("drl_limiter_allow", [&] { return drl_limiter_allow(limiter.get(), "someone", 7, 1, &decision, &error); });
  RunOut("drl_limiter_peek", [&] { return drl_limiter_peek(limiter.get(), "someone", 7, &decision, &error); });
  RunOut("drl_limiter_reset", [&] { return drl_limiter_reset(limiter.get(), "someone", 7, &error); });
  RunOut("drl_client_wait_ready", [&] { return drl_client_wait_ready(client.get(), kPatientUs, &error); });
  RunOut("drl_limiter_key", [&] {
    char key[DRL_KEY_SIZE];
    return drl_limiter_key(limiter.get(), "someone", 7, key, sizeof key, nullptr, &error);
  });
  std::vector<drl_request> requests(300, DRL_REQUEST_INIT);
  std::vector<drl_decision> decisions(requests.size());
  for (drl_request& request : requests) {
    request.limiter = limiter.get();
    request.identity = "someone";
    request.identity_len = 7;
    request.cost = 1;
  }
  RunOut("drl_client_decide", [&] {
    return drl_client_decide(client.get(), requests.data(), sizeof(drl_request), 300, decisions.data(), &error);
  });
  EXPECT_EQ(IdleStats(client).queue_depth, 0);
}

TEST_F(MemoryTest, RefusedCallsAndWrongArguments) {
  redis_server_kill(server.get());
  while (Allow(limiter, "someone").decision.cause == DRL_ERR_CONNECTION_LOST) std::this_thread::yield();
  const Limiter strict = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  RunOut("a refused call", [&] { return drl_limiter_allow(limiter.get(), "someone", 7, 1, &decision, &error); });
  for (int64_t nth = 1; nth < 10; ++nth) {
    RefuseMemory(Whose::kMine, nth);
    const drl_status failed = drl_limiter_allow(strict.get(), "someone", 7, 1, &decision, &error);
    const drl_status wrong = drl_limiter_allow(limiter.get(), "someone", 7, -1, &decision, &error);
    StopRefusing();
    EXPECT_GE(failed, 100);
    EXPECT_TRUE(wrong == DRL_ERR_COST || wrong == DRL_ERR_MEMORY) << drl_status_name(wrong);
  }
  EXPECT_EQ(IdleStats(client).queue_depth, 0);
}

TEST_F(MemoryTest, Queues) {
  drl_completion completions[8];
  int32_t count = 0;
  int64_t id = 0;
  const auto take = [&] { return drl_queue_wait(queue.get(), kPatientUs, completions, 8, &count, &error); };
  RunOut("drl_queue_submit", [&] {
    const drl_status status = drl_queue_submit(queue.get(), limiter.get(), "someone", 7, 1, ++id, &error);
    return status == DRL_OK ? take() : status;
  });
  RunOut("drl_queue_submit_reset", [&] {
    const drl_status status = drl_queue_submit_reset(queue.get(), limiter.get(), "someone", 7, ++id, &error);
    return status == DRL_OK ? take() : status;
  });
  redis_server_pause(server.get());
  for (int64_t each = 100; each < 120; ++each) {
    ASSERT_EQ(drl_queue_submit(queue.get(), limiter.get(), "someone", 7, 1, each, &error), DRL_OK);
  }
  id = 100;
  RunOut("drl_queue_cancel", [&] { return drl_queue_cancel(queue.get(), id++, &error); });
  redis_server_resume(server.get());
  for (int32_t ended = 0; ended < 20; ended += count) ASSERT_EQ(take(), DRL_OK);
  redis_server_kill(server.get());
  while (Allow(limiter, "someone").decision.cause == DRL_ERR_CONNECTION_LOST) std::this_thread::yield();
  RunOut("a submission answered at once", [&]() -> drl_status {
    const drl_status status = drl_queue_submit(queue.get(), limiter.get(), "someone", 7, 1, ++id, &error);
    if (status != DRL_OK) return status;
    EXPECT_EQ(take(), DRL_OK);
    EXPECT_EQ(count, 1);
    return DRL_OK;
  });
  EXPECT_EQ(drl_queue_drain(queue.get(), completions, 8, &count, &error), DRL_OK);
  EXPECT_EQ(count, 0) << "a submission that failed has no completion";
  EXPECT_EQ(IdleStats(client).queue_depth, 0);
}

TEST_F(MemoryTest, LookingOn) {
  drl_stats stats = DRL_STATS_INIT;
  RunOut("drl_client_stats", [&] { return drl_client_stats(client.get(), &stats, &error); });
  std::vector<char> text(1 << 20);
  size_t length = 0;
  RunOut("drl_client_metrics", [&] { return drl_client_metrics(client.get(), text.data(), text.size(), &length, &error); });
  drl_log_line lines[4];
  int32_t count = 0;
  int64_t dropped = 0;
  RunOut("drl_client_log_drain", [&] { return drl_client_log_drain(client.get(), lines, 4, &count, &dropped, &error); });
  ASSERT_EQ(drl_limiter_allow(limiter.get(), "someone", 7, 1, &decision, &error), DRL_OK);
  drl_headers headers;
  RunOut("drl_limiter_headers", [&] { return drl_limiter_headers(limiter.get(), &decision, nullptr, &headers, &error); });
  RunOut("drl_limiter_problem", [&] {
    int32_t http_status = 0;
    return drl_limiter_problem(limiter.get(), &decision, nullptr, text.data(), text.size(), &length, &http_status, &error);
  });
  drl_resolver* resolver = nullptr;
  ASSERT_EQ(drl_resolver_open(nullptr, &resolver, &error), DRL_OK);
  RunOut("drl_resolver_resolve", [&] {
    return drl_resolver_resolve(resolver, "192.0.2.1", 9, nullptr, 0, text.data(), text.size(), &length, &error);
  });
  drl_resolver_close(resolver);
}

void Submit(const Queue& queue, const Limiter& limiter, int64_t count) {
  for (int64_t id = 0; id < count; ++id) {
    EXPECT_EQ(drl_queue_submit(queue.get(), limiter.get(), "someone", 7, 1, id, nullptr), DRL_OK);
  }
}

void TakeAll(const Queue& queue, int32_t expected) {
  drl_completion completions[16];
  int32_t count = 0;
  for (int32_t ended = 0; ended < expected; ended += count) {
    ASSERT_EQ(drl_queue_wait(queue.get(), kPatientUs, completions, 16, &count, nullptr), DRL_OK);
    ASSERT_GT(count, 0) << "a completion was lost";
  }
}

// What a client does in its life, with all that its I/O thread must allocate for it somewhere: connecting, a lost script, an error of
// Redis, writes that it refuses, a lost connection, a queue. Every request ends, whatever memory there is.
void Live(redis_server* server, const drl_client_options& options) {
  const Client client = OpenClient(options);
  const Limiter limiter = OpenLimiter(client, Ledger());
  const Queue queue = OpenQueue(client, 64);
  (void)MicrosUntilDecided(limiter, "someone", 2'000'000);
  freeReplyObject(redis_server_command(server, "SCRIPT FLUSH"));
  Allow(limiter, "someone");
  freeReplyObject(redis_server_command(server, "ACL SETUSER default -evalsha"));
  Allow(limiter, "someone");
  freeReplyObject(redis_server_command(server, "ACL SETUSER default +evalsha"));
  freeReplyObject(redis_server_command(server, "CONFIG SET maxmemory 1"));
  Submit(queue, limiter, 3);
  TakeAll(queue, 3);
  freeReplyObject(redis_server_command(server, "CONFIG SET maxmemory 0"));
  freeReplyObject(redis_server_command(server, "CLIENT KILL TYPE normal SKIPME yes"));
  Submit(queue, limiter, 10);
  TakeAll(queue, 10);
  StopRefusing();
  EXPECT_GE(MicrosUntilDecided(limiter, "someone"), 0) << "it does not heal";
  EXPECT_EQ(IdleStats(client).queue_depth, 0);
}

class IoThreadTest : public testing::Test {
 protected:
  // With each allocation refused in turn, `times` from there on, until a life needs no more of them.
  void RunOut(const std::string& url, int64_t times, int64_t step = 1) { RunOut(server.get(), url, times, step); }
  void RunOut(const drl_client_options& options, int64_t times, int64_t step = 1) { RunOut(server.get(), options, times, step); }
  static void RunOut(redis_server* lived_with, const std::string& url, int64_t times, int64_t step = 1) {
    RunOut(lived_with, ClientOptions(url.c_str(), 200'000), times, step);
  }

  static void RunOut(redis_server* lived_with, const drl_client_options& options, int64_t times, int64_t step = 1) {
    redis_server_expect_refusals(lived_with);
    Live(lived_with, options);
    int64_t in_a_row = 0;
    for (int64_t nth = 1; in_a_row < 3 && nth < 1'000; nth += step) {
      const int64_t before = LiveBlocks();
      RefuseMemory(Whose::kOthers, nth, times);
      Live(lived_with, options);
      in_a_row = StopRefusing() ? 0 : in_a_row + 1;
      // The thread of a call under way ends by itself.
      for (int i = 0; i < 1'000 && LiveBlocks() != before; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ASSERT_EQ(LiveBlocks(), before) << "leaked when allocation " << nth << " was refused";
    }
    EXPECT_EQ(in_a_row, 3) << "the I/O thread needs memory without end";
  }

  Server server = StartServer({.tcp = 1});
};

TEST_F(IoThreadTest, EndsEveryRequestWithoutMemory) { RunOut(redis_server_url(server.get()), 1); }

TEST_F(IoThreadTest, EndsEveryRequestWithoutMemoryForLonger) { RunOut(redis_server_url(server.get()), 5, 4); }

TEST_F(IoThreadTest, ResolvesANameWithoutMemory) {
  RunOut("redis://localhost:" + std::to_string(redis_server_port(server.get())), 1);
}

TEST_F(IoThreadTest, AsksForCredentialsWithoutMemory) {
  freeReplyObject(redis_server_command(server.get(), "ACL SETUSER default >first"));
  drl_client_options options = ClientOptions(redis_server_url(server.get()), 200'000);
  options.credentials = [](drl_credentials* credentials, void*) {
    memcpy(credentials->password, "first", sizeof "first");
    credentials->expires_in_us = 1;  // renewed all the time
    return int32_t{0};
  };
  RunOut(options, 1);
  RunOut(options, 5, 4);
}

TEST_F(IoThreadTest, AsksSentinelsWithoutMemory) {
  const SentinelGroup group;
  RunOut(group.server(0), group.url(), 1);
}

}  // namespace
}  // namespace drl::test
