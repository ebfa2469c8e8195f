/* errors.json: which error a wrong argument is. */
#include <string.h>

#include "conformance.h"

/* The call failed as the case says. */
static int CheckError(Run *run, const cJSON *one, const char *what, drl_status status) {
  const char *mentions = Text(one, "mentions", "");
  if (run->why[0] != '\0' || !Expect(run, what, status, Text(one, "status", ""))) return 0;
  if (run->error.status != status) return Fail(run, "%s: the error has another status", what);
  if (strstr(run->error.message, mentions) != NULL) return 1;
  return Fail(run, "%s: the message does not mention %s: %s", what, mentions, run->error.message);
}

/* Ten tokens an hour. */
static int OpenTen(Run *run) {
  drl_limiter_options policy = DRL_LIMITER_OPTIONS_INIT;
  policy.rate = 10;
  policy.per_us = 3600000000;
  policy.fail_strategy = DRL_FAIL_ERROR;
  run->limiter_count = 1;
  return Expect(run, "client", OpenClient(run, NULL), "DRL_OK") &&
         Expect(run, "limiter", drl_limiter_open(run->client, &policy, &run->limiters[0], &run->error), "DRL_OK") &&
         Expect(run, "queue", drl_queue_open(run->client, NULL, &run->queue, &run->error), "DRL_OK");
}

static int CheckRequest(Run *run, const cJSON *one, const cJSON *request) {
  const cJSON *named = cJSON_GetObjectItemCaseSensitive(request, "identity");
  const Bytes identity = named == NULL ? (Bytes){"user_123", 8} : BytesOf(run, named);
  const int64_t cost = Integer(request, "cost", 1);
  drl_limiter *limiter = run->limiters[0];
  drl_request many = DRL_REQUEST_INIT;
  drl_decision decision;
  drl_status status;
  if (!HasOnly(run, request, "identity cost")) return 0;
  status = drl_limiter_allow(limiter, identity.data, identity.len, cost, &decision, &run->error);
  if (!CheckError(run, one, "allow", status)) return 0;
  status = drl_queue_submit(run->queue, limiter, identity.data, identity.len, cost, 1, &run->error);
  if (!CheckError(run, one, "async", status)) return 0;
  many.limiter = limiter;
  many.identity = identity.data;
  many.identity_len = identity.len;
  many.cost = cost;
  status = drl_client_decide(run->client, &many, sizeof many, 1, &decision, &run->error);
  return CheckError(run, one, "allow_many", status);
}

static int CheckDecision(Run *run, const cJSON *one, const cJSON *list) {
  drl_decision decision = DecisionOf(list);
  drl_headers headers;
  char body[DRL_PROBLEM_SIZE_MAX];
  drl_status status;
  AddLimitInForce(&decision, 10, 3600000000, 10);
  status = drl_limiter_headers(run->limiters[0], &decision, NULL, &headers, &run->error);
  if (!CheckError(run, one, "headers", status)) return 0;
  status = drl_limiter_problem(run->limiters[0], &decision, NULL, body, sizeof body, NULL, NULL, &run->error);
  return CheckError(run, one, "problem", status);
}

int RunErrorCase(Run *run, const cJSON *one) {
  const cJSON *client = cJSON_GetObjectItemCaseSensitive(one, "client");
  const cJSON *limiter = cJSON_GetObjectItemCaseSensitive(one, "limiter");
  const cJSON *resolver = cJSON_GetObjectItemCaseSensitive(one, "resolver");
  const cJSON *request = cJSON_GetObjectItemCaseSensitive(one, "request");
  const cJSON *decision = cJSON_GetObjectItemCaseSensitive(one, "decision");
  if (!HasOnly(run, one, "name status mentions client limiter resolver request decision")) return 0;
  if (client != NULL) return CheckError(run, one, "client", OpenClient(run, client));
  if (resolver != NULL) return CheckError(run, one, "resolver", OpenResolver(run, resolver));
  if (limiter != NULL) {
    return Expect(run, "client", OpenClient(run, NULL), "DRL_OK") &&
           CheckError(run, one, "limiter", OpenLimiter(run, limiter, NULL));
  }
  if (request != NULL) return OpenTen(run) && CheckRequest(run, one, request);
  if (decision != NULL) return OpenTen(run) && CheckDecision(run, one, decision);
  return Fail(run, "the case has nothing to do");
}
