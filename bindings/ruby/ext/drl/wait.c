#include "wait.h"

#include <ruby/fiber/scheduler.h>
#include <ruby/io.h>
#include <ruby/thread.h>

enum {
  IDLE_MAX = 256, /* waiters kept for later calls; each holds one descriptor */
  CHUNK = 16      /* completions taken at once, on the stack of a fiber perhaps */
};
static const int64_t kCostMax = 1000000000000; /* limiter.h */

typedef struct drl_ruby_waiter {
  drl_queue *queue;
  int fd;   /* of `io` */
  VALUE io; /* for a Fiber scheduler, made when first needed; else Qnil */
  struct drl_ruby_waiter *next;
} Waiter;

/* One wait: `wanted` completions of `waiter`, each put into `results` at its id. */
typedef struct {
  Waiter *waiter;
  int64_t wanted;
  int64_t got;
  int64_t *results; /* DRL_FLAT_COMPLETION_LEN numbers for each */
} Wait;

/* ---- Waiters ---- */

static Waiter *OpenWaiter(drl_ruby_client *client, int64_t capacity) {
  drl_error error;
  drl_queue *queue = NULL;
  Waiter *waiter;
  const drl_status status = drl_flat_queue_open(client->handle, capacity, &queue, &error);
  if (status != DRL_OK) drl_ruby_raise(status, error.message, Qnil);
  waiter = malloc(sizeof *waiter);
  if (waiter == NULL) {
    drl_queue_close(queue);
    rb_memerror();
  }
  waiter->queue = queue;
  waiter->fd = -1;
  waiter->io = Qnil;
  waiter->next = NULL;
  return waiter;
}

static void CloseWaiter(Waiter *waiter) {
  drl_queue_close(waiter->queue);
  free(waiter);
}

static Waiter *TakeWaiter(drl_ruby_client *client) {
  Waiter *waiter = client->idle;
  if (waiter == NULL) return OpenWaiter(client, 1);
  client->idle = waiter->next;
  --client->idle_count;
  return waiter;
}

/* A waiter comes back empty: its call has been answered. */
static void GiveBack(drl_ruby_client *client, Waiter *waiter) {
  if (client->handle == NULL || client->idle_count >= IDLE_MAX) {
    CloseWaiter(waiter);
    return;
  }
  waiter->next = client->idle;
  client->idle = waiter;
  ++client->idle_count;
}

void drl_ruby_waiters_mark(const drl_ruby_client *client) {
  const Waiter *waiter;
  for (waiter = client->idle; waiter != NULL; waiter = waiter->next) rb_gc_mark(waiter->io);
}

void drl_ruby_waiters_drop(drl_ruby_client *client) {
  while (client->idle != NULL) {
    Waiter *waiter = client->idle;
    client->idle = waiter->next;
    CloseWaiter(waiter);
  }
  client->idle_count = 0;
}

/* ---- Waiting ---- */

/* Take what has ended; true when nothing is missing any more. */
static int Drain(Wait *wait) {
  int64_t ended[CHUNK * DRL_FLAT_COMPLETION_LEN];
  int32_t count = 0;
  int32_t i;
  do {
    if (drl_flat_queue_wait(wait->waiter->queue, 0, ended, CHUNK, &count, NULL) != DRL_OK) break;
    for (i = 0; i < count; ++i) {
      const int64_t *from = ended + (size_t)i * DRL_FLAT_COMPLETION_LEN;
      memcpy(wait->results + from[0] * DRL_FLAT_COMPLETION_LEN, from, DRL_FLAT_COMPLETION_LEN * sizeof *from);
    }
    wait->got += count;
  } while (count == CHUNK && wait->got < wait->wanted);
  return wait->got >= wait->wanted;
}

static VALUE IoOf(Waiter *waiter, int fd) {
  if (waiter->io == Qnil || waiter->fd != fd) { /* a forked child has another descriptor */
    VALUE arguments[2];
    arguments[0] = INT2FIX(fd);
    arguments[1] = rb_hash_new();
    rb_hash_aset(arguments[1], ID2SYM(rb_intern("autoclose")), Qfalse);
    waiter->io = rb_funcallv_kw(rb_cIO, rb_intern("for_fd"), 2, arguments, RB_PASS_KEYWORDS);
    waiter->fd = fd;
  }
  return waiter->io;
}

/* Sleep until there may be something to take. Raises what interrupts the thread or fiber. */
static void Sleep(Wait *wait) {
  const int fd = drl_queue_fd(wait->waiter->queue);
  if (fd < 0) drl_ruby_raise(DRL_ERR_CLOSED, "the client is closed", Qnil);
  if (rb_fiber_scheduler_current() != Qnil) {
    VALUE io = IoOf(wait->waiter, fd);
    rb_io_wait(io, INT2FIX(RUBY_IO_READABLE), Qnil);
    RB_GC_GUARD(io);
  } else {
    rb_thread_wait_fd(fd);
  }
}

static VALUE Await(VALUE data) {
  Wait *wait = (Wait *)data;
  while (!Drain(wait)) Sleep(wait);
  return Qnil;
}

/* Waits for all; an exception, throw or kill comes back as the state to rb_jump_tag with. */
static int AwaitProtected(Wait *wait) {
  int state = 0;
  rb_protect(Await, (VALUE)wait, &state);
  return state;
}

/* ---- Calls ---- */

/* A completion says by code what went wrong; the code's general sentence goes with it. */
static VALUE Conclude(const int64_t *completion) {
  const drl_status status = (drl_status)completion[1];
  VALUE decision = drl_ruby_decision(completion + 2);
  if (status != DRL_OK) drl_ruby_raise(status, drl_status_message(status), decision);
  return decision;
}

