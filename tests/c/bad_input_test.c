/* Bad input: each kind has its own status and a message that names the argument, and nothing is sent. */
#include "fixture.h"

typedef struct {
  redis_server *server;
  drl_client *client;
  drl_limiter *limiter;
  int64_t calls; /* that had reached Redis before the test */
} bench;

static int open_bench(void **state) {
  bench *all = calloc(1, sizeof *all);
  all->server = redis_server_start(NULL);
  if (all->server == NULL) return -1;
  all->client = open_client_at(redis_server_url(all->server), PATIENT_US);
  all->limiter = open_limiter(all->client, 10, SECOND_US);
  peek(all->limiter, "warm");
  all->calls = redis_server_calls(all->server, "evalsha");
  *state = all;
  return 0;
}

static int close_bench(void **state) {
  bench *all = *state;
  drl_limiter_close(all->limiter);
  drl_client_close(all->client);
  redis_server_stop(all->server);
  free(all);
  return 0;
}

static void assert_nothing_sent(const bench *all) {
  assert_int_equal(redis_server_calls(all->server, "evalsha"), all->calls);
  assert_int_equal(redis_server_key_count(all->server), 0);
}

static void options_of_a_client_are_checked(void **state) {
  static const char secret[2048] = {0};
  const drl_client_options good = {.struct_size = sizeof good, .redis_url = "redis://localhost"};
  struct {
    drl_client_options options;
    drl_status status;
    const char *argument;
  } cases[] = {
      {good, DRL_ERR_NULL, "redis_url"},
      {good, DRL_ERR_STRUCT_SIZE, "struct_size is 0"},
      {good, DRL_ERR_STRUCT_SIZE, "struct_size is 8"},
      {good, DRL_ERR_STRUCT_SIZE, "struct_size is 4096"},
      {good, DRL_ERR_OPTION, "timeout_us is -1"},
      {good, DRL_ERR_OPTION, "timeout_us is 999"},
      {good, DRL_ERR_OPTION, "timeout_us is 3600000001"},
      {good, DRL_ERR_OPTION, "connect_timeout_us is 999"},
      {good, DRL_ERR_OPTION, "connect_timeout_us is 9223372036854775807"},
      {good, DRL_ERR_OPTION, "client_name"},
      {good, DRL_ERR_OPTION, "client_name"},
      {good, DRL_ERR_OPTION, "username"},
      {good, DRL_ERR_NULL, "identity_secret"},
      {good, DRL_ERR_OPTION, "identity_secret_len is 15"},
      {good, DRL_ERR_OPTION, "identity_secret_len is 1025"},
      {good, DRL_ERR_OPTION, "queue_capacity_max is 63"},
      {good, DRL_ERR_OPTION, "queue_capacity_max is -1"},
      {good, DRL_ERR_OPTION, "queue_capacity_max is 1048577"},
      {good, DRL_ERR_OPTION, "spin is 2"},
      {good, DRL_ERR_OPTION, "identity_secret_len is 0"},
      {good, DRL_ERR_OPTION, "drive is 2"},
      {good, DRL_ERR_OPTION, "drive is -1"},
      {good, DRL_ERR_OPTION, "requests_per_command_max is 65"},
      {good, DRL_ERR_OPTION, "requests_per_command_max is -1"},
      {good, DRL_ERR_STRUCT_SIZE, "struct_size is 111"},
  };
  (void)state;
  cases[0].options.redis_url = NULL;
  cases[1].options.struct_size = 0;
  cases[2].options.struct_size = 8;
  cases[3].options.struct_size = 4096;
  cases[4].options.timeout_us = -1;
  cases[5].options.timeout_us = 999;
  cases[6].options.timeout_us = 3600 * SECOND_US + 1;
  cases[7].options.connect_timeout_us = 999;
  cases[8].options.connect_timeout_us = INT64_MAX;
  cases[9].options.client_name = "two words";
  cases[10].options.client_name = "";
  cases[11].options.username = "user";
  cases[12].options.identity_secret_len = 16;
  cases[13].options.identity_secret = secret;
  cases[13].options.identity_secret_len = 15;
  cases[14].options.identity_secret = secret;
  cases[14].options.identity_secret_len = 1025;
  cases[15].options.queue_capacity_max = 63;
  cases[16].options.queue_capacity_max = -1;
  cases[17].options.queue_capacity_max = 1048577;
  cases[18].options.spin = 2;
  cases[19].options.identity_secret = secret;
  cases[20].options.drive = 2;
  cases[21].options.drive = -1;
  cases[22].options.requests_per_command_max = 65;
  cases[23].options.requests_per_command_max = -1;
  cases[24].options.struct_size = 111;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    drl_error error;
    drl_client *client = NULL;
    assert_refused(drl_client_open(&cases[i].options, &client, &error), cases[i].status, &error, cases[i].argument);
    assert_null(client);
  }
}

