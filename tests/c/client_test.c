/* Opening and closing clients, their options, their log. */
#include "fixture.h"

static drl_status open_with(const drl_client_options *options, drl_client **client, drl_error *error) {
  return drl_client_open(options, client, error);
}

static void opens_without_a_reachable_redis(void **state) {
  (void)state;
  drl_client *client = open_client_at("unix:///nonexistent/redis.sock", 0);
  assert_non_null(client);
  drl_client_close(client);
}

static void close_takes_null(void **state) {
  (void)state;
  drl_client_close(NULL);
  drl_limiter_close(NULL);
  drl_queue_close(NULL);
}

static void failed_open_leaves_null(void **state) {
  (void)state;
  drl_error error;
  drl_client *client = (drl_client *)&error;
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  options.redis_url = "http://host";
  assert_int_equal(open_with(&options, &client, &error), DRL_ERR_URL_SCHEME);
  assert_null(client);
}

static void open_copies_its_options(void **state) {
  char url[160];
  drl_client *client = NULL;
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  snprintf(url, sizeof url, "%s", redis_server_url(*state));
  options.redis_url = url;
  options.timeout_us = PATIENT_US;
  assert_int_equal(open_with(&options, &client, NULL), DRL_OK);
  memset(url, 'x', sizeof url);
  memset(&options, 'x', sizeof options);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  assert_int_equal(allow(limiter, "user", 1).outcome, DRL_OUTCOME_ALLOWED);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

/* A program built before the options grew says so by struct_size, and nothing behind that is read. */
static void open_takes_the_options_of_an_older_header(void **state) {
  drl_client *client = NULL;
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  options.struct_size = 112;
  options.redis_url = redis_server_url(*state);
  options.timeout_us = PATIENT_US;
  options.drive = 77;
  options.requests_per_command_max = 77;
  assert_int_equal(open_with(&options, &client, NULL), DRL_OK);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  assert_int_equal(allow(limiter, "user", 1).outcome, DRL_OUTCOME_ALLOWED);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

/* Whether CLIENT LIST shows a connection of that name. */
static int is_connected_as(redis_server *server, const char *name) {
  char field[128];
  redisReply *reply = redis_server_command(server, "CLIENT LIST");
  snprintf(field, sizeof field, " name=%s ", name);
  const int found = strstr(reply->str, field) != NULL;
  freeReplyObject(reply);
  return found;
}

static void connects_under_its_client_name(void **state) {
  drl_client *client = NULL;
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  options.redis_url = redis_server_url(*state);
  options.timeout_us = PATIENT_US;
  options.client_name = "billing-7";
  assert_int_equal(open_with(&options, &client, NULL), DRL_OK);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  allow(limiter, "user", 1);
  assert_true(is_connected_as(*state, "billing-7"));
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void close_ends_its_connection(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  allow(limiter, "user", 1);
  assert_true(is_connected_as(*state, "libdrl"));
  drl_limiter_close(limiter);
  drl_client_close(client);
  int seen = 1; /* Redis notices in its own time: each question is a turn of its event loop */
  for (int i = 0; i < 1000 && seen; ++i) seen = is_connected_as(*state, "libdrl");
  assert_false(seen);
}

static void is_called_libdrl_by_default(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  allow(limiter, "user", 1);
  assert_true(is_connected_as(*state, "libdrl"));
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void uses_the_database_of_its_url(void **state) {
  char url[160];
  freeReplyObject(redis_server_command(*state, "ACL SETUSER default " REDIS_USER_DATABASE));
  snprintf(url, sizeof url, "%s?db=3", redis_server_url(*state));
  drl_client *client = open_client_at(url, PATIENT_US);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  allow(limiter, "user", 1);
  assert_int_equal(redis_server_key_count(*state), 0);
  freeReplyObject(redis_server_command(*state, "SELECT 3"));
  assert_int_equal(redis_server_key_count(*state), 1);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void connects_by_tcp(void **state) {
  (void)state;
  const redis_server_options with_tcp = {.tcp = 1};
  redis_server *server = redis_server_start(&with_tcp);
  assert_non_null(server);
  drl_client *client = open_client_at(redis_server_tcp_url(server), PATIENT_US);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  assert_int_equal(allow(limiter, "user", 1).outcome, DRL_OUTCOME_ALLOWED);
  drl_limiter_close(limiter);
  drl_client_close(client);
  redis_server_stop(server);
}

static void logs_in_with_a_password(void **state) {
  (void)state;
  const redis_server_options with_password = {.password = "p:ss w@rd"};
  redis_server *server = redis_server_start(&with_password);
  assert_non_null(server);
  char url[160];
  snprintf(url, sizeof url, "unix://:p%%3Ass%%20w%%40rd@%s", redis_server_socket(server));
  drl_client *client = open_client_at(url, PATIENT_US);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  assert_int_equal(allow(limiter, "user", 1).outcome, DRL_OUTCOME_ALLOWED);
  drl_limiter_close(limiter);
  drl_client_close(client);
  redis_server_stop(server);
}

/* The smallest ACL that the documentation names. */
static const char kAcl[] =
    "user default off\n"
    "user admin on >admin ~* +@all\n"
    "user limiter on >secret " REDIS_USER_RESET "\n";

static void logs_in_as_a_user_with_the_smallest_acl(void **state) {
  (void)state;
  const redis_server_options with_acl = {.acl = kAcl, .acl_password = "admin"};
  redis_server *server = redis_server_start(&with_acl);
  assert_non_null(server);
  drl_client *client = NULL;
  drl_error error;
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  options.redis_url = redis_server_url(server);
  options.timeout_us = PATIENT_US;
  options.username = "limiter";
  options.password = "secret";
  assert_ok(open_with(&options, &client, &error), &error);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  assert_int_equal(allow(limiter, "user", 1).outcome, DRL_OUTCOME_ALLOWED);
  assert_ok(drl_limiter_reset(limiter, "user", 4, &error), &error);
  drl_limiter_close(limiter);
  drl_client_close(client);
  redis_server_stop(server);
}

static void takes_the_user_from_the_url_and_the_password_from_the_options(void **state) {
  (void)state;
  const redis_server_options with_acl = {.acl = kAcl, .acl_password = "admin"};
  redis_server *server = redis_server_start(&with_acl);
  assert_non_null(server);
  char url[160];
  snprintf(url, sizeof url, "unix://limiter@%s", redis_server_socket(server));
  drl_client *client = NULL;
  drl_error error;
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  options.redis_url = url;
  options.timeout_us = PATIENT_US;
  options.password = "secret";
  assert_ok(open_with(&options, &client, &error), &error);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  assert_int_equal(allow(limiter, "user", 1).outcome, DRL_OUTCOME_ALLOWED);
  drl_limiter_close(limiter);
  drl_client_close(client);
  redis_server_stop(server);
}

static void closed_before_its_limiters_answers_closed(void **state) {
  drl_error error;
  drl_decision decision;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  allow(limiter, "user", 1);
  drl_client_close(client);
  assert_int_equal(drl_limiter_allow(limiter, "user", 4, 1, &decision, &error), DRL_ERR_CLOSED);
  assert_int_equal(drl_limiter_peek(limiter, "user", 4, &decision, &error), DRL_ERR_CLOSED);
  assert_refused(drl_limiter_reset(limiter, "user", 4, &error), DRL_ERR_CLOSED, &error, "closed");
  drl_limiter_close(limiter);
}

typedef struct {
  char text[4096];
} log_lines;

static void keep_line(int32_t level, const char *message, void *user) {
  log_lines *lines = user;
  const size_t used = strlen(lines->text);
  snprintf(lines->text + used, sizeof lines->text - used, "%d %s\n", (int)level, message);
}

static void logs_the_life_of_its_connection_and_no_identity(void **state) {
  log_lines lines = {""};
  drl_client *client = NULL;
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  options.redis_url = redis_server_url(*state);
  options.timeout_us = PATIENT_US;
  options.log = keep_line;
  options.log_user = &lines;
  assert_int_equal(open_with(&options, &client, NULL), DRL_OK);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  allow(limiter, "alice@example.org", 1);
  drl_limiter_close(limiter);
  drl_client_close(client); /* ends the thread that logs */
  assert_non_null(strstr(lines.text, "connected to "));
  assert_null(strstr(lines.text, "alice"));
}

/* The counters once they show so many calls: the I/O thread counts a call just after it has answered it. */
static drl_stats stats_after(drl_client *client, int64_t calls) {
  drl_stats stats = DRL_STATS_INIT;
  int64_t counted = 0;
  while (counted < calls) {
    drl_error error;
    assert_ok(drl_client_stats(client, &stats, &error), &error);
    counted = stats.allowed + stats.denied + stats.never + stats.peeks + stats.resets;
  }
  return stats;
}

static void counts_what_it_did(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 2, MINUTE_US);
  for (int i = 0; i < 3; ++i) allow(limiter, "user", 1);
  allow(limiter, "user", 3);
  peek(limiter, "user");
  assert_ok(drl_limiter_reset(limiter, "user", 4, &error), &error);
  const drl_stats stats = stats_after(client, 6);
  assert_int_equal(stats.allowed, 2);
  assert_int_equal(stats.denied, 1);
  assert_int_equal(stats.never, 1);
  assert_int_equal(stats.peeks, 1);
  assert_int_equal(stats.resets, 1);
  assert_int_equal(stats.undecided, 0);
  assert_int_equal(stats.connects, 1);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(opens_without_a_reachable_redis),
      cmocka_unit_test(close_takes_null),
      cmocka_unit_test(failed_open_leaves_null),
      TEST_WITH_SERVER(open_copies_its_options),
      TEST_WITH_SERVER(open_takes_the_options_of_an_older_header),
      TEST_WITH_SERVER(connects_under_its_client_name),
      TEST_WITH_SERVER(close_ends_its_connection),
      TEST_WITH_SERVER(is_called_libdrl_by_default),
      TEST_WITH_SERVER(uses_the_database_of_its_url),
      cmocka_unit_test(connects_by_tcp),
      cmocka_unit_test(logs_in_with_a_password),
      cmocka_unit_test(logs_in_as_a_user_with_the_smallest_acl),
      cmocka_unit_test(takes_the_user_from_the_url_and_the_password_from_the_options),
      TEST_WITH_SERVER(closed_before_its_limiters_answers_closed),
      TEST_WITH_SERVER(logs_the_life_of_its_connection_and_no_identity),
      TEST_WITH_SERVER(counts_what_it_did),
  };
  return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
