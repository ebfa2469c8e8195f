/* Loading and unloading the library again and again leaves nothing behind: descriptors, threads, mappings, memory. */
#include <dirent.h>
#include <dlfcn.h>
#include <drl/drl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "redis_server.h"

enum { WARM_UP = 20, CYCLES = 200 };

static long count_entries(const char *directory) {
  DIR *entries = opendir(directory);
  long count = 0;
  assert_non_null(entries);
  while (readdir(entries) != NULL) ++count;
  closedir(entries);
  return count;
}

static long resident_bytes(void) {
  long size = 0;
  long resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%ld %ld", &size, &resident), 2);
  fclose(file);
  return resident * sysconf(_SC_PAGESIZE);
}

static long mapped(const char *name) {
  char line[4096];
  long count = 0;
  FILE *file = fopen("/proc/self/maps", "r");
  assert_non_null(file);
  while (fgets(line, sizeof line, file) != NULL) count += strstr(line, name) != NULL ? 1 : 0;
  fclose(file);
  return count;
}

static void *symbol(void *library, const char *name) {
  void *found = dlsym(library, name);
  if (found == NULL) fail_msg("%s is missing: %s", name, dlerror());
  return found;
}

/* `name##_` is a pointer to the function of that name in the library. ISO C has no cast from an object pointer to it. */
#define LOAD(library, name)       \
  __typeof__(name) *name##_;      \
  {                               \
    void *at_ = symbol(library, #name); \
    memcpy(&name##_, &at_, sizeof at_); \
  }

static void use(void *library, const char *url) {
  LOAD(library, drl_client_open)
  LOAD(library, drl_limiter_open)
  LOAD(library, drl_limiter_allow)
  LOAD(library, drl_limiter_close)
  LOAD(library, drl_client_close)
  drl_client *client = NULL;
  drl_limiter *limiter = NULL;
  drl_decision decision;
  drl_client_options at = DRL_CLIENT_OPTIONS_INIT;
  drl_limiter_options policy = DRL_LIMITER_OPTIONS_INIT;
  at.redis_url = url;
  at.timeout_us = 20000000;
  policy.rate = 1000000;
  policy.per_us = 60000000;
  assert_int_equal(drl_client_open_(&at, &client, NULL), DRL_OK);
  assert_int_equal(drl_limiter_open_(client, &policy, &limiter, NULL), DRL_OK);
  assert_int_equal(drl_limiter_allow_(limiter, "someone", 7, 1, &decision, NULL), DRL_OK);
  assert_int_equal(decision.outcome, DRL_OUTCOME_ALLOWED);
  drl_limiter_close_(limiter);
  drl_client_close_(client);
}

static void cycle(const char *url) {
  void *library = dlopen(DRL_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) fail_msg("%s", dlerror());
  use(library, url);
  assert_int_equal(dlclose(library), 0);
}

static void loading_and_unloading_leaves_nothing_behind(void **state) {
  redis_server *server = redis_server_start(NULL);
  (void)state;
  assert_non_null(server);
  for (int i = 0; i < WARM_UP; ++i) cycle(redis_server_url(server));
  const long descriptors = count_entries("/proc/self/fd");
  const long threads = count_entries("/proc/self/task");
  const long maps = mapped("");
  const long resident = resident_bytes();
  for (int i = 0; i < CYCLES; ++i) cycle(redis_server_url(server));
  assert_int_equal(count_entries("/proc/self/fd"), descriptors);
  for (int i = 0; i < 1000 && count_entries("/proc/self/task") != threads; ++i) usleep(10000);
  assert_int_equal(count_entries("/proc/self/task"), threads);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they keep every library and map as they like */
  assert_int_equal(mapped("libdrl.so"), 0);
  assert_in_range(mapped(""), 1, maps + 2);
  if (resident_bytes() > resident + 1024 * 1024) fail_msg("%ld bytes more", resident_bytes() - resident);
#else
  (void)maps;
  (void)resident;
#endif
  redis_server_stop(server);
}

/* A credentials callback under way; the test's own, so it is there whatever becomes of the library. */
struct call {
  atomic_int begun;
  atomic_int may_end;
  atomic_int released;
};

static int32_t hang(drl_credentials *credentials, void *user) {
  struct call *call = user;
  atomic_store(&call->begun, 1);
  while (!atomic_load(&call->may_end)) usleep(1000);
  memcpy(credentials->password, "late", 5);
  return 0;
}

static void release(void *user) { atomic_store(&((struct call *)user)->released, 1); }

static void wait_for(const atomic_int *flag) {
  for (int i = 0; i < 20000 && !atomic_load(flag); ++i) usleep(1000);
  assert_int_equal(atomic_load(flag), 1);
}

static void call_under_way_outlives_its_client_and_the_library(void **state) {
  static struct call call; /* outlives the test, should that fail */
  const long threads = count_entries("/proc/self/task");
  void *library = dlopen(DRL_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  (void)state;
  if (library == NULL) fail_msg("%s", dlerror());
  {
    LOAD(library, drl_client_open)
    LOAD(library, drl_client_close)
    drl_client *client = NULL;
    drl_client_options at = DRL_CLIENT_OPTIONS_INIT;
    at.redis_url = "unix:///nonexistent/redis.sock";
    at.credentials = hang;
    at.credentials_user = &call;
    at.credentials_release = release;
    assert_int_equal(drl_client_open_(&at, &client, NULL), DRL_OK);
    wait_for(&call.begun);
    drl_client_close_(client);
  }
  assert_int_equal(dlclose(library), 0);
  assert_int_equal(atomic_load(&call.released), 0);
  atomic_store(&call.may_end, 1);
  wait_for(&call.released);
  for (int i = 0; i < 1000 && count_entries("/proc/self/task") != threads; ++i) usleep(10000);
  assert_int_equal(count_entries("/proc/self/task"), threads);
}

int main(void) {
  /* In this order: behind the second one the library stays mapped. */
  const struct CMUnitTest tests[] = {cmocka_unit_test(loading_and_unloading_leaves_nothing_behind),
                                     cmocka_unit_test(call_under_way_outlives_its_client_and_the_library)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
