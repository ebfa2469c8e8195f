/* The request: every field, its bounds, and the same answer by every way to ask. */
#include "fixture.h"

typedef struct bench {
  redis_server *server;
  drl_client *client;
  drl_limiter *limiter; /* 10 an hour */
} bench;

static int open_bench(void **state) {
  bench *all = test_calloc(1, sizeof *all);
  all->server = redis_server_start(NULL);
  if (all->server == NULL) return -1;
  all->client = open_client_at(redis_server_url(all->server), PATIENT_US);
  all->limiter = open_limiter(all->client, 10, 60 * MINUTE_US);
  *state = all;
  return 0;
}

static int close_bench(void **state) {
  bench *all = *state;
  drl_limiter_close(all->limiter);
  drl_client_close(all->client);
  redis_server_stop(all->server);
  test_free(all);
  return 0;
}

static drl_decision decide_one(const bench *all, drl_request request) {
  drl_error error;
  drl_decision decision;
  assert_ok(decide(all->client, &request, 1, &decision, &error), &error);
  return decision;
}

static drl_request polite(const bench *all, int64_t cost, int64_t headroom) {
  drl_request request = ask(all->limiter, "user", cost);
  request.headroom = headroom;
  return request;
}

/* ---- Wrong requests ---- */

static void must_not_be_called(drl_status status, const drl_decision *decision, const char *message, void *user) {
  (void)decision;
  (void)user;
  fail_msg("called back with %s: %s", drl_status_name(status), message);
}

/* Refused by every way to ask, with the same words; of several the index is named too. */
static void assert_request_refused(const bench *all, drl_request wrong, drl_status status, const char *words) {
  const drl_request two[2] = {ask(all->limiter, "other", 1), wrong};
  drl_error error;
  drl_decision decisions[2];
  drl_queue *queue = NULL;
  assert_ok(drl_queue_open(all->client, NULL, &queue, &error), &error);
  assert_refused(decide(all->client, &wrong, 1, decisions, &error), status, &error, words);
  assert_refused(drl_queue_decide(queue, &wrong, sizeof wrong, 1, &error), status, &error, words);
  assert_refused(drl_client_decide_callback(all->client, &wrong, sizeof wrong, &error, must_not_be_called, NULL), status,
                 &error, words);
  assert_refused(decide(all->client, two, 2, decisions, &error), status, &error, "requests[1].");
  if (strstr(error.message, words) == NULL) fail_msg("\"%s\" does not say %s", error.message, words);
  drl_queue_close(queue);
  assert_int_equal(redis_server_key_count(all->server), 0);
}

static void every_wrong_field_is_named(void **state) {
  const bench *all = *state;
  const drl_request good = ask(all->limiter, "user", 1);
  struct {
    drl_request request;
    drl_status status;
    const char *words;
  } cases[] = {
      {good, DRL_ERR_NULL, "limiter is NULL"},
      {good, DRL_ERR_NULL, "identity is NULL"},
      {good, DRL_ERR_IDENTITY, "identity_len is 0"},
      {good, DRL_ERR_IDENTITY, "identity_len is 65537"},
      {good, DRL_ERR_OPTION, "operation is -1"},
      {good, DRL_ERR_OPTION, "operation is 3"},
      {good, DRL_ERR_COST, "cost is -1"},
      {good, DRL_ERR_COST, "cost is 1000000000001"},
      {good, DRL_ERR_OPTION, "headroom is -1"},
      {good, DRL_ERR_OPTION, "headroom is 1000000000001"},
      {good, DRL_ERR_OPTION, "timeout_us is -1"},
      {good, DRL_ERR_OPTION, "timeout_us is 999"},
      {good, DRL_ERR_OPTION, "timeout_us is 3600000001"},
      {good, DRL_ERR_FAIL_STRATEGY, "fail_strategy is -1"},
      {good, DRL_ERR_FAIL_STRATEGY, "fail_strategy is 4"},
      {good, DRL_ERR_OPTION, "flags"},
      {good, DRL_ERR_OPTION, "reserved0"},
      {good, DRL_ERR_OPTION, "reserved[0]"},
      {good, DRL_ERR_OPTION, "reserved[3]"},
  };
  cases[0].request.limiter = NULL;
  cases[1].request.identity = NULL;
  cases[2].request.identity_len = 0;
  cases[3].request.identity_len = DRL_IDENTITY_LEN_MAX + 1;
  cases[4].request.operation = -1;
  cases[5].request.operation = 3;
  cases[6].request.cost = -1;
  cases[7].request.cost = INT64_C(1000000000001);
  cases[8].request.headroom = -1;
  cases[9].request.headroom = INT64_C(1000000000001);
  cases[10].request.timeout_us = -1;
  cases[11].request.timeout_us = 999;
  cases[12].request.timeout_us = INT64_C(3600000001);
  cases[13].request.fail_strategy = -1;
  cases[14].request.fail_strategy = 4;
  cases[15].request.flags = 1;
  cases[16].request.reserved0 = 1;
  cases[17].request.reserved[0] = 1;
  cases[18].request.reserved[3] = -1;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    assert_request_refused(all, cases[i].request, cases[i].status, cases[i].words);
  }
}

