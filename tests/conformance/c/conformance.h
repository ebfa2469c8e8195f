/* What the case files have in common: fields, bytes, clients, limiters. See ../README.md. */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include <cjson/cJSON.h>
#include <drl/drl.h>

typedef struct Bytes {
  char *data;
  size_t len;
} Bytes;

/* One case under way. What it opens and allocates is given back by EndCase, however it ends. */
typedef struct Run {
  const char *redis_url;
  char why[512]; /* why the case is not ok */
  drl_error error;
  drl_client *client;
  drl_limiter *limiters[DRL_LIMITS_MAX];
  int limiter_count;
  drl_queue *queue;
  drl_resolver *resolver;
  struct Block *blocks;
} Run;

/* Runs one case: 1 if ok, else 0 and run->why. */
typedef int (*RunCase)(Run *run, const cJSON *one);

int RunKeyCase(Run *run, const cJSON *one);
int RunDecisionCase(Run *run, const cJSON *one);
int RunHeaderCase(Run *run, const cJSON *one);
int RunProblemCase(Run *run, const cJSON *one);
int RunAddressCase(Run *run, const cJSON *one);
int RunErrorCase(Run *run, const cJSON *one);

/* The mixed run: the arguments after "draw". Returns the exit code. */
int Draw(int argc, char **argv);

/* Sets run->why; returns 0. */
int Fail(Run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* 1 when `status` is `name` ("DRL_OK"), else Fail. `what` failed. */
int Expect(Run *run, const char *what, drl_status status, const char *name);
void EndCase(Run *run);

/* 1 when `object` has no fields but these, separated by spaces. */
int HasOnly(Run *run, const cJSON *object, const char *fields);
const char *Text(const cJSON *object, const char *field, const char *otherwise);
int64_t Integer(const cJSON *object, const char *field, int64_t otherwise);
/* The place of a field's text in a list that ends with NULL; 0 without the field, -1 for a text that is not there. */
int Choice(const cJSON *object, const char *field, const char *const *names);
/* The bytes of a value; a zero byte follows them. Owned by the run. NULL and 0 for NULL. */
Bytes BytesOf(Run *run, const cJSON *value);
void *Allocate(Run *run, size_t size);

/* Open what a case describes, for the rest of the case. `options` of a client may be NULL. */
drl_status OpenClient(Run *run, const cJSON *options);
drl_status OpenLimiter(Run *run, const cJSON *limiter, const char *otherwise_namespace);
drl_status OpenLimiterOf(Run *run, const cJSON *limits);
drl_status OpenResolver(Run *run, const cJSON *options);

/* From the list of integers, still without a limit in force. */
drl_decision DecisionOf(const cJSON *list);
void AddLimitInForce(drl_decision *decision, int64_t rate, int64_t per_us, int64_t burst);

#endif /* CONFORMANCE_H */
