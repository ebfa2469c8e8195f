/* Ruby objects that own a handle of the library, and the way from a status to a Ruby exception.
 *
 * A handle is closed once, by close or by the garbage collector; after a close every use of the object raises Drl::ClosedError.
 * Everything here runs with the GVL held, which is the lock of these structs.
 */
#ifndef DRL_RUBY_HANDLE_H
#define DRL_RUBY_HANDLE_H

#include <ruby.h>

#include "drl_flat.h"

struct drl_ruby_waiter;

/* A client, and the queues on which Ruby threads and fibers wait for its answers (see wait.h). */
typedef struct drl_ruby_client {
  drl_client *handle;           /* NULL once closed */
  struct drl_ruby_waiter *idle; /* a stack of queues that nobody waits on */
  int32_t idle_count;
  VALUE keeper; /* of the thread that is asked for credentials; Qnil without one */
} drl_ruby_client;

VALUE drl_ruby_wrap_client(drl_client *handle);
VALUE drl_ruby_wrap_limiter(drl_limiter *handle);
VALUE drl_ruby_wrap_resolver(drl_resolver *handle);

/* From now on, a call on the client first has its keeper `keep` that thread: a forked child has none. */
void drl_ruby_client_keep(VALUE object, VALUE keeper);

/* Raise TypeError for another object, Drl::ClosedError for a closed one. */
drl_ruby_client *drl_ruby_client_of(VALUE object);
drl_limiter *drl_ruby_limiter_of(VALUE object);
drl_resolver *drl_ruby_resolver_of(VALUE object);

/* Close a client or limiter; fine when it is closed already. */
void drl_ruby_close(VALUE object);

/* Whether a client or limiter was closed. */
VALUE drl_ruby_closed(VALUE object);

/* The counters as Prometheus text. */
VALUE drl_ruby_metrics(drl_client *client);

/* A decision as an Array of the integers of drl_flat.h, up to its last limit in force: there is one mostly, where the C array has room
   for 8. And back; TypeError or ArgumentError when it is none. */
VALUE drl_ruby_decision(const int64_t *decision);
void drl_ruby_decision_fill(VALUE array, int64_t decision[DRL_FLAT_DECISION_LEN]);

/* Raise the exception of Drl that `status` stands for. `decision` is nil or the integers of drl_flat.h. */
RBIMPL_ATTR_NORETURN()
void drl_ruby_raise(drl_status status, const char *message, VALUE decision);

/* Arguments as C sees them; they raise TypeError or ArgumentError with the argument's name. */
int64_t drl_ruby_integer(VALUE value, int64_t least, int64_t most, const char *name);
const char *drl_ruby_text(VALUE value, const char *name); /* NULL for nil */
void drl_ruby_bytes(VALUE value, const char *name);

#endif /* DRL_RUBY_HANDLE_H */