static void what_takes_nothing_has_no_cost(void **state) {
  const bench *all = *state;
  drl_request request = ask(all->limiter, "user", 1);
  request.operation = DRL_OPERATION_PEEK;
  assert_request_refused(all, request, DRL_ERR_COST, "cost is 1");
  request.operation = DRL_OPERATION_RESET;
  assert_request_refused(all, request, DRL_ERR_COST, "cost is 1");
  request.cost = 0;
  request.headroom = 1;
  assert_request_refused(all, request, DRL_ERR_OPTION, "headroom is 1");
}

static void the_bounds_themselves_are_fine(void **state) {
  const bench *all = *state;
  drl_request request = polite(all, 1, INT64_C(1000000000000));
  request.timeout_us = 3600 * SECOND_US;
  assert_int_equal(decide_one(all, request).outcome, DRL_OUTCOME_NEVER);
  request.cost = INT64_C(1000000000000);
  assert_int_equal(decide_one(all, request).outcome, DRL_OUTCOME_NEVER);
}

/* ---- The size of a request ---- */

/* A request as a later header may have it. */
typedef struct later_request {
  drl_request known;
  int64_t unknown[2];
} later_request;

static void a_larger_request_is_taken_while_its_rest_is_zero(void **state) {
  const bench *all = *state;
  drl_error error;
  drl_decision decisions[2];
  later_request requests[2] = {{ask(all->limiter, "user", 4), {0, 0}}, {ask(all->limiter, "user", 5), {0, 0}}};
  const drl_request *first = &requests[0].known;
  assert_ok(drl_client_decide(all->client, first, sizeof *requests, 2, decisions, &error), &error);
  assert_int_equal(decisions[0].remaining, 6);
  assert_int_equal(decisions[1].remaining, 1);
  requests[1].unknown[1] = 1;
  assert_refused(drl_client_decide(all->client, first, sizeof *requests, 2, decisions, &error), DRL_ERR_STRUCT_SIZE, &error,
                 "requests[1].request_size is 112 bytes");
  assert_int_equal(peek(all->limiter, "user").remaining, 1);
}

static void a_size_that_no_request_ever_had_is_refused(void **state) {
  const bench *all = *state;
  static const size_t sizes[] = {0, 1, 95, 4097, SIZE_MAX};
  const drl_request request = ask(all->limiter, "user", 1);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
    drl_error error;
    drl_decision decision;
    assert_refused(drl_client_decide(all->client, &request, sizes[i], 1, &decision, &error), DRL_ERR_CAPACITY, &error,
                   "request_size is ");
  }
  assert_int_equal(redis_server_key_count(all->server), 0);
}

