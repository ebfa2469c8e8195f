/* A program that is not linked with libdrl: it loads it, as a foreign language does, uses it, and unloads it.
 *
 *     loader libdrl.so redis_url
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <drl/drl.h>
#include <stdio.h>
#include <string.h>

typedef drl_status (*client_open)(const drl_client_options *, drl_client **, drl_error *);
typedef void (*client_close)(drl_client *);
typedef drl_status (*limiter_open)(drl_client *, const drl_limiter_options *, drl_limiter **, drl_error *);
typedef void (*limiter_close)(drl_limiter *);
typedef drl_status (*limiter_allow)(drl_limiter *, const void *, size_t, int64_t, drl_decision *, drl_error *);

/* ISO C has no cast from an object pointer to a function pointer: POSIX says that copying it works. */
static int find(void *library, const char *name, void *function) {
  void *symbol = dlsym(library, name);
  if (symbol == NULL) fprintf(stderr, "%s is missing\n", name);
  memcpy(function, &symbol, sizeof symbol);
  return symbol != NULL;
}

static int use(void *library, const char *url) {
  client_open open_client;
  client_close close_client;
  limiter_open open_limiter;
  limiter_close close_limiter;
  limiter_allow allow;
  if (!find(library, "drl_client_open", &open_client) || !find(library, "drl_client_close", &close_client) ||
      !find(library, "drl_limiter_open", &open_limiter) || !find(library, "drl_limiter_close", &close_limiter) ||
      !find(library, "drl_limiter_allow", &allow)) {
    return 1;
  }
  drl_error error = {DRL_OK, 0, ""};
  drl_client *client = NULL;
  drl_limiter *limiter = NULL;
  drl_decision decision = {0};
  drl_client_options at = DRL_CLIENT_OPTIONS_INIT;
  at.redis_url = url;
  at.timeout_us = 5000000;
  drl_limiter_options policy = DRL_LIMITER_OPTIONS_INIT;
  policy.rate = 1;
  policy.per_us = 1000000;
  const int worked = open_client(&at, &client, &error) == DRL_OK &&
                     open_limiter(client, &policy, &limiter, &error) == DRL_OK &&
                     allow(limiter, "loader", 6, 0, &decision, &error) == DRL_OK &&
                     decision.outcome == DRL_OUTCOME_ALLOWED;
  if (!worked) fprintf(stderr, "%s\n", error.message);
  close_limiter(limiter);
  close_client(client);
  return worked ? 0 : 1;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  const int result = use(library, argv[2]);
  dlclose(library);
  if (dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) != NULL) {
    fprintf(stderr, "the library is still loaded after dlclose\n");
    return 1;
  }
  return result;
}