static void null_options_and_null_out_are_named(void **state) {
  drl_error error;
  drl_client *client = NULL;
  const drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  (void)state;
  assert_refused(drl_client_open(NULL, &client, &error), DRL_ERR_NULL, &error, "options");
  assert_refused(drl_client_open(&options, NULL, &error), DRL_ERR_NULL, &error, "client");
}

static void url_of_a_client_is_checked(void **state) {
  static const struct {
    const char *url;
    drl_status status;
  } cases[] = {
      {"", DRL_ERR_URL},
      {"localhost:6379", DRL_ERR_URL},
      {"redis://", DRL_ERR_URL},
      {"unix://relative", DRL_ERR_URL},
      {"http://localhost", DRL_ERR_URL_SCHEME},
      {"redis://localhost?unknown=1", DRL_ERR_URL_PARAMETER},
      {"redis://localhost?timeout=100", DRL_ERR_URL_PARAMETER},
      {"redis://localhost:0", DRL_ERR_URL_PORT},
      {"redis://localhost:65536", DRL_ERR_URL_PORT},
      {"redis://localhost:port", DRL_ERR_URL_PORT},
      {"redis://localhost/first", DRL_ERR_URL_DATABASE},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    drl_error error;
    drl_client *client = NULL;
    drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
    options.redis_url = cases[i].url;
    assert_refused(drl_client_open(&options, &client, &error), cases[i].status, &error, "redis_url");
    assert_null(client);
  }
}

static void assert_limiter_refused(const bench *all, const drl_limiter_options *options, drl_status status,
                                   const char *argument) {
  drl_error error;
  drl_limiter *limiter = NULL;
  assert_refused(drl_limiter_open(all->client, options, &limiter, &error), status, &error, argument);
  assert_null(limiter);
}

static void numbers_of_a_limiter_are_checked(void **state) {
  static const struct {
    int64_t rate;
    int64_t per_us;
    int64_t burst;
    drl_status status;
    const char *argument;
  } cases[] = {
      {0, SECOND_US, 0, DRL_ERR_RATE, "rate is 0"},
      {-1, SECOND_US, 0, DRL_ERR_RATE, "rate is -1"},
      {INT64_MIN, SECOND_US, 0, DRL_ERR_RATE, "rate is -9223372036854775808"},
      {INT64_C(1000000000001), SECOND_US, 0, DRL_ERR_RATE, "rate is 1000000000001"},
      {INT64_MAX, SECOND_US, 0, DRL_ERR_RATE, "rate is 9223372036854775807"},
      {1, 0, 0, DRL_ERR_PER, "per_us is 0"},
      {1, -SECOND_US, 0, DRL_ERR_PER, "per_us is -1000000"},
      {1, (INT64_C(1) << 50) + 1, 0, DRL_ERR_PER, "per_us is 1125899906842625"},
      {1, INT64_MAX, 0, DRL_ERR_PER, "per_us is 9223372036854775807"},
      {1, SECOND_US, -1, DRL_ERR_BURST, "burst is -1"},
      {1, SECOND_US, INT64_C(1000000000001), DRL_ERR_BURST, "burst is 1000000000001"},
      {1, SECOND_US, INT64_MAX, DRL_ERR_BURST, "burst is 9223372036854775807"},
      {1, INT64_C(1) << 50, 2, DRL_ERR_BURST, "burst is 2"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
    options.rate = cases[i].rate;
    options.per_us = cases[i].per_us;
    options.burst = cases[i].burst;
    assert_limiter_refused(*state, &options, cases[i].status, cases[i].argument);
  }
  assert_nothing_sent(*state);
}

static drl_limiter_options good_limiter(void) {
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.rate = 1;
  options.per_us = SECOND_US;
  return options;
}

static void labels_of_a_limiter_are_checked(void **state) {
  static const char too_long[] = "12345678901234567890123456789012345678901234567890123456789012345";
  static const char *const bad[] = {"", "two words", "{brace", "brace}", "tab\t", "caf\xC3\xA9", too_long};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
    drl_limiter_options in_namespace = good_limiter();
    in_namespace.key_namespace = bad[i];
    assert_limiter_refused(*state, &in_namespace, DRL_ERR_NAMESPACE, "key_namespace");
    drl_limiter_options named = good_limiter();
    named.name = bad[i];
    assert_limiter_refused(*state, &named, DRL_ERR_NAME, "name");
  }
}

static void fail_strategy_of_a_limiter_is_checked(void **state) {
  drl_limiter_options options = good_limiter();
  options.fail_strategy = 4;
  assert_limiter_refused(*state, &options, DRL_ERR_FAIL_STRATEGY, "fail_strategy is 4");
  options.fail_strategy = -1;
  assert_limiter_refused(*state, &options, DRL_ERR_FAIL_STRATEGY, "fail_strategy is -1");
}

