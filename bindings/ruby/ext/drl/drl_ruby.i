/* The flat shim for Ruby, as the module functions of Drl::Native. Nothing here is public: lib/drl wraps it.
 *
 * A drl_status becomes an exception, an output parameter becomes the result, several an Array. An argument of the wrong
 * type or range raises TypeError or ArgumentError with the name that drl_flat.h gives it.
 */
%module "drl::native"

%{
#include "drl_flat.h"
#include "handle.h"
#include "mailbox.h"
#include "wait.h"
%}

%rename("%(regex:/^drl_(?:flat_|ruby_)?(.*)/\\1/)s", %$isfunction) "";
%rename("$ignore", %$isenumitem) "";

typedef int drl_status;

/* ---- Status ---- */

/* Without a block of its own, so that the code after the call can see it. */
%typemap(in, numinputs=0, noblock=1) drl_error *error {
  drl_error failure;
  $1 = &failure;
}
%typemap(argout) drl_error *error ""
%typemap(out) drl_status "$result = Qnil;"
%exception {
  $action
  if (result != DRL_OK) drl_ruby_raise(result, failure.message, Qnil);
}

/* ---- Arguments ---- */

%typemap(in) int64_t { $1 = drl_ruby_integer($input, INT64_MIN, INT64_MAX, "$1_name"); }
%typemap(in) int32_t { $1 = (int32_t)drl_ruby_integer($input, INT32_MIN, INT32_MAX, "$1_name"); }
%typemap(in) const char * { $1 = (char *)drl_ruby_text($input, "$1_name"); }
%typemap(freearg) const char * ""
%typemap(in) (const char *BYTES, size_t LENGTH) {
  drl_ruby_bytes($input, "$1_name");
  $1 = RSTRING_PTR($input);
  $2 = (size_t)RSTRING_LEN($input);
}
%typemap(freearg) (const char *BYTES, size_t LENGTH) ""
%apply (const char *BYTES, size_t LENGTH) {
  (const char *identity, size_t identity_len), (const char *peer, size_t peer_len), (const char *lines, size_t lines_len),
  (const char *options, size_t options_len), (const char *username, size_t username_len),
  (const char *password, size_t password_len), (const char *why, size_t why_len)
};
%typemap(in) drl_ruby_client * { $1 = drl_ruby_client_of($input); }
%typemap(in) drl_client * { $1 = drl_ruby_client_of($input)->handle; }
%typemap(in) drl_limiter * { $1 = drl_ruby_limiter_of($input); }
%typemap(in) drl_resolver * { $1 = drl_ruby_resolver_of($input); }
%typemap(in) drl_flat_mailbox * { $1 = drl_ruby_mailbox_of($input); }
%typemap(in) drl_flat_mailbox *credentials { $1 = NIL_P($input) ? NULL : drl_ruby_mailbox_of($input); }

/* At most 8 limits of 3 numbers; more are cut to a length that the shim refuses. */
%typemap(in) (const int64_t *limits, size_t limits_len) (int64_t numbers[3 * DRL_LIMITS_MAX + 1]) {
  Check_Type($input, T_ARRAY);
  $1 = numbers;
  for ($2 = 0; $2 < (size_t)RARRAY_LEN($input) && $2 <= 3 * DRL_LIMITS_MAX; ++$2) {
    numbers[$2] = drl_ruby_integer(RARRAY_AREF($input, (long)$2), INT64_MIN, INT64_MAX, "$1_name");
  }
}

%typemap(in) const int64_t decision[ANY] (int64_t numbers[$1_dim0]) {
  drl_ruby_decision_fill($input, numbers);
  $1 = numbers;
}

/* ---- Results ---- */

