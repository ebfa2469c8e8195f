/* Plans: the key that an operator is told is the one in Redis, and other limits under one name have buckets of their own. */
#include "fixture.h"

static drl_limiter *open_named(drl_client *client, const char *name, int64_t rate, int64_t per_us, int64_t burst) {
  drl_error error;
  drl_limiter *limiter = NULL;
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.rate = rate;
  options.per_us = per_us;
  options.burst = burst;
  options.name = name;
  assert_ok(drl_limiter_open(client, &options, &limiter, &error), &error);
  return limiter;
}

static void the_key_that_is_told_is_the_one_in_redis(void **state) {
  static const char identity[] = "a\0b";
  drl_error error;
  drl_decision decision;
  char key[DRL_KEY_SIZE];
  size_t length = 0;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_named(client, "login", 10, 60 * MINUTE_US, 5);
  assert_ok(drl_limiter_key(limiter, identity, 3, key, sizeof key, &length, &error), &error);
  assert_int_equal(redis_server_key_count(*state), 0); /* it only tells */
  assert_int_equal(length, strlen(key));
  assert_ok(drl_limiter_allow(limiter, identity, 3, 1, &decision, &error), &error);
  redisReply *reply = redis_server_command(*state, "KEYS *");
  assert_int_equal(reply->elements, 1);
  assert_string_equal(reply->element[0]->str, key);
  freeReplyObject(reply);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void a_small_buffer_for_a_key_is_told_what_is_needed(void **state) {
  drl_error error;
  char key[DRL_KEY_SIZE];
  size_t length = 0;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, MINUTE_US);
  assert_ok(drl_limiter_key(limiter, "user", 4, key, sizeof key, NULL, &error), &error);
  const size_t needed = strlen(key);
  memset(key, '#', sizeof key);
  assert_refused(drl_limiter_key(limiter, "user", 4, key, needed, &length, &error), DRL_ERR_BUFFER, &error, "");
  assert_int_equal(length, needed);
  assert_int_equal(key[needed], '#');
  assert_ok(drl_limiter_key(limiter, "user", 4, key, needed + 1, &length, &error), &error);
  assert_int_equal(strlen(key), needed);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void arguments_of_a_key_are_checked(void **state) {
  drl_error error;
  char key[DRL_KEY_SIZE];
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, MINUTE_US);
  assert_refused(drl_limiter_key(NULL, "u", 1, key, sizeof key, NULL, &error), DRL_ERR_NULL, &error, "limiter");
  assert_refused(drl_limiter_key(limiter, NULL, 1, key, sizeof key, NULL, &error), DRL_ERR_NULL, &error, "identity");
  assert_refused(drl_limiter_key(limiter, "", 0, key, sizeof key, NULL, &error), DRL_ERR_IDENTITY, &error, "identity_len is 0");
  assert_refused(drl_limiter_key(limiter, "u", 1, NULL, sizeof key, NULL, &error), DRL_ERR_NULL, &error, "key");
  drl_limiter_close(limiter);
  drl_client_close(client);
}

/* On one key, a denial through the smaller would cut the debt that the wider owes: all hundred would pass. */
static void two_policies_under_one_name_do_not_disturb_each_other(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *wide = open_named(client, "x", 10, 60 * MINUTE_US, 10);
  drl_limiter *small = open_named(client, "x", 10, 60 * MINUTE_US, 3);
  int passed_wide = 0;
  int passed_small = 0;
  for (int i = 0; i < 100; ++i) {
    passed_wide += allow(wide, "user", 1).allowed;
    passed_small += allow(small, "user", 1).allowed;
  }
  assert_int_equal(passed_wide, 10);
  assert_int_equal(passed_small, 3);
  drl_limiter_close(small);
  drl_limiter_close(wide);
  drl_client_close(client);
}

static void the_same_limits_in_other_terms_share_their_buckets(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *hours = open_named(client, "x", 10, 60 * MINUTE_US, 10);
  drl_limiter *days = open_named(client, "x", 240, 24 * 60 * MINUTE_US, 10);
  assert_int_equal(allow(hours, "user", 4).remaining, 6);
  const drl_decision decision = allow(days, "user", 1);
  assert_int_equal(decision.remaining, 5);
  assert_int_equal(decision.limits[0].rate, 240); /* each tells its own terms */
  assert_int_equal(peek(hours, "user").limits[0].rate, 10);
  drl_limiter_close(days);
  drl_limiter_close(hours);
  drl_client_close(client);
}

typedef struct diary {
  int lines; /* about other limits */
  char last[256];
} diary;

static void write_diary(int32_t level, const char *message, void *user) {
  diary *kept = user;
  if (strstr(message, "other limits") == NULL) return;
  if (level == DRL_LOG_WARNING) ++kept->lines;
  snprintf(kept->last, sizeof kept->last, "%s", message);
}

static void other_limits_under_one_name_are_logged_once(void **state) {
  diary kept;
  drl_error error;
  drl_client *client = NULL;
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  drl_limiter *limiters[6];
  kept.lines = 0;
  kept.last[0] = '\0';
  options.redis_url = redis_server_url(*state);
  options.timeout_us = PATIENT_US;
  options.log = write_diary;
  options.log_user = &kept;
  assert_ok(drl_client_open(&options, &client, &error), &error);
  limiters[0] = open_named(client, "x", 10, MINUTE_US, 10);
  limiters[1] = open_named(client, "x", 10, MINUTE_US, 10); /* the same */
  limiters[2] = open_named(client, "y", 10, MINUTE_US, 3);  /* another name */
  allow(limiters[0], "user", 1);
  assert_int_equal(kept.lines, 0);
  limiters[3] = open_named(client, "x", 10, MINUTE_US, 3);
  limiters[4] = open_named(client, "x", 10, MINUTE_US, 4);
  limiters[5] = open_named(client, "x", 10, MINUTE_US, 10);
  allow(limiters[3], "user", 1);
  for (int i = 0; i < 6; ++i) drl_limiter_close(limiters[i]);
  drl_client_close(client);
  assert_int_equal(kept.lines, 1);
  assert_non_null(strstr(kept.last, "'x'"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_WITH_SERVER(the_key_that_is_told_is_the_one_in_redis),
      TEST_WITH_SERVER(a_small_buffer_for_a_key_is_told_what_is_needed),
      TEST_WITH_SERVER(arguments_of_a_key_are_checked),
      TEST_WITH_SERVER(two_policies_under_one_name_do_not_disturb_each_other),
      TEST_WITH_SERVER(the_same_limits_in_other_terms_share_their_buckets),
      TEST_WITH_SERVER(other_limits_under_one_name_are_logged_once),
  };
  return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
