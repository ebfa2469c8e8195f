/* The limiter: 1 to 8 limits that are charged all together or not at all. */
#ifndef DRL_LIMITER_H
#define DRL_LIMITER_H

#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "decision.h"
#include "export.h"
#include "status.h"

typedef struct drl_limiter drl_limiter;

/* What `allowed` says when Redis does not decide. */
enum {
  DRL_FAIL_OPEN = 0,   /* serve (default) */
  DRL_FAIL_CLOSED = 1, /* do not serve */
  DRL_FAIL_ERROR = 2   /* the call returns the DRL_ERR_* code */
};

enum { DRL_LIMITS_MAX = 8, DRL_IDENTITY_LEN_MAX = 65536, DRL_REQUESTS_MAX = 4096 };

/** One limit: `rate` tokens per `per_us`, refilled continuously, at most `burst` saved up.
 *  rate 1..10^12, per_us 1..2^50, burst 0 (= rate) or 1..10^12; an empty bucket must be full again within
 *  2^50 microseconds (about 35 years).
 */
typedef struct drl_limit {
  int64_t rate;
  int64_t per_us;
  int64_t burst;
  const char *name; /* policy name in HTTP headers; may be NULL; 1..64 printable ASCII, no two alike */
  int64_t reserved[2];
} drl_limit;

/** Options of a limiter; zero means default. Give either rate, per_us and burst, or limits and limits_count.
 *  All is copied by drl_limiter_open.
 */
typedef struct drl_limiter_options {
  uint32_t struct_size;
  int32_t fail_strategy;     /* DRL_FAIL_*; default open */
  int64_t rate;              /* tokens per per_us */
  int64_t per_us;            /* microseconds */
  int64_t burst;             /* default rate */
  const char *key_namespace; /* printable ASCII without spaces and braces, 1..64; default "default" */
  const char *name;          /* tells limiters of one namespace apart; same characters, at most 64; default none */
  const drl_limit *limits;   /* the array form */
  int32_t limits_count;      /* 1..8 with limits, else 0 */
  int32_t reserved;
} drl_limiter_options;

#define DRL_LIMITER_OPTIONS_INIT \
  { (uint32_t)sizeof(drl_limiter_options), 0, 0, 0, 0, NULL, NULL, NULL, 0, 0 }

/** One item of drl_client_allow_many; borrowed during the call. */
typedef struct drl_request {
  drl_limiter *limiter;
  const void *identity;
  size_t identity_len;
  int64_t cost;
} drl_request;

#ifdef __cplusplus
extern "C" {
#endif

/** Open a limiter on a client.
 *
 *  Limiters with the same namespace and name share their buckets, in every process and language.
 *
 *  Returns: DRL_OK; DRL_ERR_RATE, _PER, _BURST, _LIMITS, _NAMESPACE, _NAME, _FAIL_STRATEGY; DRL_ERR_CLOSED.
 *  Out:     limiter  owned: close with drl_limiter_close; NULL on error.
 *  Thread:  any. Blocks: no.
 */
DRL_API drl_status drl_limiter_open(drl_client *client, const drl_limiter_options *options, drl_limiter **limiter,
                                    drl_error *error);

/** Close a limiter. Asynchronous calls in flight still complete. NULL is fine. It must not run beside another call
 *  that names the same limiter. Thread: any. Blocks: no.
 */
DRL_API void drl_limiter_close(drl_limiter *limiter);

/** Take `cost` tokens from the buckets of one identity, now or not at all.
 *
 *  Returns: DRL_OK when there is an answer, also a denied or a degraded one (see decision->cause); with DRL_FAIL_ERROR
 *           the DRL_ERR_* code of 100..199 that kept Redis from deciding; DRL_ERR_IDENTITY, DRL_ERR_COST,
 *           DRL_ERR_CLOSED, DRL_ERR_REENTRANT (called from a callback).
 *  In:      identity  1..65536 bytes, any value, read during the call only; cost  0..10^12 (0 peeks)
 *  Out:     decision  always set on DRL_OK; on DRL_ERR_100..199 its outcome is UNDECIDED and allowed 0.
 *           error     may be NULL; also says the cause of a degraded decision.
 *  Thread:  any, concurrently. Blocks: at most the client's timeout_us.
 */
DRL_API drl_status drl_limiter_allow(drl_limiter *limiter, const void *identity, size_t identity_len, int64_t cost,
                                     drl_decision *decision, drl_error *error);

/** Look at the buckets of one identity and take nothing: drl_limiter_allow with cost 0. */
DRL_API drl_status drl_limiter_peek(drl_limiter *limiter, const void *identity, size_t identity_len,
                                    drl_decision *decision, drl_error *error);

/** Forget one identity: its buckets are full again.
 *
 *  Returns: DRL_OK when Redis did it; else the DRL_ERR_* code, whatever the fail strategy.
 *  Thread:  any, concurrently. Blocks: at most the client's timeout_us. Needs the Redis permission +del.
 */
DRL_API drl_status drl_limiter_reset(drl_limiter *limiter, const void *identity, size_t identity_len,
                                     drl_error *error);

/** Decide many independent requests of one client in one round trip, as drl_limiter_allow would one after the other.
 *
 *  Every request is checked before anything is sent; the error names the index of a wrong one.
 *
 *  Returns: DRL_OK when every request has an answer; else the code of the first whose limiter fails with DRL_FAIL_ERROR
 *           (its decision holds the cause; the others are set too).
 *  In:      requests  1..DRL_REQUESTS_MAX, all of limiters of this client
 *  Out:     decisions  array of `count`, in the order of the requests
 *  Thread:  any, concurrently. Blocks: at most the client's timeout_us.
 */
DRL_API drl_status drl_client_allow_many(drl_client *client, const drl_request *requests, int32_t count,
                                         drl_decision *decisions, drl_error *error);

#ifdef __cplusplus
}
#endif

#endif /* DRL_LIMITER_H */
