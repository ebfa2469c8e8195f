/* One bucket, drained and refilled before your eyes. Run by scripts/demo.
 *
 *     demo redis_url
 *
 * Ends with 0 only if everything it showed was as it should be.
 */
#define _POSIX_C_SOURCE 200809L

#include <drl/drl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kBurst = 20, kRefillPerSecond = 4 };

static drl_limiter *limiter;

static void stop(const char *why) {
  fprintf(stderr, "demo: %s\n", why);
  exit(1);
}

static void expect(int holds, const char *what) {
  if (!holds) stop(what);
}

static void sleep_us(int64_t us) {
  const struct timespec span = {(time_t)(us / 1000000), (long)(us % 1000000 * 1000)};
  nanosleep(&span, NULL);
}

static void say(const char *text) {
  printf("\n%s\n\n", text);
  fflush(stdout);
}

static void let_read(void) { sleep_us(800000); }

/* One line: what was asked, what was answered, and the bucket as a bar. */
static void show(const char *call, const drl_decision *decision) {
  char bar[kBurst + 1];
  for (int i = 0; i < kBurst; ++i) bar[i] = i < decision->remaining ? '#' : '.';
  bar[kBurst] = '\0';
  printf("  %-20s  [%s] %2lld left   ", call, bar, (long long)decision->remaining);
  if (decision->outcome == DRL_OUTCOME_NEVER) {
    printf("never: the bucket holds %lld\n", (long long)decision->limit);
  } else if (!decision->allowed) {
    printf("DENIED, retry after %.3f ms\n", (double)decision->retry_after_us / 1e3);
  } else {
    printf("%s\n", decision->cost == 0 ? "(only looked)" : "allowed");
  }
  fflush(stdout);
}

static drl_decision ask(const char *identity, int64_t cost) {
  drl_decision decision;
  drl_error error;
  if (drl_limiter_allow(limiter, identity, strlen(identity), cost, &decision, &error) != DRL_OK) stop(error.message);
  if (decision.outcome == DRL_OUTCOME_UNDECIDED) stop(error.message);
  char call[64];
  if (cost == 0) snprintf(call, sizeof call, "peek(%s)", identity);
  if (cost == 1) snprintf(call, sizeof call, "allow(%s)", identity);
  if (cost > 1) snprintf(call, sizeof call, "allow(%s, %lld)", identity, (long long)cost);
  show(call, &decision);
  return decision;
}

static drl_decision drain(void) {
  for (int i = 0; i < 2 * kBurst; ++i) {
    const drl_decision decision = ask("alice", 1);
    if (!decision.allowed) return decision;
    expect(decision.charged == DRL_CHARGED_YES, "an allowed request was not charged");
    sleep_us(10000);
  }
  stop("the bucket never ran dry");
  return (drl_decision){0};
}

static void refill(void) {
  for (int i = 0; i < 5; ++i) {
    sleep_us(600000);
    expect(ask("alice", 0).charged == DRL_CHARGED_NO, "a peek was charged");
  }
}

static void weigh(void) {
  expect(ask("alice", 8).allowed, "eight tokens were not there");
  expect(!ask("alice", kBurst).allowed, "a full bucket was there");
  expect(ask("alice", kBurst + 1).outcome == DRL_OUTCOME_NEVER, "more than the bucket holds was not refused for good");
}

static void open_limiter(drl_client *client) {
  drl_limiter_options policy = DRL_LIMITER_OPTIONS_INIT;
  policy.rate = kRefillPerSecond;
  policy.per_us = 1000000;
  policy.burst = kBurst;
  policy.key_namespace = "demo";
  drl_error error;
  if (drl_limiter_open(client, &policy, &limiter, &error) != DRL_OK) stop(error.message);
}

int main(int argc, char **argv) {
  if (argc != 2) stop("usage: demo redis_url");
  drl_client_options at = DRL_CLIENT_OPTIONS_INIT;
  at.redis_url = argv[1];
  at.timeout_us = 2000000;
  drl_client *client = NULL;
  drl_error error;
  if (drl_client_open(&at, &client, &error) != DRL_OK) stop(error.message);
  open_limiter(client);

  printf("libdrl %s: one token bucket in Redis. It holds %d tokens and gets %d back every second.\n", drl_version(),
         kBurst, kRefillPerSecond);
  say("1. Alice sends requests as fast as she likes. Each takes one token, until none is left:");
  let_read();
  const drl_decision denied = drain();
  say("2. Denied, and told when to come back. She waits exactly that long, and asks again:");
  sleep_us(denied.retry_after_us);
  expect(ask("alice", 1).allowed, "the retry time was too short");
  let_read();
  say("3. Time refills the bucket. Looking at it (a cost of 0) takes nothing:");
  refill();
  say("4. A request may cost more than one token. It takes all of them, or none:");
  let_read();
  weigh();
  say("5. Bob has a bucket of his own, which Alice cannot empty:");
  let_read();
  expect(ask("bob", 1).remaining == kBurst - 1, "the buckets are not separate");
  say("6. An administrator forgives Alice. A reset makes her bucket full again:");
  let_read();
  if (drl_limiter_reset(limiter, "alice", 5, &error) != DRL_OK) stop(error.message);
  expect(ask("alice", 0).remaining == kBurst, "the reset bucket is not full");

  drl_limiter_close(limiter);
  drl_client_close(client);
  return 0;
}