%typemap(in, numinputs=0) drl_client ** (drl_client *opened) "$1 = &opened;"
%typemap(argout) drl_client ** "$result = drl_ruby_wrap_client(*$1);"
%typemap(in, numinputs=0) drl_limiter ** (drl_limiter *opened) "$1 = &opened;"
%typemap(argout) drl_limiter ** "$result = drl_ruby_wrap_limiter(*$1);"
%typemap(in, numinputs=0) drl_resolver ** (drl_resolver *opened) "$1 = &opened;"
%typemap(argout) drl_resolver ** "$result = drl_ruby_wrap_resolver(*$1);"
%typemap(in, numinputs=0) drl_flat_mailbox ** (drl_flat_mailbox *opened) "$1 = &opened;"
%typemap(argout) drl_flat_mailbox ** "$result = drl_ruby_wrap_mailbox(*$1);"

%typemap(in, numinputs=0) (char text[DRL_FLAT_HEADERS_SIZE], size_t *text_len) (char bytes[DRL_FLAT_HEADERS_SIZE], size_t length),
                          (char address[DRL_CLIENT_ADDRESS_SIZE], size_t *address_len) (char bytes[DRL_CLIENT_ADDRESS_SIZE], size_t length),
                          (char key[DRL_KEY_SIZE], size_t *key_len) (char bytes[DRL_KEY_SIZE], size_t length) {
  $1 = bytes;
  $2 = &length;
}
%typemap(argout) (char text[DRL_FLAT_HEADERS_SIZE], size_t *text_len), (char address[DRL_CLIENT_ADDRESS_SIZE], size_t *address_len),
                 (char key[DRL_KEY_SIZE], size_t *key_len)
  "$result = rb_utf8_str_new($1, (long)*$2);"
%typemap(in, numinputs=0) (char body[DRL_PROBLEM_SIZE_MAX], size_t *body_len, int32_t *http_status)
    (char bytes[DRL_PROBLEM_SIZE_MAX], size_t length, int32_t status) {
  $1 = bytes;
  $2 = &length;
  $3 = &status;
}
%typemap(argout) (char body[DRL_PROBLEM_SIZE_MAX], size_t *body_len, int32_t *http_status)
  "$result = rb_assoc_new(INT2NUM(*$3), rb_utf8_str_new($1, (long)*$2));"

%typemap(in, numinputs=0) int64_t stats[ANY] (int64_t numbers[$1_dim0]) "$1 = numbers;"
%typemap(argout) int64_t stats[ANY] {
  $result = rb_ary_new_capa($1_dim0);
  for (int i = 0; i < $1_dim0; ++i) rb_ary_push($result, LL2NUM($1[i]));
}

/* ---- What is wrapped ---- */

%ignore drl_flat_allow;
%ignore drl_flat_reset;
%ignore drl_flat_allow_many;
%ignore drl_flat_queue_open;
%ignore drl_flat_queue_submit;
%ignore drl_flat_queue_wait;
%ignore drl_flat_mailbox_wait;
%ignore drl_flat_mailbox_interrupt;
%ignore drl_flat_mailbox_answer;
%ignore drl_flat_mailbox_stop;
%ignore drl_flat_mailbox_close;
%include "drl_flat.h"

%exception;
VALUE drl_ruby_allow(drl_ruby_client *client, drl_limiter *limiter, const char *identity, size_t identity_len,
                     int64_t cost);
VALUE drl_ruby_reset(drl_ruby_client *client, drl_limiter *limiter, const char *identity, size_t identity_len);
VALUE drl_ruby_allow_many(drl_ruby_client *client, drl_limiter *limiter, VALUE identities, VALUE costs);
VALUE drl_ruby_metrics(drl_client *client);
VALUE drl_ruby_mailbox_wait(drl_flat_mailbox *mailbox);
void drl_ruby_mailbox_answer(drl_flat_mailbox *mailbox, const char *username, size_t username_len, const char *password,
                             size_t password_len, int64_t expires_in_us, const char *why, size_t why_len);
void drl_ruby_mailbox_stop(drl_flat_mailbox *mailbox);
void drl_ruby_client_keep(VALUE object, VALUE keeper);
VALUE drl_ruby_closed(VALUE object);
void drl_ruby_close(VALUE object);

%typemap(out) const char * "$result = rb_usascii_str_new_cstr($1);"
const char *drl_status_name(int32_t status);
const char *drl_version(void);
