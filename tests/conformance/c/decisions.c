/* decisions.json: what a sequence of calls answers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "conformance.h"

static const char *const kOutcomes[] = {"", "allowed", "denied", "never", "undecided", NULL};
static const char *const kCharged[] = {"no", "yes", "unknown", NULL};

/* ---- Expectations ---- */

static int CheckNumber(Run *run, const cJSON *expected, int64_t value) {
  const int is_range = cJSON_IsArray(expected);
  const cJSON *lowest = is_range ? cJSON_GetArrayItem(expected, 0) : expected;
  const cJSON *highest = is_range ? cJSON_GetArrayItem(expected, 1) : expected;
  const int64_t low = cJSON_IsBool(expected) ? cJSON_IsTrue(expected) : (int64_t)cJSON_GetNumberValue(lowest);
  const int64_t high = cJSON_IsBool(expected) ? low : (int64_t)cJSON_GetNumberValue(highest);
  if (value >= low && value <= high) return 1;
  return Fail(run, "%s is %" PRId64 ", expected %" PRId64 "..%" PRId64, expected->string, value, low, high);
}

static int CheckText(Run *run, const cJSON *expected, const char *value) {
  if (strcmp(value, cJSON_GetStringValue(expected)) == 0) return 1;
  return Fail(run, "%s is %s, expected %s", expected->string, value, cJSON_GetStringValue(expected));
}

static int CheckField(Run *run, const cJSON *expected, const drl_decision *decision) {
  const char *field = expected->string;
  const int64_t clock_s = (int64_t)time(NULL);
  if (strcmp(field, "outcome") == 0) return CheckText(run, expected, kOutcomes[decision->outcome]);
  if (strcmp(field, "charged") == 0) return CheckText(run, expected, kCharged[decision->charged]);
  if (strcmp(field, "cause") == 0) return CheckText(run, expected, drl_status_name(decision->cause));
  if (strcmp(field, "allowed") == 0) return CheckNumber(run, expected, decision->allowed);
  if (strcmp(field, "degraded") == 0) {
    return CheckNumber(run, expected, (decision->flags & DRL_DECISION_DEGRADED) != 0);
  }
  if (strcmp(field, "binding") == 0) return CheckNumber(run, expected, decision->binding);
  if (strcmp(field, "limit") == 0) return CheckNumber(run, expected, decision->limit);
  if (strcmp(field, "remaining") == 0) return CheckNumber(run, expected, decision->remaining);
  if (strcmp(field, "cost") == 0) return CheckNumber(run, expected, decision->cost);
  if (strcmp(field, "retry_after_us") == 0) return CheckNumber(run, expected, decision->retry_after_us);
  if (strcmp(field, "reset_after_us") == 0) return CheckNumber(run, expected, decision->reset_after_us);
  if (strcmp(field, "decided") == 0) {
    const int64_t apart_s = decision->decided_at_us / 1000000 - clock_s;
    return CheckNumber(run, expected, apart_s > -3600 && apart_s < 3600);
  }
  return Fail(run, "the runner does not know the field %s", field);
}

static int CheckDecision(Run *run, const cJSON *expect, drl_status status, const drl_decision *decision) {
  const cJSON *field;
  if (!Expect(run, "call", status, Text(expect, "error", "DRL_OK"))) return 0;
  if (status != DRL_OK) return 1;
  cJSON_ArrayForEach(field, expect) {
    if (!CheckField(run, field, decision)) return 0;
  }
  return 1;
}

/* ---- Steps ---- */

static Bytes IdentityOf(Run *run, const cJSON *object) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, "identity");
  Bytes standard = {"user_123", 8};
  return value == NULL ? standard : BytesOf(run, value);
}

static drl_status AllowAsync(Run *run, drl_limiter *limiter, Bytes identity, int64_t cost, drl_decision *decision) {
  drl_completion completion;
  int32_t count = 0;
  drl_status status = DRL_OK;
  if (run->queue == NULL) status = drl_queue_open(run->client, NULL, &run->queue, &run->error);
  if (status == DRL_OK) {
    status = drl_queue_submit(run->queue, limiter, identity.data, identity.len, cost, 7, &run->error);
  }
  while (status == DRL_OK && count == 0) status = drl_queue_wait(run->queue, -1, &completion, 1, &count, &run->error);
  if (status != DRL_OK) return status;
  *decision = completion.decision;
  return completion.id == 7 ? completion.status : DRL_ERR_INTERNAL;
}

