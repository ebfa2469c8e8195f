/* A program that was built with the headers in tests/abi/older, and meets the library of today: every struct that carries its size.
 *
 *     older redis_url identity
 */
#include <drl/drl.h>
#include <stdio.h>
#include <string.h>

#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, error.message); \
      return 1;                                                                \
    }                                                                          \
  } while (0)

static drl_error error;

static int blocking(drl_client *client, drl_limiter *limiter, const char *identity) {
  drl_request requests[3] = {DRL_REQUEST_INIT, DRL_REQUEST_INIT, DRL_REQUEST_INIT};
  drl_decision decisions[3];
  int i;
  for (i = 0; i < 3; ++i) {
    requests[i].limiter = limiter;
    requests[i].identity = identity;
    requests[i].identity_len = strlen(identity);
    requests[i].cost = 1;
  }
  CHECK(drl_client_decide(client, requests, sizeof requests[0], 3, decisions, &error) == DRL_OK);
  CHECK(decisions[0].allowed == 1 && decisions[1].allowed == 1 && decisions[2].allowed == 0);
  CHECK(decisions[2].limits_count == 1 && decisions[2].limits[0].burst == 2);
  return 0;
}

static int queued(drl_client *client, drl_limiter *limiter, const char *identity) {
  drl_queue_options options = DRL_QUEUE_OPTIONS_INIT;
  drl_request request = DRL_REQUEST_INIT;
  drl_completion completion;
  drl_queue *queue = NULL;
  int32_t count = 0;
  CHECK(drl_queue_open(client, &options, &queue, &error) == DRL_OK);
  request.limiter = limiter;
  request.identity = identity;
  request.identity_len = strlen(identity);
  CHECK(drl_queue_decide(queue, &request, sizeof request, 7, &error) == DRL_OK);
  CHECK(drl_queue_wait(queue, 5000000, &completion, 1, &count, &error) == DRL_OK);
  CHECK(count == 1 && completion.id == 7 && completion.decision.remaining == 0);
  drl_queue_close(queue);
  return 0;
}

static int http(drl_limiter *limiter, const char *identity) {
  drl_header_options headers_options = DRL_HEADER_OPTIONS_INIT;
  drl_problem_options problem_options = DRL_PROBLEM_OPTIONS_INIT;
  drl_resolver_options resolver_options = DRL_RESOLVER_OPTIONS_INIT;
  drl_resolver *resolver = NULL;
  drl_headers headers;
  drl_decision decision;
  char body[DRL_PROBLEM_SIZE_MAX];
  int32_t status = 0;
  CHECK(drl_limiter_allow(limiter, identity, strlen(identity), 1, &decision, &error) == DRL_OK);
  CHECK(drl_limiter_headers(limiter, &decision, &headers_options, &headers, &error) == DRL_OK && headers.count > 0);
  CHECK(drl_limiter_problem(limiter, &decision, &problem_options, body, sizeof body, NULL, &status, &error) == DRL_OK);
  CHECK(status == 429);
  CHECK(drl_resolver_open(&resolver_options, &resolver, &error) == DRL_OK);
  drl_resolver_close(resolver);
  return 0;
}

static int operations(drl_client *client) {
  struct {
    drl_stats stats;
    char behind[16];
  } read = {DRL_STATS_INIT, "untouched"};
  drl_log_line line;
  int32_t count = 0;
  int64_t dropped = 0;
  CHECK(drl_client_wait_ready(client, 5000000, &error) == DRL_OK);
  CHECK(drl_client_stats(client, &read.stats, &error) == DRL_OK);
  CHECK(read.stats.allowed == 2 && read.stats.struct_size == sizeof read.stats && strcmp(read.behind, "untouched") == 0);
  CHECK(drl_client_log_drain(client, &line, 1, &count, &dropped, &error) == DRL_OK && count == 1);
  return 0;
}

int main(int argc, char **argv) {
  drl_client_options at = DRL_CLIENT_OPTIONS_INIT;
  drl_limiter_options policy = DRL_LIMITER_OPTIONS_INIT;
  drl_client *client = NULL;
  drl_limiter *limiter = NULL;
  int failed;
  if (argc != 3) return 2;
  at.redis_url = argv[1];
  at.timeout_us = 5000000;
  CHECK(drl_client_open(&at, &client, &error) == DRL_OK);
  policy.rate = 2;
  policy.per_us = 3600 * INT64_C(1000000);
  policy.fail_strategy = DRL_FAIL_ERROR;
  CHECK(drl_limiter_open(client, &policy, &limiter, &error) == DRL_OK);
  failed = blocking(client, limiter, argv[2]) || queued(client, limiter, argv[2]) || http(limiter, argv[2]) ||
           operations(client);
  drl_limiter_close(limiter);
  drl_client_close(client);
  return failed;
}