/* ---- Headroom ---- */

static void headroom_is_left_to_others(void **state) {
  const bench *all = *state;
  assert_int_equal(decide_one(all, polite(all, 4, 6)).remaining, 6); /* exactly as much is left */
  const drl_decision denied = decide_one(all, polite(all, 1, 6));
  assert_int_equal(denied.outcome, DRL_OUTCOME_DENIED);
  assert_int_equal(denied.charged, DRL_CHARGED_NO);
  assert_int_equal(denied.remaining, 6);
  assert_int_equal(denied.cost, 1);
  assert_in_range(denied.retry_after_us, 5 * MINUTE_US, 6 * MINUTE_US); /* one token more */
  assert_int_equal(decide_one(all, polite(all, 1, 5)).remaining, 5);
  assert_int_equal(allow(all->limiter, "user", 5).remaining, 0);
}

static void cost_and_headroom_above_the_burst_are_never_allowed(void **state) {
  const bench *all = *state;
  assert_int_equal(decide_one(all, polite(all, 4, 6)).outcome, DRL_OUTCOME_ALLOWED);
  const drl_decision never = decide_one(all, polite(all, 4, 7));
  assert_int_equal(never.outcome, DRL_OUTCOME_NEVER);
  assert_int_equal(never.retry_after_us, -1);
  assert_int_equal(never.remaining, 6);
}

static void a_look_with_headroom_asks_whether_so_much_is_there(void **state) {
  const bench *all = *state;
  drl_request look = polite(all, 0, 10);
  look.operation = DRL_OPERATION_PEEK;
  assert_int_equal(decide_one(all, look).outcome, DRL_OUTCOME_ALLOWED);
  look.headroom = 11;
  assert_int_equal(decide_one(all, look).outcome, DRL_OUTCOME_NEVER);
  allow(all->limiter, "user", 1);
  look.headroom = 10;
  assert_int_equal(decide_one(all, look).outcome, DRL_OUTCOME_DENIED);
  assert_int_equal(decide_one(all, look).remaining, 9);
}

/* ---- Operations ---- */

static void operations_mix_in_one_batch_in_their_order(void **state) {
  const bench *all = *state;
  drl_error error;
  drl_decision decisions[5];
  drl_request requests[5] = {ask(all->limiter, "user", 7), ask(all->limiter, "user", 0), ask(all->limiter, "user", 0),
                             ask(all->limiter, "user", 2), ask(all->limiter, "user", 0)};
  requests[1].operation = requests[4].operation = DRL_OPERATION_PEEK;
  requests[2].operation = DRL_OPERATION_RESET;
  assert_ok(decide(all->client, requests, 5, decisions, &error), &error);
  assert_int_equal(decisions[0].remaining, 3);
  assert_int_equal(decisions[1].remaining, 3);
  assert_int_equal(decisions[2].cause, DRL_OK);
  assert_int_equal(decisions[3].remaining, 8);
  assert_int_equal(decisions[4].remaining, 8);
  assert_int_equal(redis_server_key_count(all->server), 1);
}

static void a_reset_that_redis_did_not_do_is_an_error_of_the_batch(void **state) {
  const bench *all = *state;
  drl_error error;
  drl_decision decisions[2];
  drl_request requests[2] = {ask(all->limiter, "user", 1), ask(all->limiter, "user", 0)};
  requests[1].operation = DRL_OPERATION_RESET;
  requests[1].timeout_us = requests[0].timeout_us = 50000;
  redis_server_pause(all->server);
  assert_int_equal(decide(all->client, requests, 2, decisions, &error), DRL_ERR_TIMEOUT);
  redis_server_resume(all->server);
  assert_int_equal(decisions[0].outcome, DRL_OUTCOME_UNDECIDED);
  assert_int_equal(decisions[0].allowed, 1); /* fail open: an answer all the same */
  assert_int_equal(decisions[1].cause, DRL_ERR_TIMEOUT);
}

