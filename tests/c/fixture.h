/* What the tests of the C ABI share: cmocka with what it needs, a server for each test, and short ways to open handles. */
#ifndef DRL_TEST_C_FIXTURE_H
#define DRL_TEST_C_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <drl/drl.h>

#include "redis_inspect.h"
#include "redis_user.h"

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
/* Long enough for the slowest machine: a test that waits so long has failed. */
#define PATIENT_US (10 * SECOND_US)

static inline int start_server(void **state) {
  *state = redis_server_start(NULL);
  return *state == NULL ? -1 : 0;
}

static inline int stop_server(void **state) {
  redis_server_stop(*state);
  return 0;
}

/* With a server of its own. */
#define TEST_WITH_SERVER(name) cmocka_unit_test_setup_teardown(name, start_server, stop_server)

static inline void assert_ok(drl_status status, const drl_error *error) {
  if (status != DRL_OK) fail_msg("%s: %s", drl_status_name(status), error->message);
}

static inline drl_client *open_client_at(const char *url, int64_t timeout_us) {
  drl_error error;
  drl_client *client = NULL;
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  options.redis_url = url;
  options.timeout_us = timeout_us;
  assert_ok(drl_client_open(&options, &client, &error), &error);
  return client;
}

static inline drl_client *open_client(void **state) { return open_client_at(redis_server_url(*state), PATIENT_US); }

static inline drl_limiter *open_limiter_with(drl_client *client, int64_t rate, int64_t per_us, int64_t burst,
                                             int32_t fail_strategy) {
  drl_error error;
  drl_limiter *limiter = NULL;
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.rate = rate;
  options.per_us = per_us;
  options.burst = burst;
  options.fail_strategy = fail_strategy;
  assert_ok(drl_limiter_open(client, &options, &limiter, &error), &error);
  return limiter;
}

static inline drl_limiter *open_limiter(drl_client *client, int64_t rate, int64_t per_us) {
  return open_limiter_with(client, rate, per_us, 0, DRL_FAIL_OPEN);
}

static inline drl_decision allow(drl_limiter *limiter, const char *identity, int64_t cost) {
  drl_error error;
  drl_decision decision;
  assert_ok(drl_limiter_allow(limiter, identity, strlen(identity), cost, &decision, &error), &error);
  return decision;
}

static inline drl_decision peek(drl_limiter *limiter, const char *identity) {
  drl_error error;
  drl_decision decision;
  assert_ok(drl_limiter_peek(limiter, identity, strlen(identity), &decision, &error), &error);
  return decision;
}

static inline drl_request ask(drl_limiter *limiter, const char *identity, int64_t cost) {
  drl_request request = DRL_REQUEST_INIT;
  request.limiter = limiter;
  request.identity = identity;
  request.identity_len = strlen(identity);
  request.cost = cost;
  return request;
}

static inline drl_status decide(drl_client *client, const drl_request *requests, int32_t count, drl_decision *decisions,
                                drl_error *error) {
  return drl_client_decide(client, requests, sizeof *requests, count, decisions, error);
}

/* A status with a sentence that names the argument. */
static inline void assert_refused(drl_status status, drl_status expected, const drl_error *error, const char *argument) {
  assert_string_equal(drl_status_name(status), drl_status_name(expected));
  assert_int_equal(error->status, expected);
  if (strstr(error->message, argument) == NULL) fail_msg("\"%s\" does not name %s", error->message, argument);
}

#endif /* DRL_TEST_C_FIXTURE_H */
