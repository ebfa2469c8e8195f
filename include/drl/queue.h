/* Asynchronous calls: a completion queue with a descriptor to wait on. (For callbacks see request.h.) */
#ifndef DRL_QUEUE_H
#define DRL_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "decision.h"
#include "export.h"
#include "limiter.h"
#include "request.h"
#include "status.h"

typedef struct drl_queue drl_queue;

/** Options of a queue; zero means default. */
typedef struct drl_queue_options {
  uint32_t struct_size;
  int32_t reserved;
  int64_t capacity; /* requests submitted and not yet drained at most; 1..1048576, default 4096 */
} drl_queue_options;

#define DRL_QUEUE_OPTIONS_INIT \
  { (uint32_t)sizeof(drl_queue_options), 0, 0 }

enum { DRL_COMPLETION_MESSAGE_SIZE = 160 };

/** The end of one asynchronous request. The layout is frozen. */
typedef struct drl_completion {
  int64_t id;        /* as submitted */
  drl_status status; /* what the blocking call would have returned; also DRL_ERR_CANCELLED, DRL_ERR_CLOSED */
  int32_t reserved;
  drl_decision decision; /* as of drl_limiter_allow; for a cancelled request `charged` says whether it may have run */
  char message[DRL_COMPLETION_MESSAGE_SIZE]; /* as drl_error's: why Redis did not decide; "" when it did */
} drl_completion;

#ifdef __cplusplus
extern "C" {
#endif

/** Open a completion queue on a client.
 *  Returns: DRL_OK; DRL_ERR_CAPACITY, DRL_ERR_CLOSED, DRL_ERR_SYSTEM, DRL_ERR_MEMORY.
 *  Out:     queue  owned: close with drl_queue_close. Thread: any. Blocks: no.
 */
DRL_API drl_status drl_queue_open(drl_client *client, const drl_queue_options *options, drl_queue **queue,
                                  drl_error *error);

/** Close a queue: its waiting requests are cancelled and dropped. NULL is fine. It must not run beside another call
 *  on the same queue. Thread: any. Blocks: no.
 */
DRL_API void drl_queue_close(drl_queue *queue);

/** A descriptor that polls readable while the queue holds completions. Wait for it with poll, epoll or an event
 *  loop; never read, write or close it. Draining resets it. It may be readable with nothing there, as when another drain was quicker:
 *  then drl_queue_drain gives count 0. In a forked child it is another descriptor: ask again.
 *  Returns: the descriptor, borrowed until drl_queue_close; -1 for a bad handle. Thread: any. Blocks: no.
 */
DRL_API int32_t drl_queue_fd(drl_queue *queue);

/** Submit one request; its completion carries `id`, which no other request of this queue may be using.
 *
 *  Returns: DRL_OK: exactly one completion will follow. Else nothing was submitted: DRL_ERR_COMPLETIONS_FULL,
 *           DRL_ERR_DUPLICATE_ID, DRL_ERR_CLOSED, or those of drl_client_decide for a wrong request; DRL_ERR_HANDLE also when
 *           limiter and queue are of different clients. A full submission queue is not among them: that is a degraded
 *           completion. The completion of a reset says by its status whether Redis did it.
 *  Thread:  any, concurrently. Blocks: no.
 */
DRL_API drl_status drl_queue_decide(drl_queue *queue, const drl_request *request, size_t request_size, int64_t id,
                                    drl_error *error);

/** Submit DRL_OPERATION_ALLOW: a thin form of drl_queue_decide. */
DRL_API drl_status drl_queue_submit(drl_queue *queue, drl_limiter *limiter, const void *identity,
                                    size_t identity_len, int64_t cost, int64_t id, drl_error *error);

/** Submit DRL_OPERATION_RESET: a thin form of drl_queue_decide. */
DRL_API drl_status drl_queue_submit_reset(drl_queue *queue, drl_limiter *limiter, const void *identity,
                                          size_t identity_len, int64_t id, drl_error *error);

/** Cancel one request: it completes now with DRL_ERR_CANCELLED. What had not been sent is never sent; what had been sent is
 *  charged or not, and its completion says DRL_CHARGED_UNKNOWN.
 *  Returns: DRL_OK; DRL_ERR_UNKNOWN_ID when it has completed or was never submitted. Thread: any. Blocks: no.
 */
DRL_API drl_status drl_queue_cancel(drl_queue *queue, int64_t id, drl_error *error);

/** Take up to `capacity` completions that are there.
 *  Returns: DRL_OK, also for none. Out: completions, count. Thread: any, concurrently. Blocks: no.
 */
DRL_API drl_status drl_queue_drain(drl_queue *queue, drl_completion *completions, int32_t capacity, int32_t *count,
                                   drl_error *error);

/** Like drl_queue_drain, but wait up to `timeout_us` for the first one (0: do not wait; -1: without end).
 *  Returns: DRL_OK, with count 0 after the time-out or a signal; DRL_ERR_CLOSED when the client is closed and nothing is left.
 *  Thread:  any, concurrently. Blocks: at most timeout_us.
 */
DRL_API drl_status drl_queue_wait(drl_queue *queue, int64_t timeout_us, drl_completion *completions,
                                  int32_t capacity, int32_t *count, drl_error *error);

#ifdef __cplusplus
}
#endif

#endif /* DRL_QUEUE_H */
