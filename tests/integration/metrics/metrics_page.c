/* Makes decisions of every kind under the names given, each as a namespace and as a limiter, then under far more names than have
 * series of their own, and prints the metrics.
 *
 *     metrics_page redis_url name...
 */
#include <drl/drl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 150, PAGE = 1 << 20 };

static void check(drl_status status, const drl_error *error) {
  if (status == DRL_OK) return;
  fprintf(stderr, "%s: %s\n", drl_status_name(status), error->message);
  exit(1);
}

static void decide(drl_client *client, const char *key_namespace, const char *name) {
  drl_error error;
  drl_decision decision;
  drl_limiter *limiter = NULL;
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  int64_t cost;
  options.rate = 2;
  options.per_us = 3600 * 1000000LL;
  options.key_namespace = key_namespace;
  options.name = name;
  check(drl_limiter_open(client, &options, &limiter, &error), &error);
  for (cost = 0; cost <= 3; ++cost) {
    check(drl_limiter_allow(limiter, "somebody", 8, cost, &decision, &error), &error);
  }
  drl_limiter_close(limiter);
}

int main(int argc, char **argv) {
  static char page[PAGE];
  drl_error error;
  drl_client *client = NULL;
  drl_client_options options = DRL_CLIENT_OPTIONS_INIT;
  size_t length = 0;
  int i;
  if (argc < 2 || setlocale(LC_ALL, "") == NULL) return 2;
  options.redis_url = argv[1];
  options.timeout_us = 10 * 1000000LL;
  check(drl_client_open(&options, &client, &error), &error);
  for (i = 2; i < argc; ++i) {
    decide(client, argv[i], NULL);
    decide(client, NULL, argv[i]);
  }
  for (i = 0; i < MANY; ++i) {
    char name[32];
    snprintf(name, sizeof name, "limiter-%d", i);
    decide(client, NULL, name);
  }
  check(drl_client_metrics(client, page, sizeof page, &length, &error), &error);
  fwrite(page, 1, length, stdout);
  drl_client_close(client);
  return 0;
}
