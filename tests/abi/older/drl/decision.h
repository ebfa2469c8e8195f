/* The answer to one request. */
#ifndef DRL_DECISION_H
#define DRL_DECISION_H

#include <stdint.h>

#include "status.h"

/* How a request was decided. */
enum {
  DRL_OUTCOME_ALLOWED = 1,   /* Redis charged the cost (or, for cost 0, looked) */
  DRL_OUTCOME_DENIED = 2,    /* too few tokens now; retry_after_us says when there will be enough */
  DRL_OUTCOME_NEVER = 3,     /* cost and headroom are above burst: no wait will help; retry_after_us is -1 */
  DRL_OUTCOME_UNDECIDED = 4  /* degraded: Redis did not decide, the fail strategy set `allowed` */
};

/* Whether the cost was taken from the bucket. */
enum {
  DRL_CHARGED_NO = 0,
  DRL_CHARGED_YES = 1,
  DRL_CHARGED_UNKNOWN = 2 /* the request was sent and its answer was lost; it is never sent twice */
};

/* Marks of a decision; combine with |. */
enum {
  DRL_DECISION_DEGRADED = 1,   /* Redis was not heard; also set for a NEVER that was answered without it */
  DRL_DECISION_REMEMBERED = 2, /* reserved: a denial that this process was told before and repeats */
  DRL_DECISION_SHADOW = 4      /* reserved: decided and counted, but not enforced */
};

enum { DRL_LIMITS_MAX = 8 };

/** A limit in force, and its bucket after the decision. */
typedef struct drl_limit_state {
  int64_t rate;           /* tokens per per_us */
  int64_t per_us;
  int64_t burst;          /* tokens the bucket holds at most */
  int64_t remaining;      /* whole tokens left */
  int64_t reset_after_us; /* microseconds until the bucket is full again */
} drl_limit_state;

/** One decision. The layout is frozen: it never grows, `reserved` is zero.
 *
 *  With several limits, `limit`, `remaining` and `reset_after_us` describe the binding limit: the one that denies for
 *  longest, or else the one with the fewest tokens left. `limits` has them all, in the order of the limiter.
 *  When DRL_DECISION_DEGRADED is set, every `remaining` and `reset_after_us`, and `decided_at_us`, are 0 and mean nothing.
 */
typedef struct drl_decision {
  int32_t allowed;        /* 1: serve the request; 0: do not */
  int32_t outcome;        /* DRL_OUTCOME_* */
  drl_status cause;       /* why Redis did not decide; DRL_OK when it did */
  int32_t charged;        /* DRL_CHARGED_* */
  int32_t flags;          /* DRL_DECISION_* */
  int32_t binding;        /* index of the binding limit, from 0 */
  int32_t limits_count;   /* how many of `limits` are set; 1..8 */
  int32_t reserved0;
  int64_t limit;          /* tokens the bucket holds at most (burst) */
  int64_t remaining;      /* whole tokens left after this decision */
  int64_t cost;           /* tokens asked for */
  int64_t retry_after_us; /* microseconds until the same request would be allowed; 0 if allowed; -1 never */
  int64_t reset_after_us; /* microseconds until the bucket is full again */
  int64_t decided_at_us;  /* Redis time of the decision, microseconds since 1970-01-01 UTC */
  int64_t wait_us;        /* reserved: how long to wait, from now, before using what was allowed */
  drl_limit_state limits[DRL_LIMITS_MAX];
  int64_t reserved[8];
} drl_decision;

#endif /* DRL_DECISION_H */
