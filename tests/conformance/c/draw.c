/* The mixed run: draw from a bucket that other processes draw from too. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

/* `count` calls; how many were allowed, or -1. */
static int64_t Take(drl_limiter *limiter, const char *identity, int64_t count, int64_t cost, drl_error *error) {
  drl_decision decision;
  int64_t allowed = 0;
  int64_t i;
  for (i = 0; i < count; ++i) {
    if (drl_limiter_allow(limiter, identity, strlen(identity), cost, &decision, error) != DRL_OK) return -1;
    allowed += decision.allowed;
  }
  return allowed;
}

static int Report(Run *run, const char *identity, int64_t draws, int64_t cost) {
  int64_t allowed;
  if (Take(run->limiters[0], identity, 1, 0, &run->error) < 0) return 1;
  puts("ready");
  fflush(stdout);
  if (getchar() == EOF) return 1;
  allowed = Take(run->limiters[0], identity, draws, cost, &run->error);
  if (allowed < 0) return 1;
  printf("{\"calls\": %" PRId64 ", \"allowed\": %" PRId64 ", \"tokens\": %" PRId64 "}\n", draws, allowed,
         allowed * cost);
  return 0;
}

int Draw(int argc, char **argv) {
  Run run = {0};
  drl_limiter_options policy = DRL_LIMITER_OPTIONS_INIT;
  int code = 1;
  if (argc != 8) {
    fputs("usage: draw REDIS_URL NAMESPACE IDENTITY RATE PER_US BURST DRAWS COST\n", stderr);
    return 1;
  }
  run.redis_url = argv[0];
  policy.key_namespace = argv[1];
  policy.rate = strtoll(argv[3], NULL, 10);
  policy.per_us = strtoll(argv[4], NULL, 10);
  policy.burst = strtoll(argv[5], NULL, 10);
  policy.fail_strategy = DRL_FAIL_ERROR;
  if (OpenClient(&run, NULL) == DRL_OK &&
      drl_limiter_open(run.client, &policy, &run.limiters[0], &run.error) == DRL_OK) {
    run.limiter_count = 1;
    code = Report(&run, argv[2], strtoll(argv[6], NULL, 10), strtoll(argv[7], NULL, 10));
  }
  if (code != 0) fprintf(stderr, "draw: %s\n", run.error.message);
  EndCase(&run);
  return code;
}
