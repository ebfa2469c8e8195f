/* Two limits at once, and requests that cost more than one token.
 *
 * An API of a model: at most 100 requests' worth of tokens saved up and 10 a second refilled, and never more than 1,000 an
 * hour. A request costs what it makes the server do. Both limits are charged, or neither.
 *
 *     burst_and_cost [redis_url]
 */
#include <drl/drl.h>
#include <stdio.h>
#include <string.h>

static const char *const kLimitNames[] = {"second", "hour"};

static int fail(const drl_error *error) {
  fprintf(stderr, "%s: %s\n", drl_status_name(error->status), error->message);
  return 1;
}

static void show(const char *what, const drl_decision *decision) {
  const char *name = kLimitNames[decision->binding];
  switch (decision->outcome) {
    case DRL_OUTCOME_ALLOWED:
      printf("%-22s cost %4lld  allowed  %lld left by the limit \"%s\"\n", what, (long long)decision->cost,
             (long long)decision->remaining, name);
      break;
    case DRL_OUTCOME_DENIED:
      printf("%-22s cost %4lld  denied   by the limit \"%s\", enough in %.1f s\n", what, (long long)decision->cost, name,
             (double)decision->retry_after_us / 1e6);
      break;
    case DRL_OUTCOME_NEVER:
      printf("%-22s cost %4lld  never    the limit \"%s\" holds %lld at most\n", what, (long long)decision->cost, name,
             (long long)decision->limit);
      break;
    default:
      printf("%-22s cost %4lld  undecided: %s\n", what, (long long)decision->cost,
             drl_status_message(decision->cause));
  }
}

int main(int argc, char **argv) {
  static const struct {
    const char *what;
    int64_t cost;
  } requests[] = {{"a lookup", 1}, {"a summary", 25}, {"a report", 70},    {"another report", 70},
                  {"a lookup", 1}, {"a look at it", 0}, {"the whole library", 500}};
  drl_error error;
  drl_client *client = NULL;
  drl_limiter *limiter = NULL;

  drl_client_options at = DRL_CLIENT_OPTIONS_INIT;
  at.redis_url = argc > 1 ? argv[1] : "redis://localhost:6379/0";
  if (drl_client_open(&at, &client, &error) != DRL_OK) return fail(&error);

  const drl_limit limits[] = {
      {.rate = 10, .per_us = 1000000LL, .burst = 100, .name = kLimitNames[0]},
      {.rate = 1000, .per_us = 3600 * 1000000LL, .name = kLimitNames[1]},
  };
  drl_limiter_options policy = DRL_LIMITER_OPTIONS_INIT;
  policy.limits = limits;
  policy.limits_count = 2;
  policy.key_namespace = "example";
  policy.fail_strategy = DRL_FAIL_CLOSED; /* costly work: better not served than served without a count */
  if (drl_limiter_open(client, &policy, &limiter, &error) != DRL_OK) return fail(&error);

  const char *customer = "customer-7";
  for (size_t i = 0; i < sizeof requests / sizeof requests[0]; ++i) {
    drl_decision decision;
    if (drl_limiter_allow(limiter, customer, strlen(customer), requests[i].cost, &decision, &error) != DRL_OK) {
      return fail(&error);
    }
    show(requests[i].what, &decision);
  }

  drl_limiter_close(limiter);
  drl_client_close(client);
  return 0;
}
