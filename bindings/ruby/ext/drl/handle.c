#include "handle.h"

#include <ruby/thread.h>
#include <string.h>

#include "wait.h"

static void MarkClient(void *data) {
  drl_ruby_waiters_mark(data);
  rb_gc_mark(((const drl_ruby_client *)data)->keeper);
}

static void FreeClient(void *data) {
  drl_ruby_client *client = data;
  drl_ruby_waiters_drop(client);
  drl_client_close(client->handle);
  xfree(client);
}

static void FreeLimiter(void *data) { drl_limiter_close(data); }
static void FreeResolver(void *data) { drl_resolver_close(data); }

static const rb_data_type_t kClient = {"Drl client", {MarkClient, FreeClient, NULL, NULL, {0}}, NULL, NULL, 0};
static const rb_data_type_t kLimiter = {"Drl limiter", {NULL, FreeLimiter, NULL, NULL, {0}}, NULL, NULL, 0};
static const rb_data_type_t kResolver = {"Drl resolver", {NULL, FreeResolver, NULL, NULL, {0}}, NULL, NULL, 0};

static VALUE Wrap(const rb_data_type_t *type, void *handle) {
  return rb_data_typed_object_wrap(rb_cObject, handle, type);
}

VALUE drl_ruby_wrap_client(drl_client *handle) {
  drl_ruby_client *client = ZALLOC(drl_ruby_client);
  client->handle = handle;
  client->keeper = Qnil;
  return Wrap(&kClient, client);
}

VALUE drl_ruby_wrap_limiter(drl_limiter *handle) { return Wrap(&kLimiter, handle); }
VALUE drl_ruby_wrap_resolver(drl_resolver *handle) { return Wrap(&kResolver, handle); }

static void RaiseClosed(const char *what) {
  char message[64];
  snprintf(message, sizeof message, "the %s is closed", what);
  drl_ruby_raise(DRL_ERR_CLOSED, message, Qnil);
}

drl_ruby_client *drl_ruby_client_of(VALUE object) {
  drl_ruby_client *client = rb_check_typeddata(object, &kClient);
  if (client->keeper != Qnil) rb_funcall(client->keeper, rb_intern("keep"), 0);
  if (client->handle == NULL) RaiseClosed("client");
  return client;
}

void drl_ruby_client_keep(VALUE object, VALUE keeper) {
  drl_ruby_client *client = rb_check_typeddata(object, &kClient);
  client->keeper = keeper;
}

drl_limiter *drl_ruby_limiter_of(VALUE object) {
  drl_limiter *limiter = rb_check_typeddata(object, &kLimiter);
  if (limiter == NULL) RaiseClosed("limiter");
  return limiter;
}

drl_resolver *drl_ruby_resolver_of(VALUE object) {
  drl_resolver *resolver = rb_check_typeddata(object, &kResolver);
  if (resolver == NULL) RaiseClosed("resolver");
  return resolver;
}

typedef struct {
  drl_client *handle;
} Closing;

static void *CloseClient(void *data) {
  Closing *closing = data;
  drl_client_close(closing->handle);
  closing->handle = NULL;
  return NULL;
}

/* The handle is taken out first, so that no other thread can find it while the GVL is released. */
static void CloseClientOf(drl_ruby_client *client) {
  Closing closing = {client->handle};
  client->handle = NULL;
  drl_ruby_waiters_drop(client);
  if (closing.handle == NULL) return;
  rb_nogvl(CloseClient, &closing, NULL, NULL, RB_NOGVL_INTR_FAIL);
  if (closing.handle != NULL) CloseClient(&closing); /* an interrupt was pending, and nothing was run */
}

static void CheckHandle(VALUE object) {
  if (rb_typeddata_is_kind_of(object, &kClient) || rb_typeddata_is_kind_of(object, &kLimiter)) return;
  rb_raise(rb_eTypeError, "neither a client nor a limiter was opened");
}

void drl_ruby_close(VALUE object) {
  CheckHandle(object);
  if (rb_typeddata_is_kind_of(object, &kClient)) {
    CloseClientOf(RTYPEDDATA_DATA(object));
  } else {
    drl_limiter *handle = RTYPEDDATA_DATA(object);
    RTYPEDDATA_DATA(object) = NULL;
    drl_limiter_close(handle);
  }
}

