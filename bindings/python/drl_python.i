/* The C part of the Python package: the functions of drl_flat.h, with bytes and ints in, tuples of ints and text out.
 *
 * A status other than DRL_OK becomes the exception that distributed_rate_limiter.errors makes of it. The GIL is released
 * in the calls that may wait, and kept in those that never do.
 */
%module(package="distributed_rate_limiter", threads="1") _native

%{
#include "drl_python.h"
%}

/* ---- Names, and who keeps the GIL ---- */

%rename("%(regex:/^drl_(flat_|python_)?(.*)/\\2/)s", %$isfunction) "";
%nothread;
%thread drl_flat_client_open;
%thread drl_flat_mailbox_wait;
%thread drl_flat_allow;
%thread drl_flat_reset;
%thread drl_flat_allow_many;

%ignore drl_client_close;
%ignore drl_limiter_close;
%ignore drl_queue_close;
%ignore drl_resolver_close;
%ignore drl_client_metrics;
%ignore drl_flat_mailbox_interrupt;
%ignore drl_flat_mailbox_close;

/* ---- Status ---- */

%typemap(out) drl_status { $result = Py_None; Py_INCREF($result); }
%typemap(in, numinputs=0) drl_error *error (drl_error reported) { $1 = &reported; }
%typemap(argout) drl_error *error {
  if (result != DRL_OK) {
    Py_CLEAR($result);
    drl_python_raise(result, $1->message);
    SWIG_fail;
  }
}

/* ---- Handles ---- */

