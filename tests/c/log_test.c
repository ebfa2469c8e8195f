/* The lines about the connection's life, fetched: by a program that makes blocking calls alone, or none. */
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

enum { LINES_MAX = 300, RING_LINES = 256 };

static int readable_within(drl_client *client, int milliseconds) {
  struct pollfd item = {drl_client_log_fd(client), POLLIN, 0};
  return poll(&item, 1, milliseconds) == 1;
}

static int32_t drain(drl_client *client, drl_log_line *lines, int32_t capacity, int64_t *dropped) {
  drl_error error;
  int32_t count = -1;
  assert_ok(drl_client_log_drain(client, lines, capacity, &count, dropped, &error), &error);
  return count;
}

/* Waits for one line and takes it. */
static drl_log_line next_line(drl_client *client) {
  drl_log_line line;
  int64_t dropped = -1;
  assert_true(readable_within(client, PATIENT_US / 1000));
  assert_int_equal(drain(client, &line, 1, &dropped), 1);
  assert_int_equal(dropped, 0);
  return line;
}

static void assert_line(const drl_log_line *line, int32_t level, const char *word) {
  assert_int_equal(line->level, level);
  assert_int_equal(line->reserved, 0);
  if (strstr(line->message, word) == NULL) fail_msg("\"%s\" does not say %s", line->message, word);
}

static int64_t connects_of(drl_client *client) {
  drl_error error;
  drl_stats stats = DRL_STATS_INIT;
  assert_ok(drl_client_stats(client, &stats, &error), &error);
  return stats.connects;
}

static void a_connection_is_a_line(void **state) {
  drl_client *client = open_client(state);
  const drl_log_line line = next_line(client);
  assert_line(&line, DRL_LOG_INFO, redis_server_socket(*state));
  assert_true(line.at_us > INT64_C(1577836800000000)); /* 2020 */
  assert_false(readable_within(client, 0));
  drl_client_close(client);
}

static void a_drained_log_is_empty_and_not_readable(void **state) {
  int64_t dropped = -1;
  drl_log_line line;
  drl_client *client = open_client(state);
  next_line(client);
  assert_int_equal(drain(client, &line, 1, &dropped), 0);
  assert_int_equal(dropped, 0);
  assert_false(readable_within(client, 0));
  drl_client_close(client);
}

static void a_lost_connection_is_a_line_while_nobody_asks(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  next_line(client);
  assert_ok(drl_client_wait_ready(client, PATIENT_US, &error), &error); /* nothing is under way */
  redis_server_kill(*state);
  const drl_log_line line = next_line(client);
  assert_line(&line, DRL_LOG_INFO, "lost");
  drl_client_close(client);
}

static void count_lines(int32_t level, const char *message, void *user) {
  (void)level;
  (void)message;
  __atomic_fetch_add((int *)user, 1, __ATOMIC_SEQ_CST);
}

static void a_callback_and_the_ring_get_each_line(void **state) {
  int heard = 0;
  drl_error error;
  drl_client *client = NULL;
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  options.redis_url = redis_server_url(*state);
  options.log = count_lines;
  options.log_user = &heard;
  assert_ok(drl_client_open(&options, &client, &error), &error);
  next_line(client);
  redis_server_kill(*state);
  next_line(client);
  drl_client_close(client); /* the callback is called just after the line is in the ring */
  assert_true(__atomic_load_n(&heard, __ATOMIC_SEQ_CST) >= 2);
}

/* Each time Redis drops the connection there are two lines: lost, connected. */
static void lines_that_nobody_takes_are_dropped_and_counted(void **state) {
  static drl_log_line lines[LINES_MAX];
  int64_t dropped = 0;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 1000000, SECOND_US);
  const int64_t lost = 200;
  for (int64_t i = 1; i <= lost; ++i) {
    allow(limiter, "user", 1);
    freeReplyObject(redis_server_command(*state, "CLIENT KILL TYPE normal SKIPME yes"));
    while (connects_of(client) <= i) usleep(100);
  }
  usleep(50000); /* the last line comes just after the counter */
  assert_int_equal(drain(client, lines, LINES_MAX, &dropped), RING_LINES);
  assert_int_equal(dropped, 2 * lost + 1 - RING_LINES);
  assert_line(&lines[RING_LINES - 2], DRL_LOG_INFO, "lost");
  assert_line(&lines[RING_LINES - 1], DRL_LOG_INFO, "connected");
  assert_int_equal(drain(client, lines, LINES_MAX, &dropped), 0);
  assert_int_equal(dropped, 0);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

#if !defined(__SANITIZE_THREAD__) /* it knows no threads in the child of a process with threads */
static void a_child_begins_with_an_empty_log_of_its_own(void **state) {
  drl_client *client = open_client(state);
  const int parents = drl_client_log_fd(client);
  assert_true(readable_within(client, PATIENT_US / 1000));
  const pid_t child = fork();
  if (child == 0) {
    drl_log_line lines[4];
    int32_t count = 0;
    int64_t dropped = 0;
    struct pollfd item = {drl_client_log_fd(client), POLLIN, 0};
    if (item.fd == -1 || poll(&item, 1, PATIENT_US / 1000) != 1) _exit(1);
    if (drl_client_log_drain(client, lines, 4, &count, &dropped, NULL) != DRL_OK) _exit(2);
    if (count != 1 || strstr(lines[0].message, "connected") == NULL) _exit(3); /* its own, not its parent's */
    _exit(0);
  }
  int ended = 0;
  assert_int_equal(waitpid(child, &ended, 0), child);
  assert_true(WIFEXITED(ended));
  assert_int_equal(WEXITSTATUS(ended), 0);
  assert_int_equal(drl_client_log_fd(client), parents);
  const drl_log_line line = next_line(client);
  assert_line(&line, DRL_LOG_INFO, "connected");
  drl_client_close(client);
}
#endif

static void bad_arguments_are_named(void **state) {
  drl_error error;
  drl_log_line line;
  int32_t count = 0;
  int64_t dropped = 0;
  drl_client *client = open_client(state);
  assert_refused(drl_client_log_drain(NULL, &line, 1, &count, &dropped, &error), DRL_ERR_NULL, &error, "client");
  assert_refused(drl_client_log_drain(client, NULL, 1, &count, &dropped, &error), DRL_ERR_NULL, &error, "lines");
  assert_refused(drl_client_log_drain(client, &line, 1, NULL, &dropped, &error), DRL_ERR_NULL, &error, "count");
  assert_refused(drl_client_log_drain(client, &line, 1, &count, NULL, &error), DRL_ERR_NULL, &error, "dropped");
  assert_refused(drl_client_log_drain(client, &line, 0, &count, &dropped, &error), DRL_ERR_CAPACITY, &error, "capacity");
  assert_int_equal(drl_client_log_fd(NULL), -1);
  drl_client_close(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_WITH_SERVER(a_connection_is_a_line),
      TEST_WITH_SERVER(a_drained_log_is_empty_and_not_readable),
      TEST_WITH_SERVER(a_lost_connection_is_a_line_while_nobody_asks),
      TEST_WITH_SERVER(a_callback_and_the_ring_get_each_line),
      TEST_WITH_SERVER(lines_that_nobody_takes_are_dropped_and_counted),
#if !defined(__SANITIZE_THREAD__)
      TEST_WITH_SERVER(a_child_begins_with_an_empty_log_of_its_own),
#endif
      TEST_WITH_SERVER(bad_arguments_are_named),
  };
  return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