static void array_of_limits_is_checked(void **state) {
  const drl_limit limits[9] = {{1, SECOND_US, 0, NULL, {0}}, {1, 0, 0, NULL, {0}}};
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.limits = limits;
  assert_limiter_refused(*state, &options, DRL_ERR_LIMITS, "limits_count is 0");
  options.limits_count = 9;
  assert_limiter_refused(*state, &options, DRL_ERR_LIMITS, "limits_count is 9");
  options.limits_count = -1;
  assert_limiter_refused(*state, &options, DRL_ERR_LIMITS, "limits_count is -1");
  options.limits_count = 2;
  assert_limiter_refused(*state, &options, DRL_ERR_PER, "limits[1].per_us");
  options.limits_count = 1;
  options.rate = 1;
  assert_limiter_refused(*state, &options, DRL_ERR_LIMITS, "limits");
  options.limits = NULL;
  assert_limiter_refused(*state, &options, DRL_ERR_NULL, "limits");
}

static void struct_size_of_a_limiter_is_checked(void **state) {
  drl_limiter_options options = good_limiter();
  options.struct_size = 0;
  assert_limiter_refused(*state, &options, DRL_ERR_STRUCT_SIZE, "struct_size is 0");
  options.struct_size = (uint32_t)sizeof options - 1;
  assert_limiter_refused(*state, &options, DRL_ERR_STRUCT_SIZE, "struct_size");
  options.struct_size = 4097;
  assert_limiter_refused(*state, &options, DRL_ERR_STRUCT_SIZE, "struct_size is 4097");
}

static void nulls_of_a_limiter_are_named(void **state) {
  const bench *all = *state;
  drl_error error;
  drl_limiter *limiter = NULL;
  const drl_limiter_options options = good_limiter();
  assert_limiter_refused(all, NULL, DRL_ERR_NULL, "options");
  assert_refused(drl_limiter_open(NULL, &options, &limiter, &error), DRL_ERR_NULL, &error, "client");
  assert_refused(drl_limiter_open(all->client, &options, NULL, &error), DRL_ERR_NULL, &error, "limiter");
}

static void nulls_of_a_request_are_named(void **state) {
  const bench *all = *state;
  drl_error error;
  drl_decision decision;
  assert_refused(drl_limiter_allow(NULL, "u", 1, 1, &decision, &error), DRL_ERR_NULL, &error, "limiter");
  assert_refused(drl_limiter_allow(all->limiter, NULL, 1, 1, &decision, &error), DRL_ERR_NULL, &error, "identity");
  assert_refused(drl_limiter_allow(all->limiter, "u", 1, 1, NULL, &error), DRL_ERR_NULL, &error, "decision");
  assert_refused(drl_limiter_peek(all->limiter, NULL, 1, &decision, &error), DRL_ERR_NULL, &error, "identity");
  assert_refused(drl_limiter_reset(NULL, "u", 1, &error), DRL_ERR_NULL, &error, "limiter");
  assert_refused(drl_limiter_reset(all->limiter, NULL, 1, &error), DRL_ERR_NULL, &error, "identity");
  assert_nothing_sent(all);
}

static void length_of_an_identity_is_checked(void **state) {
  const bench *all = *state;
  drl_error error;
  drl_decision decision;
  char *large = test_calloc(1, DRL_IDENTITY_LEN_MAX + 1);
  assert_refused(drl_limiter_allow(all->limiter, "", 0, 1, &decision, &error), DRL_ERR_IDENTITY, &error, "identity_len is 0");
  assert_refused(drl_limiter_allow(all->limiter, large, DRL_IDENTITY_LEN_MAX + 1, 1, &decision, &error), DRL_ERR_IDENTITY,
                 &error, "identity_len is 65537");
  assert_refused(drl_limiter_allow(all->limiter, "u", SIZE_MAX, 1, &decision, &error), DRL_ERR_IDENTITY, &error,
                 "identity_len");
  assert_refused(drl_limiter_reset(all->limiter, "", 0, &error), DRL_ERR_IDENTITY, &error, "identity_len is 0");
  test_free(large);
  assert_nothing_sent(all);
}

static void cost_is_checked(void **state) {
  const bench *all = *state;
  drl_error error;
  drl_decision decision;
  assert_refused(drl_limiter_allow(all->limiter, "u", 1, -1, &decision, &error), DRL_ERR_COST, &error, "cost is -1");
  assert_refused(drl_limiter_allow(all->limiter, "u", 1, INT64_MIN, &decision, &error), DRL_ERR_COST, &error, "cost");
  assert_refused(drl_limiter_allow(all->limiter, "u", 1, INT64_C(1000000000001), &decision, &error), DRL_ERR_COST, &error,
                 "cost is 1000000000001");
  assert_nothing_sent(all);
}