%define %drl_handle(TYPE)
%typemap(in) TYPE *, const TYPE * {
  $1 = (TYPE *)drl_python_handle($input, #TYPE);
  if ($1 == NULL) SWIG_fail;
}
%typemap(in, numinputs=0) TYPE ** (TYPE *opened = NULL) { $1 = &opened; }
%typemap(argout) TYPE ** {
  if (result == DRL_OK) {
    Py_CLEAR($result);
    $result = drl_python_capsule(*$1, #TYPE);
    if ($result == NULL) SWIG_fail;
  }
}
%enddef
%drl_handle(drl_client)
%drl_handle(drl_limiter)
%drl_handle(drl_queue)
%drl_handle(drl_resolver)
%drl_handle(drl_flat_mailbox)
%typemap(in) drl_flat_mailbox *credentials {
  $1 = NULL;
  if ($input != Py_None) $1 = (drl_flat_mailbox *)drl_python_handle($input, "drl_flat_mailbox");
  if ($input != Py_None && $1 == NULL) SWIG_fail;
}

/* ---- In ---- */

%typemap(in) int64_t { if (!drl_python_int64($input, "$1_name", &$1)) SWIG_fail; }
%typemap(in) int32_t { if (!drl_python_int32($input, "$1_name", &$1)) SWIG_fail; }
%typemap(out) int32_t { $result = PyLong_FromLong((long)$1); }
%typemap(in) drl_status { if (!drl_python_int32($input, "$1_name", &$1)) SWIG_fail; }
%typemap(in) const char * { if (!drl_python_text($input, "$1_name", &$1)) SWIG_fail; }
%typemap(freearg) const char * ""

%typemap(in) (const char *bytes, size_t bytes_len) (PyObject *held = NULL) {
  if (!drl_python_bytes($input, "$1_name", &$1, &$2, &held)) SWIG_fail;
}
%typemap(freearg) (const char *bytes, size_t bytes_len) { Py_XDECREF(held$argnum); }
%apply (const char *bytes, size_t bytes_len) { (const char *identity, size_t identity_len) };
%apply (const char *bytes, size_t bytes_len) { (const char *peer, size_t peer_len) };
%apply (const char *bytes, size_t bytes_len) { (const char *lines, size_t lines_len) };
%apply (const char *bytes, size_t bytes_len) { (const char *options, size_t options_len) };
%apply (const char *bytes, size_t bytes_len) { (const char *username, size_t username_len) };
%apply (const char *bytes, size_t bytes_len) { (const char *password, size_t password_len) };
%apply (const char *bytes, size_t bytes_len) { (const char *why, size_t why_len) };

%typemap(in) (const int64_t *limits, size_t limits_len) (drl_python_numbers numbers = {NULL, 0}) {
  if (!drl_python_numbers_fill(&numbers, $input, "limits")) SWIG_fail;
  $1 = numbers.items;
  $2 = numbers.count;
}
%typemap(freearg) (const int64_t *limits, size_t limits_len) { PyMem_Free(numbers$argnum.items); }

%typemap(in) const int64_t decision[ANY] (int64_t numbers[DRL_FLAT_DECISION_LEN]) {
  if (!drl_python_decision($input, numbers)) SWIG_fail;
  $1 = numbers;
}

/* ---- Out ---- */

%typemap(in, numinputs=0) int64_t decision[ANY] (int64_t made[DRL_FLAT_DECISION_LEN]) { $1 = made; }
%typemap(argout) int64_t decision[ANY] {
  if (result == DRL_OK) {
    Py_CLEAR($result);
    $result = drl_python_decision_tuple($1);
    if ($result == NULL) SWIG_fail;
  }
}
%typemap(argout) const int64_t decision[ANY] ""

%typemap(in, numinputs=0) int64_t stats[ANY] (int64_t read[DRL_FLAT_STATS_LEN]) { $1 = read; }
%typemap(argout) int64_t stats[ANY] {
  if (result == DRL_OK) {
    Py_CLEAR($result);
    $result = drl_python_tuple($1, DRL_FLAT_STATS_LEN);
    if ($result == NULL) SWIG_fail;
  }
}

%typemap(in) (const char *identities, size_t identities_len, const int64_t *costs, size_t costs_len, int64_t *decisions)
    (drl_python_requests requests = {NULL, 0, NULL, NULL, 0}) {
  if (!drl_python_requests_fill(&requests, $input)) SWIG_fail;
  $1 = requests.identities == NULL ? "" : requests.identities;
  $2 = requests.identities_len;
  $3 = requests.costs;
  $4 = requests.count;
  $5 = requests.decisions;
}
%typemap(argout) (const char *identities, size_t identities_len, const int64_t *costs, size_t costs_len, int64_t *decisions) {
  if (result == DRL_OK) {
    Py_CLEAR($result);
    $result = drl_python_requests_decisions(&requests$argnum);
    if ($result == NULL) SWIG_fail;
  }
}
%typemap(freearg) (const char *identities, size_t identities_len, const int64_t *costs, size_t costs_len, int64_t *decisions) {
  drl_python_requests_clear(&requests$argnum);
}

/* Draining only: an event loop does the waiting. */
%typemap(in, numinputs=0) (int64_t timeout_us, int64_t *completions, int32_t capacity, int32_t *count)
    (int64_t ended[64 * DRL_FLAT_COMPLETION_LEN], int32_t count = 0) {
  $1 = 0;
  $2 = ended;
  $3 = 64;
  $4 = &count;
}
%typemap(argout) (int64_t timeout_us, int64_t *completions, int32_t capacity, int32_t *count) {
  if (result == DRL_OK) {
    Py_CLEAR($result);
    $result = drl_python_completions($2, *$4);
    if ($result == NULL) SWIG_fail;
  }
}

%define %drl_text_out(SIZE, TEXT, LENGTH)
%typemap(in, numinputs=0) (char TEXT[SIZE], size_t *LENGTH) (char written[SIZE], size_t length = 0) {
  $1 = written;
  $2 = &length;
}
%typemap(argout) (char TEXT[SIZE], size_t *LENGTH) {
  if (result == DRL_OK) {
    Py_CLEAR($result);
    $result = PyUnicode_DecodeUTF8($1, (Py_ssize_t)*$2, NULL);
    if ($result == NULL) SWIG_fail;
  }
}
%enddef
%drl_text_out(DRL_FLAT_HEADERS_SIZE, text, text_len)
%drl_text_out(DRL_CLIENT_ADDRESS_SIZE, address, address_len)
%drl_text_out(DRL_KEY_SIZE, key, key_len)

%typemap(in, numinputs=0) (char body[DRL_PROBLEM_SIZE_MAX], size_t *body_len, int32_t *http_status)
    (char written[DRL_PROBLEM_SIZE_MAX], size_t length = 0, int32_t status = 0) {
  $1 = written;
  $2 = &length;
  $3 = &status;
}
%typemap(argout) (char body[DRL_PROBLEM_SIZE_MAX], size_t *body_len, int32_t *http_status) {
  if (result == DRL_OK) {
    Py_CLEAR($result);
    $result = Py_BuildValue("iy#", (int)*$3, $1, (Py_ssize_t)*$2);
    if ($result == NULL) SWIG_fail;
  }
}

%typemap(in) PyObject *factory { $1 = $input; }

int drl_python_set_error_factory(PyObject *factory);
PyObject *drl_python_metrics(drl_client *client);
int32_t drl_queue_fd(drl_queue *queue);

%include "drl_flat.i"
