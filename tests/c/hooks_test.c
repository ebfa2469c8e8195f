/* The decision hook: every decision once, with the name of its limiter, on the thread that receives it. */
#include <pthread.h>

#include "fixture.h"

enum { SEEN_MAX = 16 };

typedef struct seen {
  char key_namespace[32];
  char limiter_name[32];
  drl_status status;
  drl_decision decision;
  pthread_t thread;
} seen;

typedef struct notes {
  seen all[SEEN_MAX];
  int count;
} notes;

static void take_note(const char *key_namespace, const char *limiter_name, drl_status status,
                      const drl_decision *decision, void *user) {
  notes *taken = user;
  if (taken->count == SEEN_MAX) return;
  seen *at = &taken->all[taken->count++];
  snprintf(at->key_namespace, sizeof at->key_namespace, "%s", key_namespace);
  snprintf(at->limiter_name, sizeof at->limiter_name, "%s", limiter_name);
  at->status = status;
  at->decision = *decision;
  at->thread = pthread_self();
}

static drl_client *open_noting(const char *url, notes *taken) {
  drl_error error;
  drl_client *client = NULL;
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  memset(taken, 0, sizeof *taken);
  options.redis_url = url;
  options.timeout_us = PATIENT_US;
  options.on_decision = take_note;
  options.on_decision_user = taken;
  assert_ok(drl_client_open(&options, &client, &error), &error);
  return client;
}

static drl_limiter *open_named(drl_client *client, int32_t fail_strategy) {
  drl_error error;
  drl_limiter *limiter = NULL;
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.rate = 2;
  options.per_us = 3600 * SECOND_US;
  options.key_namespace = "shop";
  options.name = "login";
  options.fail_strategy = fail_strategy;
  assert_ok(drl_limiter_open(client, &options, &limiter, &error), &error);
  return limiter;
}

