/* A program outside the tree, in plain C99: two tokens per hour, three requests.
 *
 *     consumer redis_url identity
 */
#include <drl/drl.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *what, const drl_error *error) {
  fprintf(stderr, "%s: %s: %s\n", what, drl_status_name(error->status), error->message);
  return 1;
}

static int requests(drl_limiter *limiter, const char *identity) {
  static const int32_t kExpected[] = {DRL_OUTCOME_ALLOWED, DRL_OUTCOME_ALLOWED, DRL_OUTCOME_DENIED};
  for (size_t i = 0; i < 3; ++i) {
    drl_decision decision;
    drl_error error;
    if (drl_limiter_allow(limiter, identity, strlen(identity), 1, &decision, &error) != DRL_OK) {
      return fail("allow", &error);
    }
    if (decision.outcome != kExpected[i]) {
      fprintf(stderr, "request %d: outcome %d, cause %s\n", (int)i, (int)decision.outcome,
              drl_status_name(decision.cause));
      return 1;
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  if (strcmp(drl_version(), DRL_VERSION_STRING) != 0) {
    fprintf(stderr, "headers %s, library %s\n", DRL_VERSION_STRING, drl_version());
    return 1;
  }
  drl_error error;
  drl_client *client = NULL;
  drl_client_options at = DRL_CLIENT_OPTIONS_INIT;
  at.redis_url = argv[1];
  at.timeout_us = 5000000;
  if (drl_client_open(&at, &client, &error) != DRL_OK) return fail("client", &error);

  drl_limiter *limiter = NULL;
  drl_limiter_options policy = DRL_LIMITER_OPTIONS_INIT;
  policy.rate = 2;
  policy.per_us = 3600 * INT64_C(1000000);
  policy.fail_strategy = DRL_FAIL_ERROR;
  if (drl_limiter_open(client, &policy, &limiter, &error) != DRL_OK) return fail("limiter", &error);

  const int result = requests(limiter, argv[2]);
  drl_limiter_close(limiter);
  drl_client_close(client);
  return result;
}
