/* A system without descriptors and without memory. Not in a build with sanitizers, which need both for themselves. */
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fixture.h"

static drl_status open_any(int64_t queue_capacity_max, drl_error *error) {
  drl_client *client = NULL;
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  options.redis_url = "unix:///nonexistent/redis.sock";
  options.queue_capacity_max = queue_capacity_max;
  const drl_status status = drl_client_open(&options, &client, error);
  drl_client_close(client);
  return status;
}

static void no_descriptor_left_is_a_system_error(void **state) {
  struct rlimit before;
  drl_error error;
  (void)state;
  getrlimit(RLIMIT_NOFILE, &before);
  const int next = dup(0); /* the lowest that is free */
  close(next);
  const struct rlimit none = {(rlim_t)next, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  const drl_status status = open_any(0, &error);
  setrlimit(RLIMIT_NOFILE, &before);
  assert_refused(status, DRL_ERR_SYSTEM, &error, "eventfd");
  assert_int_equal(open_any(0, &error), DRL_OK);
}

/* Bytes of address space that this process has now. */
static rlim_t address_space(void) {
  char text[32] = "";
  const int fd = open("/proc/self/statm", O_RDONLY);
  const ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  return got <= 0 ? 0 : (rlim_t)strtoull(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void no_memory_left_is_a_memory_error(void **state) {
  struct rlimit before;
  drl_error error;
  (void)state;
  getrlimit(RLIMIT_AS, &before);
  const struct rlimit little = {address_space() + (64 << 20), before.rlim_max};
  setrlimit(RLIMIT_AS, &little);
  const drl_status status = open_any(1048576, &error); /* a million slots take more than that */
  setrlimit(RLIMIT_AS, &before);
  assert_refused(status, DRL_ERR_MEMORY, &error, "memory");
  assert_int_equal(open_any(1048576, &error), DRL_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_descriptor_left_is_a_system_error),
      cmocka_unit_test(no_memory_left_is_a_memory_error),
  };
  return cmocka_run_group_tests_name("resource", tests, NULL, NULL);
}
