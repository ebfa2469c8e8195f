/* Waiting for Redis as Ruby wants it: without the GVL, and open to Timeout, Thread#kill and Fiber schedulers.
 *
 * A call takes a completion queue of its own (a *waiter*) from its client, submits to it, waits on the queue's descriptor and
 * gives the waiter back. So no thread answers for another, and a thread and a fiber wait by the same code: a fiber in its scheduler, a
 * thread in poll(). It does not spin first: on a busy machine that took the processor from Redis and cost half of the throughput or more.
 *
 * A wait that is interrupted closes its queue: that cancels the call, and no later call can meet its answer.
 */
#ifndef DRL_RUBY_WAIT_H
#define DRL_RUBY_WAIT_H

#include "handle.h"

/* One decision, as an Array of the integers of drl_flat.h. With cost 0 it looks and takes nothing. */
VALUE drl_ruby_allow(drl_ruby_client *client, drl_limiter *limiter, const char *identity, size_t identity_len,
                     int64_t cost);

/* Forget one identity. */
VALUE drl_ruby_reset(drl_ruby_client *client, drl_limiter *limiter, const char *identity, size_t identity_len);

/* Decisions for many identities, an Array of Arrays. `costs` is an Array of as many Integers. All are checked before the first is
   submitted. */
VALUE drl_ruby_allow_many(drl_ruby_client *client, drl_limiter *limiter, VALUE identities, VALUE costs);

/* For handle.c: mark and close the idle waiters of a client. */
void drl_ruby_waiters_mark(const drl_ruby_client *client);
void drl_ruby_waiters_drop(drl_ruby_client *client);

#endif /* DRL_RUBY_WAIT_H */