static void One(drl_ruby_client *client, drl_limiter *limiter, const char *identity, size_t identity_len, int64_t cost,
                int32_t reset, int64_t *completion) {
  drl_error error;
  int interrupted;
  Waiter *waiter = TakeWaiter(client);
  Wait wait = {waiter, 1, 0, completion};
  const drl_status status = drl_flat_queue_submit(waiter->queue, limiter, identity, identity_len, cost, reset, 0, &error);
  if (status != DRL_OK) {
    GiveBack(client, waiter);
    drl_ruby_raise(status, error.message, Qnil);
  }
  interrupted = AwaitProtected(&wait);
  if (interrupted) {
    CloseWaiter(waiter);
    rb_jump_tag(interrupted);
  }
  GiveBack(client, waiter);
}

VALUE drl_ruby_allow(drl_ruby_client *client, drl_limiter *limiter, const char *identity, size_t identity_len,
                     int64_t cost) {
  int64_t completion[DRL_FLAT_COMPLETION_LEN];
  One(client, limiter, identity, identity_len, cost, 0, completion);
  return Conclude(completion);
}

VALUE drl_ruby_reset(drl_ruby_client *client, drl_limiter *limiter, const char *identity, size_t identity_len) {
  int64_t completion[DRL_FLAT_COMPLETION_LEN];
  One(client, limiter, identity, identity_len, 0, 1, completion);
  if (completion[1] != DRL_OK) drl_ruby_raise((drl_status)completion[1], drl_status_message((drl_status)completion[1]), Qnil);
  return Qnil;
}

static void CheckCost(VALUE cost, const char *name) {
  char message[64];
  if (FIXNUM_P(cost) && FIX2LONG(cost) >= 0 && FIX2LONG(cost) <= kCostMax) return;
  if (!RB_INTEGER_TYPE_P(cost)) rb_raise(rb_eTypeError, "%s must be an Integer, not %" PRIsVALUE, name, rb_obj_class(cost));
  snprintf(message, sizeof message, "%s is out of range", name);
  drl_ruby_raise(DRL_ERR_COST, message, Qnil);
}

static void CheckIdentity(VALUE identity, const char *name) {
  char message[64];
  drl_ruby_bytes(identity, name);
  if (RSTRING_LEN(identity) >= 1 && RSTRING_LEN(identity) <= DRL_IDENTITY_LEN_MAX) return;
  snprintf(message, sizeof message, "%s must be 1 to %d bytes", name, DRL_IDENTITY_LEN_MAX);
  drl_ruby_raise(DRL_ERR_IDENTITY, message, Qnil);
}

static void CheckMany(VALUE identities, VALUE costs) {
  char name[40];
  long i;
  const long count = RARRAY_LEN(identities);
  if (count < 1 || count > DRL_REQUESTS_MAX) rb_raise(rb_eArgError, "identities must be 1 to %d", DRL_REQUESTS_MAX);
  if (RARRAY_LEN(costs) != count) rb_raise(rb_eArgError, "cost must be one Integer, or as many as identities");
  for (i = 0; i < count; ++i) {
    snprintf(name, sizeof name, "identity of request %ld", i);
    CheckIdentity(RARRAY_AREF(identities, i), name);
    snprintf(name, sizeof name, "cost of request %ld", i);
    CheckCost(RARRAY_AREF(costs, i), name);
  }
}

typedef struct {
  Wait wait;
  drl_limiter *limiter;
  VALUE identities;
  VALUE costs;
  VALUE decisions;
} Many;

static VALUE RunMany(VALUE data) {
  Many *many = (Many *)data;
  Wait *wait = &many->wait;
  drl_error error;
  int64_t i;
  int interrupted;
  for (i = 0; i < wait->wanted; ++i) {
    const VALUE identity = RARRAY_AREF(many->identities, i);
    const drl_status status =
        drl_flat_queue_submit(wait->waiter->queue, many->limiter, RSTRING_PTR(identity), (size_t)RSTRING_LEN(identity),
                              NUM2LL(RARRAY_AREF(many->costs, i)), 0, i, &error);
    if (status != DRL_OK) drl_ruby_raise(status, error.message, Qnil);
  }
  interrupted = AwaitProtected(wait);
  if (interrupted) rb_jump_tag(interrupted);
  many->decisions = rb_ary_new_capa((long)wait->wanted);
  for (i = 0; i < wait->wanted; ++i) {
    rb_ary_push(many->decisions, Conclude(wait->results + i * DRL_FLAT_COMPLETION_LEN));
  }
  return many->decisions;
}

static VALUE EndMany(VALUE data) {
  Many *many = (Many *)data;
  CloseWaiter(many->wait.waiter); /* cancels what is under way */
  xfree(many->wait.results);
  return Qnil;
}

VALUE drl_ruby_allow_many(drl_ruby_client *client, drl_limiter *limiter, VALUE identities, VALUE costs) {
  Many many;
  Check_Type(identities, T_ARRAY);
  Check_Type(costs, T_ARRAY);
  CheckMany(identities, costs);
  memset(&many, 0, sizeof many);
  many.limiter = limiter;
  many.identities = identities;
  many.costs = costs;
  many.decisions = Qnil;
  many.wait.wanted = RARRAY_LEN(identities);
  many.wait.results = ALLOC_N(int64_t, (size_t)many.wait.wanted * DRL_FLAT_COMPLETION_LEN);
  many.wait.waiter = OpenWaiter(client, many.wait.wanted);
  return rb_ensure(RunMany, (VALUE)&many, EndMany, (VALUE)&many);
}