static void the_hook_sees_each_blocking_decision_on_the_calling_thread(void **state) {
  notes taken;
  drl_client *client = open_noting(redis_server_url(*state), &taken);
  drl_limiter *limiter = open_named(client, DRL_FAIL_OPEN);
  allow(limiter, "user", 2);
  allow(limiter, "user", 1);
  peek(limiter, "user");
  assert_int_equal(taken.count, 3);
  assert_int_equal(taken.all[0].decision.outcome, DRL_OUTCOME_ALLOWED);
  assert_int_equal(taken.all[1].decision.outcome, DRL_OUTCOME_DENIED);
  assert_int_equal(taken.all[2].decision.cost, 0);
  assert_string_equal(taken.all[1].key_namespace, "shop");
  assert_string_equal(taken.all[1].limiter_name, "login");
  assert_true(pthread_equal(taken.all[0].thread, pthread_self()));
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void a_reset_is_no_decision(void **state) {
  notes taken;
  drl_client *client = open_noting(redis_server_url(*state), &taken);
  drl_limiter *limiter = open_named(client, DRL_FAIL_OPEN);
  assert_int_equal(drl_limiter_reset(limiter, "user", 4, NULL), DRL_OK);
  assert_int_equal(taken.count, 0);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void the_hook_sees_many_decisions_once_each(void **state) {
  notes taken;
  drl_error error;
  drl_decision decisions[3];
  drl_client *client = open_noting(redis_server_url(*state), &taken);
  drl_limiter *limiter = open_named(client, DRL_FAIL_OPEN);
  const drl_request requests[3] = {ask(limiter, "a", 1), ask(limiter, "b", 2), ask(limiter, "c", 3)};
  assert_ok(decide(client, requests, 3, decisions, &error), &error);
  assert_int_equal(taken.count, 3);
  assert_int_equal(taken.all[0].decision.cost + taken.all[1].decision.cost + taken.all[2].decision.cost, 6);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void the_hook_sees_degraded_decisions_with_their_cause(void **state) {
  (void)state;
  notes taken;
  drl_error error;
  drl_decision decision;
  drl_client *client = open_noting("unix:///nonexistent/redis.sock", &taken);
  drl_limiter *open = open_named(client, DRL_FAIL_OPEN);
  drl_limiter *strict = open_named(client, DRL_FAIL_ERROR);
  assert_int_equal(drl_limiter_allow(open, "user", 4, 1, &decision, &error), DRL_OK);
  assert_int_equal(drl_limiter_allow(strict, "user", 4, 1, &decision, &error), DRL_ERR_CONNECT);
  assert_int_equal(taken.count, 2);
  assert_int_equal(taken.all[0].decision.cause, DRL_ERR_CONNECT);
  assert_int_equal(taken.all[0].decision.allowed, 1);
  assert_int_equal(taken.all[1].status, DRL_ERR_CONNECT);
  drl_limiter_close(strict);
  drl_limiter_close(open);
  drl_client_close(client);
}

static void the_hook_sees_a_queued_decision_when_it_is_drained(void **state) {
  notes taken;
  drl_error error;
  drl_queue *queue = NULL;
  drl_completion completion;
  int32_t count = 0;
  drl_client *client = open_noting(redis_server_url(*state), &taken);
  drl_limiter *limiter = open_named(client, DRL_FAIL_OPEN);
  assert_ok(drl_queue_open(client, NULL, &queue, &error), &error);
  assert_ok(drl_queue_submit(queue, limiter, "user", 4, 1, 7, &error), &error);
  assert_ok(drl_queue_wait(queue, PATIENT_US, &completion, 1, &count, &error), &error);
  assert_int_equal(count, 1);
  assert_int_equal(taken.count, 1);
  assert_true(pthread_equal(taken.all[0].thread, pthread_self()));
  drl_queue_close(queue);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void the_hook_sees_many_undecided_decisions_once_each(void **state) {
  (void)state;
  notes taken;
  drl_error error;
  drl_decision decisions[3];
  drl_client *client = open_noting("unix:///nonexistent/redis.sock", &taken);
  drl_limiter *limiter = open_named(client, DRL_FAIL_CLOSED);
  const drl_request requests[3] = {ask(limiter, "a", 1), ask(limiter, "b", 1), ask(limiter, "c", 1)};
  assert_ok(decide(client, requests, 3, decisions, &error), &error);
  assert_int_equal(taken.count, 3);
  for (int i = 0; i < 3; ++i) {
    assert_int_equal(taken.all[i].status, DRL_OK);
    assert_int_equal(taken.all[i].decision.outcome, DRL_OUTCOME_UNDECIDED);
    assert_int_equal(taken.all[i].decision.allowed, 0);
  }
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void remember_thread(drl_status status, const drl_decision *decision, const char *message, void *user) {
  (void)status;
  (void)decision;
  (void)message;
  *(pthread_t *)user = pthread_self();
}

static void the_hook_sees_a_called_back_decision_where_the_callback_runs(void **state) {
  notes taken;
  drl_error error;
  pthread_t thread = pthread_self();
  drl_client *client = open_noting(redis_server_url(*state), &taken);
  drl_limiter *limiter = open_named(client, DRL_FAIL_OPEN);
  assert_ok(drl_limiter_allow_callback(limiter, "user", 4, 2, &error, remember_thread, &thread), &error);
  drl_limiter_close(limiter);
  drl_client_close(client); /* joins the I/O thread: both have been called */
  assert_int_equal(taken.count, 1);
  assert_int_equal(taken.all[0].decision.cost, 2);
  assert_true(pthread_equal(taken.all[0].thread, thread));
  assert_false(pthread_equal(thread, pthread_self()));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_WITH_SERVER(the_hook_sees_each_blocking_decision_on_the_calling_thread),
      TEST_WITH_SERVER(a_reset_is_no_decision),
      TEST_WITH_SERVER(the_hook_sees_many_decisions_once_each),
      cmocka_unit_test(the_hook_sees_degraded_decisions_with_their_cause),
      cmocka_unit_test(the_hook_sees_many_undecided_decisions_once_each),
      TEST_WITH_SERVER(the_hook_sees_a_queued_decision_when_it_is_drained),
      TEST_WITH_SERVER(the_hook_sees_a_called_back_decision_where_the_callback_runs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
