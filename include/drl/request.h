/* The request: everything that can be asked, in one struct, for every way to ask: blocking, many at once, by queue, by callback.
 *
 *     drl_request request = DRL_REQUEST_INIT;
 *     request.limiter = limiter;
 *     request.identity = "user_123";
 *     request.identity_len = 8;
 *     request.cost = 5;
 *     request.timeout_us = 20000;
 *     drl_client_decide(client, &request, sizeof request, 1, &decision, &error);
 *
 * Functions that take requests are given the size of one beside them: it is the way from one to the next in an array, and says
 * of which version they are. Later versions append fields; an older, shorter request means zero in those.
 */
#ifndef DRL_REQUEST_H
#define DRL_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "decision.h"
#include "export.h"
#include "limiter.h"
#include "status.h"

/* What is asked. */
enum {
  DRL_OPERATION_ALLOW = 0, /* take `cost` tokens, now or not at all; with cost 0 look and take nothing */
  DRL_OPERATION_PEEK = 1,  /* look and take nothing: whether `cost` would be allowed is not asked, it must be 0 */
  DRL_OPERATION_RESET = 2  /* forget the identity: its buckets are full again */
};

enum { DRL_REQUESTS_MAX = 4096 };

/** One request; zero means default. Borrowed during the call, also what it points to. */
typedef struct drl_request {
  int32_t operation;     /* DRL_OPERATION_* */
  int32_t flags;         /* 0 */
  drl_limiter *limiter;  /* required */
  const void *identity;  /* any bytes */
  size_t identity_len;   /* 1..DRL_IDENTITY_LEN_MAX */
  int64_t cost;          /* tokens, 0..10^12 */
  int64_t headroom;      /* tokens that this request leaves to others, of each limit; 0..10^12. Allowed when
                            cost + headroom tokens are there, and charged `cost`. */
  int64_t timeout_us;    /* 1000..3600000000; default the client's */
  int32_t fail_strategy; /* DRL_FAIL_*; default the limiter's */
  int32_t reserved0;
  int64_t reserved[4];
} drl_request;

#define DRL_REQUEST_INIT \
  { DRL_OPERATION_ALLOW, 0, NULL, NULL, 0, 0, 0, 0, DRL_FAIL_DEFAULT, 0, {0, 0, 0, 0} }

#ifdef __cplusplus
extern "C" {
#endif

/** Decide one request or many, in one round trip, as one after the other. They are independent: some may be allowed and others
 *  denied.
 *
 *  Every request is checked before anything is sent; the error names the index of a wrong one, when there are several.
 *
 *  Returns: DRL_OK when every request has an answer, also a denied or a degraded one; else the code of the first that has
 *           none: a DRL_ERR_* of 100..199 with DRL_FAIL_ERROR, or of a reset that Redis did not do. The decisions of the others
 *           are set all the same. DRL_ERR_NULL, _IDENTITY, _COST, _OPTION, _CAPACITY (count or request_size), _FAIL_STRATEGY,
 *           _HANDLE (a limiter of another client): nothing was sent. DRL_ERR_CLOSED, DRL_ERR_REENTRANT.
 *  In:      requests  `count` of them, 1..DRL_REQUESTS_MAX; request_size  sizeof(drl_request)
 *  Out:     decisions  array of `count`, in the order of the requests; of a reset only `cause`, `charged` and flags mean
 *           something. error  may be NULL; also says the cause of the first degraded decision.
 *  Thread:  any, concurrently. Blocks: at most the longest timeout_us among them.
 */
DRL_API drl_status drl_client_decide(drl_client *client, const drl_request *requests, size_t request_size, int32_t count,
                                     drl_decision *decisions, drl_error *error);

/** Receives one decision on the I/O thread, or on the submitting thread when the answer is known at once (not inside another
 *  callback: then too it comes on the I/O thread, later).
 *  Return soon. It may submit further asynchronous calls; blocking calls answer DRL_ERR_REENTRANT, and it must close
 *  no handle. `message` says why Redis did not decide, "" when it did; it and `decision` are borrowed until it returns.
 */
typedef void (*drl_decision_callback)(drl_status status, const drl_decision *decision, const char *message, void *user);

/** Decide one request, with a callback instead of a wait.
 *  Returns: DRL_OK: the callback is called exactly once, perhaps before this returns. Else it is not called:
 *           DRL_ERR_CLOSED, and those of drl_client_decide for a wrong request; inside a callback also DRL_ERR_QUEUE_FULL.
 *  Thread:  any, concurrently. Blocks: no.
 */
DRL_API drl_status drl_client_decide_callback(drl_client *client, const drl_request *request, size_t request_size,
                                              drl_error *error, drl_decision_callback callback, void *user);

/** DRL_OPERATION_ALLOW with a callback: a thin form of drl_client_decide_callback. */
DRL_API drl_status drl_limiter_allow_callback(drl_limiter *limiter, const void *identity, size_t identity_len,
                                              int64_t cost, drl_error *error, drl_decision_callback callback,
                                              void *user);

#ifdef __cplusplus
}
#endif

#endif /* DRL_REQUEST_H */
