/* Identities: any bytes, hashed before they leave the process. The vectors are those of tests/unit/key_vectors.txt, which an
 * independent tool computed; so was the fingerprint of 10 an hour, with plan() of tests/unit/key_vectors.sh.
 */
#include "fixture.h"

/* Whether that key, and no other, is in Redis. */
static void assert_only_key(redis_server *server, const char *key) {
  redisReply *reply = redis_server_command(server, "KEYS *");
  assert_int_equal(reply->elements, 1);
  assert_string_equal(reply->element[0]->str, key);
  freeReplyObject(reply);
}

static void take_one(drl_limiter *limiter, const void *identity, size_t length) {
  drl_error error;
  drl_decision decision;
  assert_ok(drl_limiter_allow(limiter, identity, length, 1, &decision, &error), &error);
  assert_int_equal(decision.outcome, DRL_OUTCOME_ALLOWED);
}

static drl_limiter *open_in(drl_client *client, const char *key_namespace, const char *name) {
  drl_error error;
  drl_limiter *limiter = NULL;
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.rate = 10;
  options.per_us = 60 * MINUTE_US;
  options.key_namespace = key_namespace;
  options.name = name;
  assert_ok(drl_limiter_open(client, &options, &limiter, &error), &error);
  return limiter;
}

static void key_is_that_of_an_independent_tool(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_in(client, NULL, NULL);
  take_one(limiter, "user_123", 8);
  assert_only_key(*state, "drl:default:{4HcLKRuUa2ZUrLSWQ99iOA}Uuoa2w");
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void key_of_a_named_limiter_carries_its_name(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_in(client, "api", "per-minute");
  take_one(limiter, "user_123", 8);
  assert_only_key(*state, "drl:api:{cbbK9Bk_JtLHc0DJJK8NNQ}Uuoa2w:per-minute");
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void secret_makes_the_key_an_hmac(void **state) {
  unsigned char secret[32];
  drl_error error;
  drl_client *client = NULL;
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  for (unsigned char i = 0; i < sizeof secret; ++i) secret[i] = i;
  options.redis_url = redis_server_url(*state);
  options.timeout_us = PATIENT_US;
  options.identity_secret = secret;
  options.identity_secret_len = sizeof secret;
  assert_ok(drl_client_open(&options, &client, &error), &error);
  memset(secret, 0, sizeof secret); /* it was copied */
  drl_limiter *limiter = open_in(client, NULL, NULL);
  take_one(limiter, "user_123", 8);
  assert_only_key(*state, "drl:default:{priuQ8alFoFJttIroaNjZA}Uuoa2w");
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void any_bytes_are_an_identity(void **state) {
  static const struct {
    const char *bytes;
    size_t length;
    const char *key;
  } cases[] = {
      {"\0", 1, "drl:default:{zzjxenrl7lDjiRZQ5Eqq-Q}Uuoa2w"},
      {"\0\0", 2, "drl:default:{21ZYRyyiUvAdNZkwUkJf5Q}Uuoa2w"},
      {"a\0", 2, "drl:default:{xEZMv97CWdWG9mv70aSJ5g}Uuoa2w"},
      {"\r\n", 2, "drl:default:{qHJxtTba_p_pAAJSc3_tbw}Uuoa2w"},
      {"x\r\n*1\r\n$8\r\nFLUSHALL\r\n", 21, "drl:default:{2haFF2B9ljxae0K_ozrleA}Uuoa2w"},
      {"\xFF", 1, "drl:default:{VSG_JbOF7DJs6AwC2gkGxA}Uuoa2w"},
      {"\xC0\x80", 2, "drl:default:{YixNMcrxHlzbtSJyRXjeiw}Uuoa2w"},
      {"{tag}", 5, "drl:default:{ow7yQN8kKn2-dlu43Nz6mA}Uuoa2w"},
  };
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_in(client, NULL, NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    freeReplyObject(redis_server_command(*state, "FLUSHALL"));
    take_one(limiter, cases[i].bytes, cases[i].length);
    assert_only_key(*state, cases[i].key);
  }
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void sixty_four_kibibytes_are_an_identity(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_in(client, NULL, NULL);
  char *large = test_malloc(DRL_IDENTITY_LEN_MAX);
  memset(large, 'a', DRL_IDENTITY_LEN_MAX);
  take_one(limiter, large, DRL_IDENTITY_LEN_MAX);
  assert_only_key(*state, "drl:default:{ZI7pCS2X0MtnkpjKNlzu2Q}Uuoa2w");
  test_free(large);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void namespace_and_identity_are_not_mixed_up(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *wide = open_in(client, "a:b", NULL);
  drl_limiter *narrow = open_in(client, "a", NULL);
  drl_limiter *named = open_in(client, "a", "b");
  take_one(wide, "c", 1);
  take_one(narrow, "b:c", 3);
  take_one(named, "c", 1);
  assert_int_equal(redis_server_key_count(*state), 3);
  drl_limiter_close(named);
  drl_limiter_close(narrow);
  drl_limiter_close(wide);
  drl_client_close(client);
}

static void no_raw_identity_reaches_redis(void **state) {
  static const char identity[] = "alice@example.org";
  drl_error error;
  drl_decision decision;
  redis_monitor *monitor = redis_monitor_start(*state);
  assert_non_null(monitor);
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_in(client, NULL, NULL);
  take_one(limiter, identity, sizeof identity - 1);
  assert_ok(drl_limiter_peek(limiter, identity, sizeof identity - 1, &decision, &error), &error);
  assert_ok(drl_limiter_reset(limiter, identity, sizeof identity - 1, &error), &error);
  char *seen = redis_monitor_stop(monitor);
  assert_non_null(seen);
  assert_non_null(strstr(seen, "EVALSHA"));
  assert_null(strstr(seen, "alice"));
  free(seen);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_WITH_SERVER(key_is_that_of_an_independent_tool),
      TEST_WITH_SERVER(key_of_a_named_limiter_carries_its_name),
      TEST_WITH_SERVER(secret_makes_the_key_an_hmac),
      TEST_WITH_SERVER(any_bytes_are_an_identity),
      TEST_WITH_SERVER(sixty_four_kibibytes_are_an_identity),
      TEST_WITH_SERVER(namespace_and_identity_are_not_mixed_up),
      TEST_WITH_SERVER(no_raw_identity_reaches_redis),
  };
  return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