VALUE drl_ruby_closed(VALUE object) {
  const void *data;
  CheckHandle(object);
  data = RTYPEDDATA_DATA(object);
  if (rb_typeddata_is_kind_of(object, &kClient)) data = ((const drl_ruby_client *)data)->handle;
  return data == NULL ? Qtrue : Qfalse;
}

void drl_ruby_raise(drl_status status, const char *message, VALUE decision) {
  VALUE text = rb_utf8_str_new(message, (long)strnlen(message, sizeof(((drl_error *)0)->message)));
  VALUE error = rb_path2class("Drl::Error");
  rb_exc_raise(rb_funcall(error, rb_intern("build"), 3, INT2NUM(status), text, decision));
}

static long DecisionLength(const int64_t *decision) {
  return DRL_FLAT_LIMITS + (long)decision[DRL_FLAT_LIMITS_COUNT] * DRL_FLAT_LIMIT_LEN;
}

VALUE drl_ruby_decision(const int64_t *decision) {
  VALUE numbers[DRL_FLAT_DECISION_LEN];
  const long length = DecisionLength(decision);
  long i;
  for (i = 0; i < length; ++i) numbers[i] = LL2NUM(decision[i]);
  return rb_ary_new_from_values(length, numbers);
}

void drl_ruby_decision_fill(VALUE array, int64_t decision[DRL_FLAT_DECISION_LEN]) {
  long length, i;
  Check_Type(array, T_ARRAY);
  length = RARRAY_LEN(array);
  memset(decision, 0, DRL_FLAT_DECISION_LEN * sizeof *decision);
  for (i = 0; i < length && i < DRL_FLAT_DECISION_LEN; ++i) {
    decision[i] = drl_ruby_integer(RARRAY_AREF(array, i), INT64_MIN, INT64_MAX, "decision");
  }
  if (decision[DRL_FLAT_LIMITS_COUNT] < 0 || decision[DRL_FLAT_LIMITS_COUNT] > DRL_LIMITS_MAX ||
      DecisionLength(decision) != length) {
    rb_raise(rb_eArgError, "decision has %ld Integers, which are not those of its limits", length);
  }
}

static int FitsInt64(VALUE bignum) {
  const size_t bits = rb_absint_numwords(bignum, 1, NULL);
  return bits < 64 || (bits == 64 && RBIGNUM_NEGATIVE_P(bignum) && rb_absint_singlebit_p(bignum));
}

int64_t drl_ruby_integer(VALUE value, int64_t least, int64_t most, const char *name) {
  int64_t number;
  if (!RB_INTEGER_TYPE_P(value)) {
    rb_raise(rb_eTypeError, "%s must be an Integer, not %" PRIsVALUE, name, rb_obj_class(value));
  }
  if (!FIXNUM_P(value) && !FitsInt64(value)) rb_raise(rb_eArgError, "%s is out of range", name);
  number = NUM2LL(value);
  if (number < least || number > most) rb_raise(rb_eArgError, "%s is out of range", name);
  return number;
}

const char *drl_ruby_text(VALUE value, const char *name) {
  if (NIL_P(value)) return NULL;
  drl_ruby_bytes(value, name);
  if (memchr(RSTRING_PTR(value), 0, (size_t)RSTRING_LEN(value)) != NULL) {
    rb_raise(rb_eArgError, "%s holds a NUL byte", name);
  }
  return StringValueCStr(value);
}

void drl_ruby_bytes(VALUE value, const char *name) {
  if (!RB_TYPE_P(value, T_STRING)) {
    rb_raise(rb_eTypeError, "%s must be a String, not %" PRIsVALUE, name, rb_obj_class(value));
  }
}

VALUE drl_ruby_metrics(drl_client *client) {
  drl_error error;
  size_t length = 16384;
  VALUE text = Qnil;
  drl_status status;
  do {
    text = rb_utf8_str_new(NULL, (long)length);
    status = drl_client_metrics(client, RSTRING_PTR(text), length, &length, &error);
    ++length; /* the NUL, should there be another round */
  } while (status == DRL_ERR_BUFFER);
  if (status != DRL_OK) drl_ruby_raise(status, error.message, Qnil);
  rb_str_set_len(text, (long)length - 1);
  return text;
}
