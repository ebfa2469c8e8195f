#include "conformance.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- A case ---- */

typedef struct Block {
  struct Block *next;
} Block;

int Fail(Run *run, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(run->why, sizeof run->why, format, arguments);
  va_end(arguments);
  return 0;
}

int Expect(Run *run, const char *what, drl_status status, const char *name) {
  if (strcmp(drl_status_name(status), name) == 0) return 1;
  return Fail(run, "%s: %s, expected %s (%s)", what, drl_status_name(status), name,
              status == DRL_OK ? "ok" : run->error.message);
}

void *Allocate(Run *run, size_t size) {
  Block *block = calloc(1, sizeof *block + size);
  if (block == NULL) abort();
  block->next = run->blocks;
  run->blocks = block;
  return block + 1;
}

void EndCase(Run *run) {
  int i;
  drl_queue_close(run->queue);
  drl_resolver_close(run->resolver);
  for (i = 0; i < run->limiter_count; ++i) drl_limiter_close(run->limiters[i]);
  drl_client_close(run->client);
  run->queue = NULL;
  run->resolver = NULL;
  run->client = NULL;
  run->limiter_count = 0;
  while (run->blocks != NULL) {
    Block *block = run->blocks;
    run->blocks = block->next;
    free(block);
  }
}

/* ---- Fields ---- */

int HasOnly(Run *run, const cJSON *object, const char *fields) {
  const cJSON *field;
  cJSON_ArrayForEach(field, object) {
    const size_t length = strlen(field->string);
    const char *at = fields;
    while ((at = strstr(at, field->string)) != NULL) {
      const int starts = at == fields || at[-1] == ' ';
      if (starts && (at[length] == ' ' || at[length] == '\0')) break;
      at += length;
    }
    if (at == NULL) return Fail(run, "the runner does not know the field %s", field->string);
  }
  return 1;
}

const char *Text(const cJSON *object, const char *field, const char *otherwise) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, field);
  return value == NULL ? otherwise : cJSON_GetStringValue(value);
}

/* The cases hold no number that a double cannot. */
int64_t Integer(const cJSON *object, const char *field, int64_t otherwise) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, field);
  return value == NULL ? otherwise : (int64_t)cJSON_GetNumberValue(value);
}

int Choice(const cJSON *object, const char *field, const char *const *names) {
  const char *text = Text(object, field, names[0]);
  int i;
  for (i = 0; names[i] != NULL; ++i) {
    if (strcmp(text, names[i]) == 0) return i;
  }
  return -1;
}

static char HexByte(const char *digits) {
  char pair[3];
  memcpy(pair, digits, 2);
  pair[2] = '\0';
  return (char)strtol(pair, NULL, 16);
}

Bytes BytesOf(Run *run, const cJSON *value) {
  const int plain = value == NULL || cJSON_IsString(value);
  const char *hex = plain ? NULL : Text(value, "hex", NULL);
  const char *text = value == NULL ? "" : plain ? cJSON_GetStringValue(value) : Text(value, "text", "");
  const size_t times = plain ? 1 : (size_t)Integer(value, "repeat", 1);
  const size_t unit = hex != NULL ? strlen(hex) / 2 : strlen(text);
  Bytes bytes;
  size_t i;
  bytes.len = unit * times;
  bytes.data = value == NULL ? NULL : Allocate(run, bytes.len + 1);
  for (i = 0; i < unit; ++i) bytes.data[i] = hex != NULL ? HexByte(hex + 2 * i) : text[i];
  for (i = unit; i < bytes.len; ++i) bytes.data[i] = bytes.data[i - unit];
  return bytes;
}

/* ---- Handles ---- */

/* The options of TLS and sentinels. */
static void ChooseWay(const cJSON *options, drl_client_options *at) {
  const cJSON *sentinel_ssl = cJSON_GetObjectItemCaseSensitive(options, "sentinel_ssl");
  at->ssl_ca_certs = Text(options, "ssl_ca_certs", NULL);
  at->ssl_certfile = Text(options, "ssl_certfile", NULL);
  at->ssl_keyfile = Text(options, "ssl_keyfile", NULL);
  at->ssl_cert_reqs = strcmp(Text(options, "ssl_cert_reqs", ""), "none") == 0 ? DRL_SSL_CERT_NONE : DRL_SSL_CERT_REQUIRED;
  if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(options, "ssl_check_hostname"))) {
    at->ssl_check_hostname = DRL_SSL_CHECK_HOSTNAME_OFF;
  }
  at->sentinel_username = Text(options, "sentinel_username", NULL);
  at->sentinel_password = Text(options, "sentinel_password", NULL);
  if (sentinel_ssl != NULL) at->sentinel_ssl = cJSON_IsTrue(sentinel_ssl) ? DRL_SENTINEL_SSL_ON : DRL_SENTINEL_SSL_OFF;
  at->sentinel_ssl_ca_certs = Text(options, "sentinel_ssl_ca_certs", NULL);
  at->sentinel_ssl_certfile = Text(options, "sentinel_ssl_certfile", NULL);
  at->sentinel_ssl_keyfile = Text(options, "sentinel_ssl_keyfile", NULL);
}

