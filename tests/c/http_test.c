/* The C face of drl/http.h: handles, sizes and NULLs. What the answers are is tested in tests/unit/http_*_test.cc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drl/http.h"

static drl_resolver *open_private(void) {
  drl_resolver_options options = DRL_RESOLVER_OPTIONS_INIT;
  drl_resolver *resolver = NULL;
  options.trust = DRL_TRUST_PRIVATE;
  assert_int_equal(drl_resolver_open(&options, &resolver, NULL), DRL_OK);
  assert_non_null(resolver);
  return resolver;
}

static void resolver_answers_with_a_terminated_address(void **state) {
  const drl_header_line lines[] = {{"198.51.100.1", 12}, {"10.0.0.2", 8}};
  drl_resolver *resolver = open_private();
  char address[DRL_CLIENT_ADDRESS_SIZE];
  size_t length = 0;
  (void)state;
  assert_string_equal(drl_resolver_header(resolver), "x-forwarded-for");
  assert_int_equal(
      drl_resolver_resolve(resolver, "10.0.0.1", 8, lines, 2, address, sizeof address, &length, NULL), DRL_OK);
  assert_string_equal(address, "198.51.100.1");
  assert_int_equal(length, 12);
  drl_resolver_close(resolver);
}

static void resolver_without_options_trusts_nobody(void **state) {
  const drl_header_line line = {"198.51.100.1", 12};
  drl_resolver *resolver = NULL;
  char address[DRL_CLIENT_ADDRESS_SIZE];
  (void)state;
  assert_int_equal(drl_resolver_open(NULL, &resolver, NULL), DRL_OK);
  assert_string_equal(drl_resolver_header(resolver), "");
  assert_int_equal(drl_resolver_resolve(resolver, "10.0.0.1", 8, &line, 1, address, sizeof address, NULL, NULL),
                   DRL_OK);
  assert_string_equal(address, "10.0.0.1");
  assert_int_equal(drl_resolver_resolve(resolver, NULL, 0, NULL, 0, address, sizeof address, NULL, NULL), DRL_OK);
  assert_string_equal(address, "unknown");
  drl_resolver_close(resolver);
}

static void resolver_fills_a_buffer_to_the_last_byte(void **state) {
  drl_resolver *resolver = open_private();
  char address[16];
  (void)state;
  assert_int_equal(drl_resolver_resolve(resolver, "192.0.2.1", 9, NULL, 0, address, 10, NULL, NULL), DRL_OK);
  assert_string_equal(address, "192.0.2.1");
  assert_int_equal(drl_resolver_resolve(resolver, "192.0.2.1", 9, NULL, 0, address, 9, NULL, NULL), DRL_ERR_BUFFER);
  assert_string_equal(address, "");
  assert_int_equal(drl_resolver_resolve(resolver, "192.0.2.1", 9, NULL, 0, address, 0, NULL, NULL), DRL_ERR_BUFFER);
  drl_resolver_close(resolver);
}

static void resolver_names_the_bad_network(void **state) {
  const char *const networks[] = {"10.0.0.0/8", "10.0.0.1/8"};
  drl_resolver_options options = DRL_RESOLVER_OPTIONS_INIT;
  drl_resolver *resolver = (drl_resolver *)1;
  drl_error error;
  (void)state;
  options.trust = DRL_TRUST_NETWORKS;
  options.networks = networks;
  options.networks_count = 2;
  assert_int_equal(drl_resolver_open(&options, &resolver, &error), DRL_ERR_ADDRESS);
  assert_null(resolver);
  assert_non_null(strstr(error.message, "networks[1]"));
}

static void misuse_is_an_error(void **state) {
  const drl_header_line lines[] = {{"198.51.100.1", 12}, {NULL, 0}, {NULL, 1}};
  drl_resolver_options options = DRL_RESOLVER_OPTIONS_INIT;
  drl_resolver *resolver = open_private();
  char address[DRL_CLIENT_ADDRESS_SIZE];
  drl_headers headers;
  drl_decision decision;
  char body[16];
  (void)state;
  memset(&decision, 0, sizeof decision);
  assert_int_equal(drl_resolver_open(NULL, NULL, NULL), DRL_ERR_NULL);
  assert_int_equal(drl_resolver_resolve(NULL, "x", 1, NULL, 0, address, sizeof address, NULL, NULL), DRL_ERR_NULL);
  assert_int_equal(drl_resolver_resolve(resolver, NULL, 1, NULL, 0, address, sizeof address, NULL, NULL), DRL_ERR_NULL);
  assert_int_equal(drl_resolver_resolve(resolver, "x", 1, NULL, 1, address, sizeof address, NULL, NULL), DRL_ERR_NULL);
  assert_int_equal(drl_resolver_resolve(resolver, "x", 1, NULL, 0, NULL, 0, NULL, NULL), DRL_ERR_NULL);
  assert_int_equal(drl_resolver_resolve(resolver, "x", 1, NULL, -1, address, sizeof address, NULL, NULL),
                   DRL_ERR_CAPACITY);
  assert_int_equal(drl_resolver_resolve(resolver, "x", 1, lines, 3, address, sizeof address, NULL, NULL), DRL_ERR_NULL);
  assert_int_equal(drl_resolver_resolve(resolver, "x", 1, lines, 2, address, sizeof address, NULL, NULL), DRL_OK);
  assert_int_equal(drl_limiter_headers(NULL, &decision, NULL, &headers, NULL), DRL_ERR_NULL);
  assert_int_equal(headers.count, 0);
  assert_int_equal(drl_limiter_problem(NULL, &decision, NULL, body, sizeof body, NULL, NULL, NULL), DRL_ERR_NULL);
  drl_resolver_close(resolver);
  options.struct_size = 4;
  assert_int_equal(drl_resolver_open(&options, &resolver, NULL), DRL_ERR_STRUCT_SIZE);
  assert_null(resolver);
  assert_string_equal(drl_resolver_header(NULL), "");
  drl_resolver_close(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(resolver_answers_with_a_terminated_address),
      cmocka_unit_test(resolver_without_options_trusts_nobody),
      cmocka_unit_test(resolver_fills_a_buffer_to_the_last_byte),
      cmocka_unit_test(resolver_names_the_bad_network),
      cmocka_unit_test(misuse_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
