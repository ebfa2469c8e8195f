/* libdrl: distributed rate limiting on Redis.
 *
 *     #include <drl/drl.h>
 *
 *     drl_error error;
 *     drl_client *client = NULL;
 *     drl_limiter *limiter = NULL;
 *
 *     drl_client_options at = DRL_CLIENT_OPTIONS_INIT;
 *     at.redis_url = "redis://localhost:6379/0";
 *     if (drl_client_open(&at, &client, &error) != DRL_OK) return fail(error.message);
 *
 *     drl_limiter_options policy = DRL_LIMITER_OPTIONS_INIT;
 *     policy.rate = 100;
 *     policy.per_us = 60 * 1000000LL;
 *     if (drl_limiter_open(client, &policy, &limiter, &error) != DRL_OK) return fail(error.message);
 *
 *     drl_decision decision;
 *     if (drl_limiter_allow(limiter, "user_123", 8, 1, &decision, &error) == DRL_OK && decision.allowed) serve();
 *     else refuse(decision.retry_after_us);
 *
 *     drl_limiter_close(limiter);
 *     drl_client_close(client);
 *
 * A tour
 *   status.h    codes, names and messages
 *   client.h    the connection and its I/O thread: open one per process and Redis
 *   log.h       lines about the connection's life, to fetch
 *   limiter.h   limits; allow, peek, reset: the blocking calls
 *   request.h   every request in one struct: many at once, with their own time-out, headroom, fail strategy; by callback
 *   decision.h  the answer
 *   queue.h     asynchronous calls: a completion queue
 *   http.h      RateLimit headers, problem bodies, client addresses
 *   stats.h     counters, latency histogram, Prometheus text
 *
 * Rules that hold everywhere
 *   - Handles are opaque. *owned*: you call the named close. *borrowed*: until the call returns. *copied*: yours again.
 *   - Options start with struct_size and have an _INIT macro; a zeroed field means its default; what is reserved must be
 *     zero. Later versions only append fields: a program that was built with an older or a newer header is served, as long
 *     as it does not set what this version does not know. Result structs are frozen.
 *   - Every duration is an int64_t number of microseconds and ends in _us.
 *   - A function returns a drl_status. `drl_error *error` is yours, may be NULL, and holds the sentence for a person.
 *   - The library never prints, aborts, reads the environment, installs a signal handler, or hands you memory to free.
 *   - Every function may be called from any thread; a close must not run beside another call on the same handle.
 *   - pthread_cancel() takes effect after a call, never inside one.
 *   - After fork() the child may go on using its handles: its first call starts a thread and connection of its own.
 */
#ifndef DRL_DRL_H
#define DRL_DRL_H

#include "client.h"
#include "decision.h"
#include "export.h"
#include "http.h"
#include "limiter.h"
#include "log.h"
#include "queue.h"
#include "request.h"
#include "stats.h"
#include "status.h"
#include <drl/version.h>

#endif /* DRL_DRL_H */
