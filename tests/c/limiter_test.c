/* allow, peek, reset and many requests at once on a real Redis. */
#include "fixture.h"

static void a_full_bucket_allows_and_says_what_is_left(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 100, MINUTE_US);
  const drl_decision decision = allow(limiter, "user", 5);
  assert_int_equal(decision.allowed, 1);
  assert_int_equal(decision.outcome, DRL_OUTCOME_ALLOWED);
  assert_int_equal(decision.cause, DRL_OK);
  assert_int_equal(decision.charged, DRL_CHARGED_YES);
  assert_int_equal(decision.flags, 0);
  assert_int_equal(decision.wait_us, 0);
  assert_int_equal(decision.limit, 100);
  assert_int_equal(decision.remaining, 95);
  assert_int_equal(decision.cost, 5);
  assert_int_equal(decision.retry_after_us, 0);
  assert_int_equal(decision.reset_after_us, 3 * SECOND_US);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void an_empty_bucket_denies_and_says_how_long(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, 1000 * MINUTE_US);
  allow(limiter, "user", 10);
  const drl_decision decision = allow(limiter, "user", 1);
  assert_int_equal(decision.allowed, 0);
  assert_int_equal(decision.outcome, DRL_OUTCOME_DENIED);
  assert_int_equal(decision.charged, DRL_CHARGED_NO);
  assert_int_equal(decision.remaining, 0);
  assert_in_range(decision.retry_after_us, 99 * MINUTE_US, 100 * MINUTE_US);
  assert_in_range(decision.reset_after_us, 999 * MINUTE_US, 1000 * MINUTE_US);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void a_cost_above_the_burst_is_never_allowed(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  const drl_decision decision = allow(limiter, "user", 11);
  assert_int_equal(decision.allowed, 0);
  assert_int_equal(decision.outcome, DRL_OUTCOME_NEVER);
  assert_int_equal(decision.retry_after_us, -1);
  assert_int_equal(redis_server_key_count(*state), 0);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void burst_is_the_rate_unless_given(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *plain = open_limiter(client, 10, SECOND_US);
  drl_limiter *burst = open_limiter_with(client, 10, SECOND_US, 25, DRL_FAIL_OPEN);
  assert_int_equal(peek(plain, "user").limit, 10);
  assert_int_equal(peek(burst, "user").limit, 25);
  drl_limiter_close(burst);
  drl_limiter_close(plain);
  drl_client_close(client);
}

static void decisions_carry_the_time_of_redis(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  redisReply *before = redis_server_command(*state, "TIME");
  const int64_t earliest = strtoll(before->element[0]->str, NULL, 10) * SECOND_US;
  freeReplyObject(before);
  const int64_t decided_at = allow(limiter, "user", 1).decided_at_us;
  assert_in_range(decided_at, earliest, earliest + 60 * SECOND_US);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void peek_takes_nothing(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, MINUTE_US);
  for (int i = 0; i < 3; ++i) {
    const drl_decision decision = peek(limiter, "user");
    assert_int_equal(decision.allowed, 1);
    assert_int_equal(decision.remaining, 10);
    assert_int_equal(decision.charged, DRL_CHARGED_NO);
  }
  assert_int_equal(redis_server_key_count(*state), 0);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void peek_is_allow_with_cost_zero(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, 1000 * MINUTE_US);
  allow(limiter, "user", 10);
  const drl_decision decision = allow(limiter, "user", 0);
  assert_int_equal(decision.outcome, DRL_OUTCOME_ALLOWED);
  assert_int_equal(decision.remaining, peek(limiter, "user").remaining);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void reset_fills_the_bucket(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, 1000 * MINUTE_US);
  allow(limiter, "user", 10);
  assert_ok(drl_limiter_reset(limiter, "user", 4, &error), &error);
  assert_int_equal(redis_server_key_count(*state), 0);
  assert_int_equal(allow(limiter, "user", 10).outcome, DRL_OUTCOME_ALLOWED);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void reset_of_an_unknown_identity_is_fine(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  assert_ok(drl_limiter_reset(limiter, "nobody", 6, &error), &error);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void reset_leaves_other_identities_alone(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, 1000 * MINUTE_US);
  allow(limiter, "alice", 4);
  allow(limiter, "bob", 4);
  assert_ok(drl_limiter_reset(limiter, "alice", 5, &error), &error);
  assert_int_equal(peek(limiter, "bob").remaining, 6);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static drl_limiter *open_named(drl_client *client, const char *key_namespace, const char *name) {
  drl_error error;
  drl_limiter *limiter = NULL;
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.rate = 10;
  options.per_us = 1000 * MINUTE_US;
  options.key_namespace = key_namespace;
  options.name = name;
  assert_ok(drl_limiter_open(client, &options, &limiter, &error), &error);
  return limiter;
}

static void limiters_of_one_namespace_and_name_share_their_buckets(void **state) {
  drl_client *client = open_client(state);
  drl_client *other_client = open_client(state);
  drl_limiter *first = open_named(client, "api", "login");
  drl_limiter *second = open_named(other_client, "api", "login");
  allow(first, "user", 4);
  assert_int_equal(peek(second, "user").remaining, 6);
  drl_limiter_close(second);
  drl_limiter_close(first);
  drl_client_close(other_client);
  drl_client_close(client);
}

static void namespace_and_name_tell_limiters_apart(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *limiters[] = {open_named(client, NULL, NULL), open_named(client, "api", NULL), open_named(client, NULL, "login"),
                             open_named(client, "api", "login")};
  for (int i = 0; i < 4; ++i) assert_int_equal(allow(limiters[i], "user", 10).outcome, DRL_OUTCOME_ALLOWED);
  for (int i = 0; i < 4; ++i) drl_limiter_close(limiters[i]);
  drl_client_close(client);
}

static drl_limiter *open_three(drl_client *client) {
  drl_error error;
  drl_limiter *limiter = NULL;
  drl_limit limits[3] = {{10, SECOND_US, 0, "burst", {0}}, {20, MINUTE_US, 0, "minute", {0}}, {3, 60 * MINUTE_US, 0, "hour", {0}}};
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.limits = limits;
  options.limits_count = 3;
  assert_ok(drl_limiter_open(client, &options, &limiter, &error), &error);
  memset(limits, 'x', sizeof limits); /* they were copied */
  return limiter;
}

static void the_tightest_of_several_limits_binds(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_three(client);
  const drl_decision allowed = allow(limiter, "user", 3);
  assert_int_equal(allowed.allowed, 1);
  assert_int_equal(allowed.binding, 2);
  assert_int_equal(allowed.remaining, 0);
  const drl_decision denied = allow(limiter, "user", 1);
  assert_int_equal(denied.outcome, DRL_OUTCOME_DENIED);
  assert_int_equal(denied.binding, 2);
  assert_int_equal(denied.limit, 3);
  assert_in_range(denied.retry_after_us, 19 * MINUTE_US, 20 * MINUTE_US);
  assert_int_equal(redis_server_key_count(*state), 1);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void many_requests_are_answered_in_their_order(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *slow = open_limiter(client, 10, 1000 * MINUTE_US);
  drl_limiter *three = open_three(client);
  const drl_request requests[] = {ask(slow, "a", 4), ask(slow, "a", 4), ask(three, "b", 2),
                                  ask(slow, "a", 4), ask(slow, "a", 0), ask(slow, "c", 11)};
  drl_decision decisions[6];
  assert_ok(decide(client, requests, 6, decisions, &error), &error);
  assert_int_equal(decisions[0].remaining, 6);
  assert_int_equal(decisions[1].remaining, 2);
  assert_int_equal(decisions[2].remaining, 1);
  assert_int_equal(decisions[3].outcome, DRL_OUTCOME_DENIED);
  assert_int_equal(decisions[4].remaining, 2);
  assert_int_equal(decisions[5].outcome, DRL_OUTCOME_NEVER);
  drl_limiter_close(three);
  drl_limiter_close(slow);
  drl_client_close(client);
}

static void many_requests_travel_together(void **state) {
  enum { COUNT = 64 };
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, MINUTE_US);
  allow(limiter, "warm", 1);
  drl_request requests[COUNT];
  drl_decision decisions[COUNT];
  char identities[COUNT];
  for (int i = 0; i < COUNT; ++i) {
    identities[i] = (char)i;
    requests[i] = ask(limiter, "", 1);
    requests[i].identity = &identities[i];
    requests[i].identity_len = 1;
  }
  const int64_t before = redis_server_calls(*state, "evalsha");
  assert_ok(decide(client, requests, COUNT, decisions, &error), &error);
  assert_int_equal(redis_server_calls(*state, "evalsha"), before + 1);
  for (int i = 0; i < COUNT; ++i) assert_int_equal(decisions[i].remaining, 9);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void as_many_requests_as_promised_are_decided(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, DRL_REQUESTS_MAX, 1000 * MINUTE_US);
  drl_request *requests = test_calloc(DRL_REQUESTS_MAX, sizeof *requests);
  drl_decision *decisions = test_calloc(DRL_REQUESTS_MAX, sizeof *decisions);
  for (int i = 0; i < DRL_REQUESTS_MAX; ++i) requests[i] = ask(limiter, "user", 1);
  assert_ok(decide(client, requests, DRL_REQUESTS_MAX, decisions, &error), &error);
  for (int i = 0; i < DRL_REQUESTS_MAX; ++i) assert_int_equal(decisions[i].allowed, 1);
  assert_int_equal(decisions[DRL_REQUESTS_MAX - 1].remaining, 0);
  test_free(decisions);
  test_free(requests);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_WITH_SERVER(a_full_bucket_allows_and_says_what_is_left),
      TEST_WITH_SERVER(an_empty_bucket_denies_and_says_how_long),
      TEST_WITH_SERVER(a_cost_above_the_burst_is_never_allowed),
      TEST_WITH_SERVER(burst_is_the_rate_unless_given),
      TEST_WITH_SERVER(decisions_carry_the_time_of_redis),
      TEST_WITH_SERVER(peek_takes_nothing),
      TEST_WITH_SERVER(peek_is_allow_with_cost_zero),
      TEST_WITH_SERVER(reset_fills_the_bucket),
      TEST_WITH_SERVER(reset_of_an_unknown_identity_is_fine),
      TEST_WITH_SERVER(reset_leaves_other_identities_alone),
      TEST_WITH_SERVER(limiters_of_one_namespace_and_name_share_their_buckets),
      TEST_WITH_SERVER(namespace_and_name_tell_limiters_apart),
      TEST_WITH_SERVER(the_tightest_of_several_limits_binds),
      TEST_WITH_SERVER(many_requests_are_answered_in_their_order),
      TEST_WITH_SERVER(many_requests_travel_together),
      TEST_WITH_SERVER(as_many_requests_as_promised_are_decided),
  };
  return cmocka_run_group_tests_name("limiter", tests, NULL, NULL);
}
