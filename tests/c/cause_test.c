/* Why Redis did not decide: one test for each DRL_ERR_* of 100..115, produced on a real Redis where that can be had, else on
 * one that only greets like Redis. The limiters fail with an error, so the cause is what the call returns.
 */
#include "fake_redis.h"
#include "fixture.h"

static drl_limiter *open_strict(drl_client *client) {
  return open_limiter_with(client, 1000, SECOND_US, 0, DRL_FAIL_ERROR);
}

static void assert_cause(drl_limiter *limiter, drl_status expected, const char *word) {
  drl_error error;
  drl_decision decision;
  const drl_status status = drl_limiter_allow(limiter, "user", 4, 1, &decision, &error);
  assert_refused(status, expected, &error, word);
  assert_int_equal(decision.outcome, DRL_OUTCOME_UNDECIDED);
  assert_int_equal(decision.allowed, 0);
  assert_int_equal(decision.flags, DRL_DECISION_DEGRADED);
  assert_int_equal(decision.cause, expected);
}

/* A client of `url`, one call that must fail so, and the end of both. */
static void expect_cause_at(const char *url, int64_t timeout_us, drl_status expected, const char *word) {
  drl_client *client = open_client_at(url, timeout_us);
  drl_limiter *limiter = open_strict(client);
  assert_cause(limiter, expected, word);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void a_silent_redis_is_a_timeout(void **state) {
  drl_client *client = open_client_at(redis_server_url(*state), 50000);
  drl_limiter *limiter = open_strict(client);
  redis_server_pause(*state);
  assert_cause(limiter, DRL_ERR_TIMEOUT, "deadline");
  redis_server_resume(*state);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void a_refused_port_is_a_connect_error(void **state) {
  char url[64];
  (void)state;
  snprintf(url, sizeof url, "redis://127.0.0.1:%d", redis_server_free_port());
  expect_cause_at(url, PATIENT_US, DRL_ERR_CONNECT, url + strlen("redis://"));
}

static void a_missing_socket_is_a_connect_error(void **state) {
  (void)state;
  expect_cause_at("unix:///nonexistent/redis.sock", PATIENT_US, DRL_ERR_CONNECT, "/nonexistent/redis.sock");
}

static void an_unknown_host_is_a_resolve_error(void **state) {
  (void)state;
  expect_cause_at("redis://host.invalid", PATIENT_US, DRL_ERR_RESOLVE, "host.invalid");
}

static void a_wrong_password_is_an_auth_error_that_does_not_name_it(void **state) {
  (void)state;
  const redis_server_options with_password = {.password = "right"};
  redis_server *server = redis_server_start(&with_password);
  assert_non_null(server);
  char url[160];
  drl_error error;
  drl_decision decision;
  snprintf(url, sizeof url, "unix://:hunter2@%s", redis_server_socket(server));
  redis_server_expect_refusals(server);
  drl_client *client = open_client_at(url, PATIENT_US);
  drl_limiter *limiter = open_strict(client);
  assert_refused(drl_limiter_allow(limiter, "user", 4, 1, &decision, &error), DRL_ERR_AUTH, &error, "WRONGPASS");
  assert_null(strstr(error.message, "hunter2"));
  drl_limiter_close(limiter);
  drl_client_close(client);
  expect_cause_at(redis_server_url(server), PATIENT_US, DRL_ERR_AUTH, "NOAUTH");
  redis_server_stop(server);
}

static void a_missing_command_is_a_permission_error(void **state) {
  static const char *const commands[] = {"evalsha", "time", "mget", "set", "pttl", "incrby"};
  redis_server_expect_refusals(*state);
  for (size_t i = 0; i < sizeof commands / sizeof *commands; ++i) {
    freeReplyObject(redis_server_command(*state, "ACL SETUSER default " REDIS_USER_LEAST " -%s", commands[i]));
    expect_cause_at(redis_server_url(*state), PATIENT_US, DRL_ERR_PERMISSION, "");
  }
}

static void a_reset_without_del_is_a_permission_error_and_disturbs_nobody(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_strict(client);
  redis_server_expect_refusals(*state);
  freeReplyObject(redis_server_command(*state, "ACL SETUSER default -del"));
  assert_refused(drl_limiter_reset(limiter, "user", 4, &error), DRL_ERR_PERMISSION, &error, "");
  assert_int_equal(allow(limiter, "user", 1).outcome, DRL_OUTCOME_ALLOWED);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static int64_t batches_of(drl_client *client) {
  drl_error error;
  drl_stats stats = DRL_STATS_INIT;
  assert_ok(drl_client_stats(client, &stats, &error), &error);
  return stats.batches;
}

/* Submits one request and waits until it is on the wire, alone in its call: a ready descriptor would not say so. */
static void submit_alone(drl_client *client, drl_queue *queue, drl_limiter *limiter, int64_t id) {
  drl_error error;
  const int64_t batches = batches_of(client);
  assert_ok(drl_queue_submit(queue, limiter, "user", 4, 1, id, &error), &error);
  while (batches_of(client) == batches) {
  }
}

static void submit_and_lose(redis_server *server, drl_client *client, drl_limiter *limiter, drl_completion *completion) {
  drl_error error;
  drl_queue *queue = NULL;
  const drl_queue_options options = DRL_QUEUE_OPTIONS_INIT;
  int32_t count = 0;
  assert_ok(drl_queue_open(client, &options, &queue, &error), &error);
  allow(limiter, "user", 1);
  redis_server_pause(server);
  submit_alone(client, queue, limiter, 7);
  redis_server_kill(server);
  assert_ok(drl_queue_wait(queue, PATIENT_US, completion, 1, &count, &error), &error);
  assert_int_equal(count, 1);
  drl_queue_close(queue);
}

static void a_killed_redis_is_a_lost_connection(void **state) {
  drl_completion completion;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_strict(client);
  submit_and_lose(*state, client, limiter, &completion);
  assert_int_equal(completion.status, DRL_ERR_CONNECTION_LOST);
  assert_int_equal(completion.decision.charged, DRL_CHARGED_UNKNOWN);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void a_server_out_of_memory_is_an_oom_error(void **state) {
  freeReplyObject(redis_server_command(*state, "CONFIG SET maxmemory 1"));
  expect_cause_at(redis_server_url(*state), PATIENT_US, DRL_ERR_OOM, "OOM");
}

static void a_replica_is_a_readonly_error(void **state) {
  freeReplyObject(redis_server_command(*state, "REPLICAOF 127.0.0.1 %d", redis_server_free_port()));
  expect_cause_at(redis_server_url(*state), PATIENT_US, DRL_ERR_READONLY, "");
}

static void a_slow_script_of_others_is_a_busy_error(void **state) {
  redisContext *slow = redisConnectUnix(redis_server_socket(*state));
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_strict(client);
  drl_error error;
  drl_decision decision;
  int done = 0;
  allow(limiter, "user", 1);
  freeReplyObject(redis_server_command(*state, "CONFIG SET lua-time-limit 1"));
  freeReplyObject(redisCommand(slow, "AUTH %s %s", redis_server_user(*state), redis_server_password(*state)));
  redisAppendCommand(slow, "EVAL %s 0", "while true do end");
  while (!done) redisBufferWrite(slow, &done);
  drl_status status = DRL_OK; /* until Redis has begun with the script */
  while (status == DRL_OK) status = drl_limiter_allow(limiter, "user", 4, 0, &decision, &error);
  freeReplyObject(redis_server_command(*state, "SCRIPT KILL"));
  assert_refused(status, DRL_ERR_BUSY, &error, "BUSY");
  redisFree(slow);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void a_foreign_key_is_a_key_type_error(void **state) {
  drl_error error;
  drl_decision decision;
  char key[DRL_KEY_SIZE];
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_strict(client);
  assert_ok(drl_limiter_key(limiter, "user_123", 8, key, sizeof key, NULL, &error), &error);
  freeReplyObject(redis_server_command(*state, "HSET %s field value", key));
  assert_refused(drl_limiter_allow(limiter, "user_123", 8, 1, &decision, &error), DRL_ERR_KEY_TYPE, &error, "key");
  assert_int_equal(decision.charged, DRL_CHARGED_NO);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static int start_fake(void **state) {
  *state = fake_redis_start();
  return *state == NULL ? -1 : 0;
}

static int stop_fake(void **state) {
  fake_redis_stop(*state);
  return 0;
}

static void an_unknown_error_is_a_redis_error(void **state) {
  fake_redis_answer(*state, "-ERR something new\r\n", 0);
  expect_cause_at(fake_redis_url(*state), PATIENT_US, DRL_ERR_REDIS, "something new");
}

static void a_server_that_loads_its_data_is_a_loading_error(void **state) {
  fake_redis_answer(*state, "-LOADING Redis is loading the dataset in memory\r\n", 0);
  expect_cause_at(fake_redis_url(*state), 200000, DRL_ERR_LOADING, "LOADING");
}

static void a_reply_that_breaks_the_contract_is_a_protocol_error(void **state) {
  static const char *const replies[] = {
      "+OK\r\n",
      ":1\r\n",
      "$-1\r\n",
      "*0\r\n",
      "*2\r\n:-1\r\n:1\r\n",                                             /* another tag */
      "*2\r\n:" FAKE_REDIS_TAG "\r\n:" FAKE_REDIS_NOW "\r\n",            /* no verdict */
      "*4\r\n:" FAKE_REDIS_TAG "\r\n:" FAKE_REDIS_NOW "\r\n:1\r\n:1\r\n", /* too many */
      "*3\r\n:" FAKE_REDIS_TAG "\r\n:" FAKE_REDIS_NOW "\r\n:1000001\r\n", /* more debt than the bucket holds */
      "*2147483647\r\n",
      "HTTP/1.1 400 Bad Request\r\n\r\n",
  };
  for (size_t i = 0; i < sizeof replies / sizeof *replies; ++i) {
    drl_error error;
    drl_decision decision;
    fake_redis_answer(*state, replies[i], 0);
    drl_client *client = open_client_at(fake_redis_url(*state), PATIENT_US);
    drl_limiter *limiter = open_strict(client);
    const drl_status status = drl_limiter_allow(limiter, "user", 4, 1, &decision, &error);
    /* Bytes that are no RESP at all end the connection under the call. */
    if (status != DRL_ERR_PROTOCOL && status != DRL_ERR_CONNECTION_LOST) fail_msg("%s: %s", replies[i], error.message);
    assert_int_equal(decision.charged, DRL_CHARGED_UNKNOWN);
    drl_limiter_close(limiter);
    drl_client_close(client);
  }
}

static void a_sound_reply_of_the_fake_is_a_decision(void **state) {
  fake_redis_answer(*state, "*3\r\n:" FAKE_REDIS_TAG "\r\n:" FAKE_REDIS_NOW "\r\n:1000\r\n", 0);
  drl_client *client = open_client_at(fake_redis_url(*state), PATIENT_US);
  drl_limiter *limiter = open_strict(client);
  assert_int_equal(allow(limiter, "user", 1).remaining, 999);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void a_server_that_is_no_redis_is_a_protocol_error(void **state) {
  fake_redis_greet(*state, "TIME", "+noon\r\n");
  expect_cause_at(fake_redis_url(*state), PATIENT_US, DRL_ERR_PROTOCOL, "not Redis");
}

static void many_timeouts_open_the_circuit(void **state) {
  drl_error error;
  drl_decision decision;
  drl_client *client = open_client_at(redis_server_url(*state), 20000);
  drl_limiter *limiter = open_strict(client);
  drl_status status = DRL_ERR_TIMEOUT;
  redis_server_pause(*state);
  for (int i = 0; i < 20 && status == DRL_ERR_TIMEOUT; ++i) {
    status = drl_limiter_allow(limiter, "user", 4, 1, &decision, &error);
  }
  redis_server_resume(*state);
  assert_refused(status, DRL_ERR_CIRCUIT_OPEN, &error, "circuit open");
  assert_int_equal(decision.charged, DRL_CHARGED_NO);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

typedef struct {
  drl_client *client;
  drl_limiter *limiter;
  drl_queue *queue;
} crowd;

static crowd open_crowd(const char *url, int64_t timeout_us, int64_t capacity) {
  crowd all;
  drl_error error;
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  const drl_queue_options queue_options = DRL_QUEUE_OPTIONS_INIT;
  options.redis_url = url;
  options.timeout_us = timeout_us;
  options.queue_capacity_max = capacity;
  assert_ok(drl_client_open(&options, &all.client, &error), &error);
  all.limiter = open_strict(all.client);
  assert_ok(drl_queue_open(all.client, &queue_options, &all.queue, &error), &error);
  return all;
}

static void close_crowd(crowd all) {
  drl_queue_close(all.queue);
  drl_limiter_close(all.limiter);
  drl_client_close(all.client);
}

/* Submits until a call ends at once, which Redis cannot have answered; its status, or DRL_OK after `most` calls. */
static drl_status submit_until_refused(crowd all, int most) {
  for (int i = 1; i <= most; ++i) {
    drl_error error;
    drl_completion completion;
    int32_t count = 0;
    assert_ok(drl_queue_submit(all.queue, all.limiter, "user", 4, 1, i, &error), &error);
    assert_ok(drl_queue_drain(all.queue, &completion, 1, &count, &error), &error);
    if (count == 1) return completion.status;
  }
  return DRL_OK;
}

static void too_many_waiting_calls_are_a_full_queue(void **state) {
  fake_redis_answer(*state, NULL, 0);
  const crowd all = open_crowd(fake_redis_url(*state), PATIENT_US, 128);
  assert_int_equal(submit_until_refused(all, 129), DRL_ERR_QUEUE_FULL);
  close_crowd(all);
}

/* Two calls, one behind the other: how long the second one takes is what Redis needs for a decision. */
static void submit_a_pair(crowd all) {
  drl_error error;
  drl_completion completion;
  for (int64_t id = 1; id <= 2; ++id) submit_alone(all.client, all.queue, all.limiter, id);
  for (int i = 0; i < 2; ++i) {
    int32_t count = 0;
    assert_ok(drl_queue_wait(all.queue, PATIENT_US, &completion, 1, &count, &error), &error);
    assert_int_equal(count, 1);
    assert_int_equal(completion.status, DRL_OK);
  }
}

static void calls_that_cannot_meet_their_deadline_are_shed(void **state) {
  const crowd all = open_crowd(fake_redis_url(*state), SECOND_US / 2, 1024);
  fake_redis_answer(*state, "*3\r\n:" FAKE_REDIS_TAG "\r\n:" FAKE_REDIS_NOW "\r\n:1000\r\n", 5000);
  allow(all.limiter, "user", 1); /* it is connected */
  for (int i = 0; i < 40; ++i) submit_a_pair(all); /* it learns that Redis is slow */
  fake_redis_answer(*state, NULL, 0);
  assert_int_equal(submit_until_refused(all, 1024), DRL_ERR_SHED);
  close_crowd(all);
}

/* How far away Redis is says nothing about how many decisions it can make. */
static void a_long_way_to_redis_sheds_nobody(void **state) {
  const crowd all = open_crowd(fake_redis_url(*state), SECOND_US / 2, 1024);
  fake_redis_answer(*state, "*3\r\n:" FAKE_REDIS_TAG "\r\n:" FAKE_REDIS_NOW "\r\n:1000\r\n", 5000);
  for (int i = 0; i < 40; ++i) allow(all.limiter, "user", 1);
  fake_redis_answer(*state, NULL, 0);
  assert_int_equal(submit_until_refused(all, 1000), DRL_OK);
  close_crowd(all);
}

#define TEST_WITH_FAKE(name) cmocka_unit_test_setup_teardown(name, start_fake, stop_fake)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_WITH_SERVER(a_silent_redis_is_a_timeout),
      cmocka_unit_test(a_refused_port_is_a_connect_error),
      cmocka_unit_test(a_missing_socket_is_a_connect_error),
      cmocka_unit_test(an_unknown_host_is_a_resolve_error),
      cmocka_unit_test(a_wrong_password_is_an_auth_error_that_does_not_name_it),
      TEST_WITH_SERVER(a_missing_command_is_a_permission_error),
      TEST_WITH_SERVER(a_reset_without_del_is_a_permission_error_and_disturbs_nobody),
      TEST_WITH_SERVER(a_killed_redis_is_a_lost_connection),
      TEST_WITH_SERVER(a_server_out_of_memory_is_an_oom_error),
      TEST_WITH_SERVER(a_replica_is_a_readonly_error),
      TEST_WITH_SERVER(a_slow_script_of_others_is_a_busy_error),
      TEST_WITH_SERVER(a_foreign_key_is_a_key_type_error),
      TEST_WITH_FAKE(an_unknown_error_is_a_redis_error),
      TEST_WITH_FAKE(a_server_that_loads_its_data_is_a_loading_error),
      TEST_WITH_FAKE(a_reply_that_breaks_the_contract_is_a_protocol_error),
      TEST_WITH_FAKE(a_sound_reply_of_the_fake_is_a_decision),
      TEST_WITH_FAKE(a_server_that_is_no_redis_is_a_protocol_error),
      TEST_WITH_SERVER(many_timeouts_open_the_circuit),
      TEST_WITH_FAKE(too_many_waiting_calls_are_a_full_queue),
      TEST_WITH_FAKE(calls_that_cannot_meet_their_deadline_are_shed),
      TEST_WITH_FAKE(a_long_way_to_redis_sheds_nobody),
  };
  return cmocka_run_group_tests_name("cause", tests, NULL, NULL);
}
