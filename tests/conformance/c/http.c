/* headers.json, problems.json, addresses.json: pure, without Redis. */
#include <string.h>

#include "conformance.h"

static int OpenPolicy(Run *run, const cJSON *one) {
  const cJSON *limits = cJSON_GetObjectItemCaseSensitive(one, "limits");
  return Expect(run, "client", OpenClient(run, NULL), "DRL_OK") &&
         Expect(run, "limiter", OpenLimiterOf(run, limits), "DRL_OK");
}

/* The decision of the case, whose limits in force are those of the limiter. */
static drl_decision DecisionOfCase(const cJSON *one) {
  drl_decision decision = DecisionOf(cJSON_GetObjectItemCaseSensitive(one, "decision"));
  const cJSON *limit;
  cJSON_ArrayForEach(limit, cJSON_GetObjectItemCaseSensitive(one, "limits")) {
    const int64_t rate = Integer(limit, "rate", 0);
    AddLimitInForce(&decision, rate, Integer(limit, "per_us", 0), Integer(limit, "burst", rate));
  }
  return decision;
}

static int CheckHeaders(Run *run, const cJSON *expected, const drl_headers *headers) {
  const int count = cJSON_GetArraySize(expected);
  int i;
  for (i = 0; i < count && i < headers->count; ++i) {
    const cJSON *pair = cJSON_GetArrayItem(expected, i);
    const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0));
    const char *value = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1));
    const drl_header *found = &headers->items[i];
    if (strcmp(found->name, name) != 0 || strcmp(found->value, value) != 0) {
      return Fail(run, "header %d is %s: %s, expected %s: %s", i, found->name, found->value, name, value);
    }
  }
  return count == headers->count ? 1 : Fail(run, "%d headers, expected %d", headers->count, count);
}

int RunHeaderCase(Run *run, const cJSON *one) {
  static const char *const kStyles[] = {"draft", "legacy", "x", "cache_control", "cors", NULL};
  static const char *const kXResets[] = {"delta", "epoch", NULL};
  const drl_decision decision = DecisionOfCase(one);
  const cJSON *style;
  drl_header_options options = DRL_HEADER_OPTIONS_INIT;
  drl_headers headers;
  drl_status status;
  int i;
  if (!HasOnly(run, one, "name limits decision headers styles x_reset lower_case") || !OpenPolicy(run, one)) return 0;
  cJSON_ArrayForEach(style, cJSON_GetObjectItemCaseSensitive(one, "styles")) {
    for (i = 0; kStyles[i] != NULL; ++i) {
      if (strcmp(kStyles[i], cJSON_GetStringValue(style)) == 0) options.styles |= 1 << i;
    }
  }
  options.x_reset = Choice(one, "x_reset", kXResets);
  options.lower_case = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(one, "lower_case"));
  status = drl_limiter_headers(run->limiters[0], &decision, &options, &headers, &run->error);
  return Expect(run, "headers", status, "DRL_OK") &&
         CheckHeaders(run, cJSON_GetObjectItemCaseSensitive(one, "headers"), &headers);
}

int RunProblemCase(Run *run, const cJSON *one) {
  const drl_decision decision = DecisionOfCase(one);
  const char *expected = Text(one, "body", "");
  const int64_t http_status = Integer(one, "http_status", 0);
  char body[DRL_PROBLEM_SIZE_MAX];
  int32_t found = 0;
  drl_status status;
  if (!HasOnly(run, one, "name limits decision http_status body") || !OpenPolicy(run, one)) return 0;
  status = drl_limiter_problem(run->limiters[0], &decision, NULL, body, sizeof body, NULL, &found, &run->error);
  if (!Expect(run, "problem", status, "DRL_OK")) return 0;
  if (found != http_status) return Fail(run, "http status is %d, expected %d", found, (int)http_status);
  return strcmp(body, expected) == 0 ? 1 : Fail(run, "body is %s", body);
}

int RunAddressCase(Run *run, const cJSON *one) {
  const cJSON *lines = cJSON_GetObjectItemCaseSensitive(one, "lines");
  const int32_t count = cJSON_GetArraySize(lines);
  drl_header_line *list = Allocate(run, (size_t)(count + 1) * sizeof *list);
  const char *peer = Text(one, "peer", "");
  const char *identity = Text(one, "identity", "");
  char address[DRL_CLIENT_ADDRESS_SIZE];
  drl_status status;
  int32_t i;
  if (!HasOnly(run, one, "name resolver peer lines identity")) return 0;
  status = OpenResolver(run, cJSON_GetObjectItemCaseSensitive(one, "resolver"));
  if (!Expect(run, "resolver", status, "DRL_OK")) return 0;
  for (i = 0; i < count; ++i) {
    list[i].value = cJSON_GetStringValue(cJSON_GetArrayItem(lines, i));
    list[i].value_len = strlen(list[i].value);
  }
  status = drl_resolver_resolve(run->resolver, peer, strlen(peer), list, count, address, sizeof address, NULL,
                                &run->error);
  if (!Expect(run, "resolve", status, "DRL_OK")) return 0;
  return strcmp(address, identity) == 0 ? 1 : Fail(run, "identity is %s, expected %s", address, identity);
}
