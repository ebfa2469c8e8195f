#include <drl/drl.h>
#include <stdio.h>

static int fail(const drl_error *error) {
  fprintf(stderr, "%s: %s\n", drl_status_name(error->status), error->message);
  return 1;
}

int main(int argc, char **argv) {
  drl_error error;
  drl_client *client = NULL;
  drl_limiter *limiter = NULL;

  drl_client_options at = DRL_CLIENT_OPTIONS_INIT;
  at.redis_url = argc > 1 ? argv[1] : "redis://localhost:6379/0";
  if (drl_client_open(&at, &client, &error) != DRL_OK) return fail(&error);

  drl_limiter_options policy = DRL_LIMITER_OPTIONS_INIT;
  policy.rate = 5; /* tokens ... */
  policy.per_us = 60 * 1000000LL; /* ... per minute */
  if (drl_limiter_open(client, &policy, &limiter, &error) != DRL_OK) return fail(&error);

  for (int i = 1; i <= 7; ++i) {
    drl_decision decision;
    if (drl_limiter_allow(limiter, "user_123", 8, 1, &decision, &error) != DRL_OK) return fail(&error);
    if (decision.outcome == DRL_OUTCOME_UNDECIDED)
      printf("request %d: Redis did not decide (%s); served all the same\n", i, error.message);
    else if (decision.allowed)
      printf("request %d: allowed, %lld left\n", i, (long long)decision.remaining);
    else
      printf("request %d: denied, try again in %.1f s\n", i, (double)decision.retry_after_us / 1e6);
  }

  drl_limiter_close(limiter);
  drl_client_close(client);
  return 0;
}
