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
  DRL_FAIL_DEFAULT = 0, /* of a limiter: open; of a request: as its limiter */
  DRL_FAIL_OPEN = 1,    /* serve */
  DRL_FAIL_CLOSED = 2,  /* do not serve */
  DRL_FAIL_ERROR = 3    /* the call returns the DRL_ERR_* code */
};

enum { DRL_IDENTITY_LEN_MAX = 65536 };

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
  int32_t fail_strategy;     /* DRL_FAIL_* */
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

#ifdef __cplusplus
extern "C" {
#endif

/** Open a limiter on a client.
 *
 *  Limiters with the same namespace, name and limits share their buckets, in every process and language. Other limits
 *  under the same namespace and name have buckets of their own (the key carries a fingerprint of the limits): so a change
 *  of limits grants each identity at most one full burst more. Give each limiter of an application a name of its own; a
 *  client that sees the same namespace and name with other limits says so in its log, once.
 *
 *  Returns: DRL_OK; DRL_ERR_RATE, _PER, _BURST, _LIMITS, _NAMESPACE, _NAME, _FAIL_STRATEGY; DRL_ERR_CLOSED.
 *  Out:     limiter  owned: close with drl_limiter_close; NULL on error.
 *  Thread:  any. Blocks: no.
 */
DRL_API drl_status drl_limiter_open(drl_client *client, const drl_limiter_options *options, drl_limiter **limiter,
                                    drl_error *error);

/** Close a limiter. Asynchronous requests under way still complete. NULL is fine. It must not run beside another call
 *  that names the same limiter. Thread: any. Blocks: no.
 */
DRL_API void drl_limiter_close(drl_limiter *limiter);

/** Take `cost` tokens from the buckets of one identity, now or not at all. A thin form of drl_client_decide (request.h).
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
 *  Whatever stands under its key goes, also what this library did not write.
 *
 *  Thread:  any, concurrently. Blocks: at most the client's timeout_us. Needs the Redis permission +del.
 */
DRL_API drl_status drl_limiter_reset(drl_limiter *limiter, const void *identity, size_t identity_len,
                                     drl_error *error);

/** Tell the Redis key of one identity, for operators who look into Redis. It holds no identity, only its digest.
 *
 *  Returns: DRL_OK; DRL_ERR_IDENTITY; DRL_ERR_BUFFER: key_len says what is needed.
 *  Out:     key  NUL-terminated; DRL_KEY_SIZE bytes are always enough; key_len  bytes before the NUL, may be NULL
 *  Thread:  any, concurrently. Blocks: no.
 */
enum { DRL_KEY_SIZE = 256 };
DRL_API drl_status drl_limiter_key(const drl_limiter *limiter, const void *identity, size_t identity_len, char *key,
                                   size_t key_size, size_t *key_len, drl_error *error);

#ifdef __cplusplus
}
#endif

#endif /* DRL_LIMITER_H */