static void handle_of_another_type_is_noticed(void **state) {
  const bench *all = *state;
  drl_error error;
  drl_decision decision;
  drl_limiter *limiter = NULL;
  const drl_limiter_options options = good_limiter();
  assert_refused(drl_limiter_allow((drl_limiter *)all->client, "u", 1, 1, &decision, &error), DRL_ERR_HANDLE, &error,
                 "limiter");
  assert_refused(drl_limiter_open((drl_client *)all->limiter, &options, &limiter, &error), DRL_ERR_HANDLE, &error, "client");
}

static void one_wrong_request_of_many_is_named_and_none_is_sent(void **state) {
  const bench *all = *state;
  drl_error error;
  drl_decision decisions[3];
  drl_request requests[3] = {ask(all->limiter, "a", 1), ask(all->limiter, "b", 1), ask(all->limiter, "c", -5)};
  assert_refused(decide(all->client, requests, 3, decisions, &error), DRL_ERR_COST, &error, "requests[2]");
  requests[2].cost = 1;
  requests[1].identity_len = 0;
  assert_refused(decide(all->client, requests, 3, decisions, &error), DRL_ERR_IDENTITY, &error, "requests[1]");
  requests[1].identity_len = 1;
  requests[0].limiter = NULL;
  assert_refused(decide(all->client, requests, 3, decisions, &error), DRL_ERR_NULL, &error, "requests[0]");
  assert_nothing_sent(all);
}

static void count_of_many_requests_is_checked(void **state) {
  const bench *all = *state;
  drl_error error;
  drl_decision decision;
  const drl_request request = ask(all->limiter, "a", 1);
  static const int32_t counts[] = {-1, 0, DRL_REQUESTS_MAX + 1};
  for (int i = 0; i < 3; ++i) {
    assert_refused(decide(all->client, &request, counts[i], &decision, &error), DRL_ERR_CAPACITY, &error,
                   "count is");
  }
  assert_refused(decide(all->client, NULL, 1, &decision, &error), DRL_ERR_NULL, &error, "requests");
  assert_refused(decide(all->client, &request, 1, NULL, &error), DRL_ERR_NULL, &error, "decisions");
  assert_refused(decide(NULL, &request, 1, &decision, &error), DRL_ERR_NULL, &error, "client");
  assert_nothing_sent(all);
}

static void limiter_of_another_client_is_refused(void **state) {
  const bench *all = *state;
  drl_error error;
  drl_decision decision;
  drl_client *other = open_client_at(redis_server_url(all->server), PATIENT_US);
  const drl_request request = ask(all->limiter, "a", 1);
  assert_ok(drl_client_wait_ready(other, PATIENT_US, &error), &error); /* its own question has been asked */
  const int64_t calls = redis_server_calls(all->server, "evalsha");
  assert_refused(decide(other, &request, 1, &decision, &error), DRL_ERR_HANDLE, &error, "limiter is of another client");
  drl_client_close(other);
  assert_int_equal(redis_server_calls(all->server, "evalsha"), calls);
  assert_int_equal(redis_server_key_count(all->server), 0);
}

static void error_may_be_null(void **state) {
  const bench *all = *state;
  drl_decision decision;
  assert_int_equal(drl_limiter_allow(all->limiter, "u", 1, -1, &decision, NULL), DRL_ERR_COST);
  assert_int_equal(drl_limiter_allow(all->limiter, "u", 1, 0, &decision, NULL), DRL_OK);
}

#define TEST_WITH_BENCH(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(options_of_a_client_are_checked),
      cmocka_unit_test(null_options_and_null_out_are_named),
      cmocka_unit_test(url_of_a_client_is_checked),
      TEST_WITH_BENCH(numbers_of_a_limiter_are_checked),
      TEST_WITH_BENCH(labels_of_a_limiter_are_checked),
      TEST_WITH_BENCH(fail_strategy_of_a_limiter_is_checked),
      TEST_WITH_BENCH(array_of_limits_is_checked),
      TEST_WITH_BENCH(struct_size_of_a_limiter_is_checked),
      TEST_WITH_BENCH(nulls_of_a_limiter_are_named),
      TEST_WITH_BENCH(nulls_of_a_request_are_named),
      TEST_WITH_BENCH(length_of_an_identity_is_checked),
      TEST_WITH_BENCH(cost_is_checked),
      TEST_WITH_BENCH(handle_of_another_type_is_noticed),
      TEST_WITH_BENCH(one_wrong_request_of_many_is_named_and_none_is_sent),
      TEST_WITH_BENCH(count_of_many_requests_is_checked),
      TEST_WITH_BENCH(limiter_of_another_client_is_refused),
      TEST_WITH_BENCH(error_may_be_null),
  };
  return cmocka_run_group_tests_name("bad_input", tests, NULL, NULL);
}