/* ---- A time-out and a fail strategy of its own ---- */

static void each_request_has_a_fail_strategy_of_its_own(void **state) {
  const bench *all = *state;
  drl_error error;
  drl_decision decisions[4];
  drl_request requests[4];
  for (int i = 0; i < 4; ++i) {
    requests[i] = ask(all->limiter, "user", 1);
    requests[i].timeout_us = 20000;
    requests[i].fail_strategy = DRL_FAIL_DEFAULT + i;
  }
  redis_server_pause(all->server);
  assert_ok(decide(all->client, requests, 3, decisions, &error), &error);
  assert_int_equal(decisions[0].allowed, 1); /* as its limiter */
  assert_int_equal(decisions[1].allowed, 1);
  assert_int_equal(decisions[2].allowed, 0);
  assert_refused(decide(all->client, requests, 4, decisions, &error), DRL_ERR_TIMEOUT, &error, "deadline");
  redis_server_resume(all->server);
  assert_int_equal(decisions[0].allowed, 1); /* set all the same */
  assert_int_equal(decisions[3].allowed, 0);
  assert_int_equal(decisions[3].cause, DRL_ERR_TIMEOUT);
}

static void a_short_time_out_that_ends_leaves_the_others_standing(void **state) {
  const bench *all = *state;
  drl_error error;
  drl_decision decisions[3];
  drl_request requests[3] = {ask(all->limiter, "patient", 3), ask(all->limiter, "hasty", 4), ask(all->limiter, "patient", 2)};
  requests[1].timeout_us = 20000;
  allow(all->limiter, "warm", 1); /* connected */
  redisReply *slept = redis_server_command(all->server, "CLIENT PAUSE 300");
  freeReplyObject(slept);
  assert_ok(decide(all->client, requests, 3, decisions, &error), &error);
  assert_int_equal(decisions[0].outcome, DRL_OUTCOME_ALLOWED);
  assert_int_equal(decisions[0].remaining, 7);
  assert_int_equal(decisions[1].cause, DRL_ERR_TIMEOUT);
  assert_int_equal(decisions[2].outcome, DRL_OUTCOME_ALLOWED);
  assert_int_equal(decisions[2].remaining, 5);
  /* What came too late was not charged. */
  assert_int_equal(peek(all->limiter, "hasty").remaining, 10);
  assert_int_equal(peek(all->limiter, "patient").remaining, 5);
}

/* ---- Other ways to ask ---- */

static void a_queue_takes_the_same_request(void **state) {
  const bench *all = *state;
  drl_error error;
  drl_queue *queue = NULL;
  drl_completion completion;
  int32_t count = 0;
  const drl_request request = polite(all, 4, 7);
  assert_ok(drl_queue_open(all->client, NULL, &queue, &error), &error);
  assert_ok(drl_queue_decide(queue, &request, sizeof request, 77, &error), &error);
  assert_ok(drl_queue_wait(queue, PATIENT_US, &completion, 1, &count, &error), &error);
  assert_int_equal(count, 1);
  assert_int_equal(completion.id, 77);
  assert_int_equal(completion.decision.outcome, DRL_OUTCOME_NEVER);
  assert_string_equal(completion.message, "");
  assert_refused(drl_queue_decide(queue, &request, 8, 78, &error), DRL_ERR_CAPACITY, &error, "request_size is 8");
  drl_queue_close(queue);
}