drl_status OpenClient(Run *run, const cJSON *options) {
  drl_client_options at = DRL_CLIENT_OPTIONS_INIT;
  const Bytes secret = BytesOf(run, cJSON_GetObjectItemCaseSensitive(options, "secret"));
  at.redis_url = Text(options, "redis_url", run->redis_url);
  at.timeout_us = Integer(options, "timeout_us", 10000000);
  at.connect_timeout_us = Integer(options, "connect_timeout_us", 0);
  at.client_name = Text(options, "client_name", NULL);
  at.username = Text(options, "username", NULL);
  at.password = Text(options, "password", NULL);
  at.identity_secret = secret.data;
  at.identity_secret_len = secret.len;
  at.queue_capacity_max = Integer(options, "queue_capacity_max", 0);
  at.requests_per_command_max = (int32_t)Integer(options, "requests_per_command_max", 0);
  ChooseWay(options, &at);
  if (!HasOnly(run, options,
               "redis_url timeout_us connect_timeout_us client_name username password secret queue_capacity_max "
               "requests_per_command_max ssl_ca_certs ssl_certfile ssl_keyfile ssl_cert_reqs ssl_check_hostname sentinel_username "
               "sentinel_password sentinel_ssl sentinel_ssl_ca_certs sentinel_ssl_certfile sentinel_ssl_keyfile")) {
    return DRL_ERR_INTERNAL;
  }
  return drl_client_open(&at, &run->client, &run->error);
}

static drl_status Open(Run *run, const cJSON *limits, drl_limiter_options *options) {
  const int count = cJSON_GetArraySize(limits);
  drl_limit *array = Allocate(run, (size_t)(count + 1) * sizeof *array);
  const cJSON *limit;
  drl_status status;
  options->limits = array;
  options->limits_count = count;
  cJSON_ArrayForEach(limit, limits) {
    if (!HasOnly(run, limit, "rate per_us burst name")) return DRL_ERR_INTERNAL;
    array->rate = Integer(limit, "rate", 0);
    array->per_us = Integer(limit, "per_us", 0);
    array->burst = Integer(limit, "burst", 0);
    array->name = Text(limit, "name", NULL);
    ++array;
  }
  status = drl_limiter_open(run->client, options, &run->limiters[run->limiter_count], &run->error);
  if (status == DRL_OK) ++run->limiter_count;
  return status;
}

drl_status OpenLimiter(Run *run, const cJSON *limiter, const char *otherwise_namespace) {
  static const char *const kStrategies[] = {"default", "open", "closed", "error", NULL};
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  options.key_namespace = Text(limiter, "namespace", otherwise_namespace);
  options.name = Text(limiter, "name", NULL);
  options.fail_strategy = DRL_FAIL_ERROR;
  if (cJSON_HasObjectItem(limiter, "fail_strategy")) {
    options.fail_strategy = Choice(limiter, "fail_strategy", kStrategies);
  }
  if (!HasOnly(run, limiter, "limits namespace name fail_strategy")) return DRL_ERR_INTERNAL;
  return Open(run, cJSON_GetObjectItemCaseSensitive(limiter, "limits"), &options);
}

drl_status OpenLimiterOf(Run *run, const cJSON *limits) {
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  return Open(run, limits, &options);
}

drl_status OpenResolver(Run *run, const cJSON *options) {
  static const char *const kTrust[] = {"none", "networks", "private", "hops", NULL};
  static const char *const kHeaders[] = {"x-forwarded-for", "forwarded", NULL};
  const cJSON *networks = cJSON_GetObjectItemCaseSensitive(options, "networks");
  const int count = cJSON_GetArraySize(networks);
  const char **list = Allocate(run, (size_t)(count + 1) * sizeof *list);
  drl_resolver_options at = DRL_RESOLVER_OPTIONS_INIT;
  int i;
  for (i = 0; i < count; ++i) list[i] = cJSON_GetStringValue(cJSON_GetArrayItem(networks, i));
  at.trust = Choice(options, "trust", kTrust);
  at.header = Choice(options, "header", kHeaders);
  at.hops = (int32_t)Integer(options, "hops", 0);
  at.networks = list;
  at.networks_count = count;
  at.ipv4_prefix_len = (int32_t)Integer(options, "ipv4_prefix_len", 0);
  at.ipv6_prefix_len = (int32_t)Integer(options, "ipv6_prefix_len", 0);
  if (!HasOnly(run, options, "trust header hops networks ipv4_prefix_len ipv6_prefix_len")) return DRL_ERR_INTERNAL;
  return drl_resolver_open(&at, &run->resolver, &run->error);
}

drl_decision DecisionOf(const cJSON *list) {
  int64_t number[12] = {0};
  drl_decision decision;
  int i;
  for (i = 0; i < 12; ++i) number[i] = (int64_t)cJSON_GetNumberValue(cJSON_GetArrayItem(list, i));
  memset(&decision, 0, sizeof decision);
  decision.allowed = (int32_t)number[0];
  decision.outcome = (int32_t)number[1];
  decision.cause = (drl_status)number[2];
  decision.charged = (int32_t)number[3];
  decision.binding = (int32_t)number[4];
  decision.flags = (int32_t)number[5];
  decision.limit = number[6];
  decision.remaining = number[7];
  decision.cost = number[8];
  decision.retry_after_us = number[9];
  decision.reset_after_us = number[10];
  decision.decided_at_us = number[11];
  return decision;
}

void AddLimitInForce(drl_decision *decision, int64_t rate, int64_t per_us, int64_t burst) {
  drl_limit_state *limit = &decision->limits[decision->limits_count++];
  limit->rate = rate;
  limit->per_us = per_us;
  limit->burst = burst;
  limit->remaining = decision->remaining;
  limit->reset_after_us = decision->reset_after_us;
}
