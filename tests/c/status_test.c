/* Names and messages of the status table, as a C program sees them. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <drl/drl.h>

static void every_status_has_its_name_and_message(void **state) {
  (void)state;
#define CHECK_STATUS(name, value, message)             \
  assert_int_equal(name, value);                       \
  assert_string_equal(drl_status_name(name), #name);   \
  assert_string_equal(drl_status_message(name), message);
  DRL_STATUS_TABLE(CHECK_STATUS)
#undef CHECK_STATUS
}

static void unknown_status_has_a_name_and_a_message_too(void **state) {
  static const drl_status unknown[] = {-1, 99, 199, 999, INT32_MIN, INT32_MAX};
  (void)state;
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; ++i) {
    assert_string_equal(drl_status_name(unknown[i]), "DRL_ERR_UNKNOWN");
    assert_true(strlen(drl_status_message(unknown[i])) > 0);
  }
}

static void every_message_fits_a_drl_error(void **state) {
  const drl_error error = {0};
  (void)state;
#define CHECK_LENGTH(name, value, text) assert_true(sizeof text <= sizeof error.message);
  DRL_STATUS_TABLE(CHECK_LENGTH)
#undef CHECK_LENGTH
}

static void version_of_the_library_is_that_of_its_header(void **state) {
  (void)state;
  assert_string_equal(drl_version(), DRL_VERSION_STRING);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_status_has_its_name_and_message),
      cmocka_unit_test(unknown_status_has_a_name_and_a_message_too),
      cmocka_unit_test(every_message_fits_a_drl_error),
      cmocka_unit_test(version_of_the_library_is_that_of_its_header),
  };
  return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