static void a_completion_says_why_redis_did_not_decide(void **state) {
  const bench *all = *state;
  drl_error error;
  drl_queue *queue = NULL;
  drl_completion completion;
  int32_t count = 0;
  drl_request request = ask(all->limiter, "user", 1);
  request.timeout_us = 20000;
  request.fail_strategy = DRL_FAIL_CLOSED;
  assert_ok(drl_queue_open(all->client, NULL, &queue, &error), &error);
  redis_server_pause(all->server);
  assert_ok(drl_queue_decide(queue, &request, sizeof request, 1, &error), &error);
  assert_ok(drl_queue_wait(queue, PATIENT_US, &completion, 1, &count, &error), &error);
  redis_server_resume(all->server);
  assert_int_equal(count, 1);
  assert_int_equal(completion.status, DRL_OK);
  assert_int_equal(completion.decision.cause, DRL_ERR_TIMEOUT);
  assert_int_equal(completion.decision.allowed, 0);
  assert_non_null(strstr(completion.message, "deadline"));
  drl_queue_close(queue);
}

typedef struct note {
  int calls;
  drl_status status;
  drl_decision decision;
  char message[DRL_COMPLETION_MESSAGE_SIZE];
} note;

static void take_note(drl_status status, const drl_decision *decision, const char *message, void *user) {
  note *taken = user;
  ++taken->calls;
  taken->status = status;
  taken->decision = *decision;
  snprintf(taken->message, sizeof taken->message, "%s", message);
}

static void a_callback_takes_the_same_request(void **state) {
  bench *all = *state;
  drl_error error;
  note taken[2] = {{0}};
  const drl_request request = polite(all, 4, 5);
  drl_request hasty = ask(all->limiter, "user", 1);
  hasty.timeout_us = 20000;
  hasty.fail_strategy = DRL_FAIL_ERROR;
  assert_ok(drl_client_decide_callback(all->client, &request, sizeof request, &error, take_note, &taken[0]), &error);
  assert_int_equal(peek(all->limiter, "user").remaining, 6);
  redis_server_pause(all->server);
  assert_ok(drl_client_decide_callback(all->client, &hasty, sizeof hasty, &error, take_note, &taken[1]), &error);
  drl_decision decision;
  drl_request last = hasty;
  last.timeout_us = SECOND_US / 2; /* much later than that of the callback: it has run */
  assert_int_equal(decide(all->client, &last, 1, &decision, &error), DRL_ERR_TIMEOUT);
  redis_server_resume(all->server);
  drl_limiter_close(all->limiter);
  drl_client_close(all->client); /* joins the I/O thread: both have been called */
  all->limiter = NULL;
  all->client = NULL;
  assert_int_equal(taken[0].calls, 1);
  assert_int_equal(taken[0].decision.remaining, 6);
  assert_string_equal(taken[0].message, "");
  assert_int_equal(taken[1].calls, 1);
  assert_int_equal(taken[1].status, DRL_ERR_TIMEOUT);
  assert_non_null(strstr(taken[1].message, "deadline"));
}

#define TEST_WITH_BENCH(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_WITH_BENCH(every_wrong_field_is_named),
      TEST_WITH_BENCH(what_takes_nothing_has_no_cost),
      TEST_WITH_BENCH(the_bounds_themselves_are_fine),
      TEST_WITH_BENCH(a_larger_request_is_taken_while_its_rest_is_zero),
      TEST_WITH_BENCH(a_size_that_no_request_ever_had_is_refused),
      TEST_WITH_BENCH(headroom_is_left_to_others),
      TEST_WITH_BENCH(cost_and_headroom_above_the_burst_are_never_allowed),
      TEST_WITH_BENCH(a_look_with_headroom_asks_whether_so_much_is_there),
      TEST_WITH_BENCH(operations_mix_in_one_batch_in_their_order),
      TEST_WITH_BENCH(a_reset_that_redis_did_not_do_is_an_error_of_the_batch),
      TEST_WITH_BENCH(each_request_has_a_fail_strategy_of_its_own),
      TEST_WITH_BENCH(a_short_time_out_that_ends_leaves_the_others_standing),
      TEST_WITH_BENCH(a_queue_takes_the_same_request),
      TEST_WITH_BENCH(a_completion_says_why_redis_did_not_decide),
      TEST_WITH_BENCH(a_callback_takes_the_same_request),
  };
  return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