static int AllowMany(Run *run, const cJSON *step, drl_limiter *limiter) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(step, "requests");
  const cJSON *expect = cJSON_GetObjectItemCaseSensitive(step, "expect");
  const int count = cJSON_GetArraySize(list);
  drl_request *requests = Allocate(run, (size_t)count * sizeof *requests);
  drl_decision *decisions = Allocate(run, (size_t)count * sizeof *decisions);
  const drl_request start = DRL_REQUEST_INIT;
  drl_status status;
  int i;
  for (i = 0; i < count; ++i) {
    const cJSON *item = cJSON_GetArrayItem(list, i);
    const Bytes identity = IdentityOf(run, item);
    if (!HasOnly(run, item, "identity cost")) return 0;
    requests[i] = start;
    requests[i].limiter = limiter;
    requests[i].identity = identity.data;
    requests[i].identity_len = identity.len;
    requests[i].cost = Integer(item, "cost", 1);
  }
  status = drl_client_decide(run->client, requests, sizeof *requests, count, decisions, &run->error);
  if (cJSON_GetArraySize(expect) != count) return Fail(run, "not as many expectations as requests");
  for (i = 0; i < count; ++i) {
    if (!CheckDecision(run, cJSON_GetArrayItem(expect, i), status, &decisions[i])) return 0;
  }
  return 1;
}

static void Sleep(int64_t us) {
  struct timespec rest;
  rest.tv_sec = (time_t)(us / 1000000);
  rest.tv_nsec = (long)(us % 1000000 * 1000);
  while (nanosleep(&rest, &rest) != 0) {
  }
}

/* `decision` is that of the last step, and then of this one. */
static int RunStep(Run *run, const cJSON *step, drl_decision *decision) {
  const char *verb = Text(step, "do", "");
  const cJSON *expect = cJSON_GetObjectItemCaseSensitive(step, "expect");
  const Bytes identity = IdentityOf(run, step);
  const int64_t cost = Integer(step, "cost", 1);
  const int64_t index = Integer(step, "limiter", 0);
  drl_limiter *limiter = index < run->limiter_count ? run->limiters[index] : NULL;
  drl_status status;
  if (!HasOnly(run, step, "do limiter identity cost requests expect")) return 0;
  if (strcmp(verb, "allow_many") == 0) return AllowMany(run, step, limiter);
  if (strcmp(verb, "wait") == 0) {
    Sleep(decision->retry_after_us);
    return 1;
  }
  if (strcmp(verb, "reset") == 0) {
    status = drl_limiter_reset(limiter, identity.data, identity.len, &run->error);
    return Expect(run, "reset", status, Text(expect, "error", "DRL_OK"));
  }
  if (strcmp(verb, "allow") == 0) {
    status = drl_limiter_allow(limiter, identity.data, identity.len, cost, decision, &run->error);
  } else if (strcmp(verb, "peek") == 0) {
    status = drl_limiter_peek(limiter, identity.data, identity.len, decision, &run->error);
  } else if (strcmp(verb, "allow_async") == 0) {
    status = AllowAsync(run, limiter, identity, cost, decision);
  } else {
    return Fail(run, "the runner does not know how to do %s", verb);
  }
  return CheckDecision(run, expect, status, decision);
}

/* One that no other case or run uses. */
static void FreshNamespace(char name[48]) {
  uint64_t number = 0;
  FILE *random = fopen("/dev/urandom", "rb");
  if (random == NULL || fread(&number, sizeof number, 1, random) != 1) number = (uint64_t)time(NULL);
  if (random != NULL) fclose(random);
  snprintf(name, 48, "conformance-%016" PRIx64, number);
}

int RunDecisionCase(Run *run, const cJSON *one) {
  drl_decision decision = {0};
  char space[48];
  const cJSON *item;
  int number = 0;
  if (!HasOnly(run, one, "name client limiters steps")) return 0;
  if (!Expect(run, "client", OpenClient(run, cJSON_GetObjectItemCaseSensitive(one, "client")), "DRL_OK")) return 0;
  FreshNamespace(space);
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(one, "limiters")) {
    if (!Expect(run, "limiter", OpenLimiter(run, item, space), "DRL_OK")) return 0;
  }
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(one, "steps")) {
    if (!RunStep(run, item, &decision)) {
      char why[sizeof run->why];
      memcpy(why, run->why, sizeof why);
      return Fail(run, "step %d: %.480s", number, why);
    }
    ++number;
  }
  return 1;
}
