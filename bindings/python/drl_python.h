/* What the typemaps of drl_python.i share: Python objects to C and back.
 *
 * A function that returns 0 or NULL has set a Python exception. Handles are capsules: closed by the last reference, so that no call
 * can meet a handle that another thread is closing.
 */
#ifndef DRL_PYTHON_H
#define DRL_PYTHON_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "drl_flat.h"

/* The exception type or instance for (status, message) comes from Python. */
int drl_python_set_error_factory(PyObject *factory);
void drl_python_raise(drl_status status, const char *message);

/* A handle and the capsule around it. None stands for a closed one: DRL_ERR_CLOSED. */
void *drl_python_handle(PyObject *capsule, const char *type);
PyObject *drl_python_capsule(void *handle, const char *type);

/* str as UTF-8 and bytes are borrowed, to be read only; any other buffer may change under way and is copied, into *held. The
   pointers are those that SWIG declares. */
int drl_python_bytes(PyObject *object, const char *name, char **bytes, size_t *length, PyObject **held);
/* str without NUL; None is NULL. Borrowed. */
int drl_python_text(PyObject *object, const char *name, char **text);
/* Any int, but no bool. What does not fit becomes the nearest that does: the library refuses it by name. */
int drl_python_int64(PyObject *object, const char *name, int64_t *number);
int drl_python_int32(PyObject *object, const char *name, int32_t *number);

PyObject *drl_python_tuple(const int64_t *numbers, Py_ssize_t count);
/* A decision as a tuple that ends with its last limit in force: there is one mostly, where the array has room for 8. */
PyObject *drl_python_decision_tuple(const int64_t *decision);
int drl_python_decision(PyObject *object, int64_t decision[DRL_FLAT_DECISION_LEN]);
/* List of (id, status, decision). */
PyObject *drl_python_completions(const int64_t *completions, int32_t count);

/* A sequence of ints, copied. */
typedef struct drl_python_numbers {
  int64_t *items;
  size_t count;
} drl_python_numbers;
int drl_python_numbers_fill(drl_python_numbers *numbers, PyObject *sequence, const char *name);

/* A list of (identity, cost), packed as drl_flat_allow_many wants it, with room for its decisions. All freed by _clear. */
typedef struct drl_python_requests {
  char *identities;
  size_t identities_len;
  int64_t *costs;
  int64_t *decisions;
  size_t count;
} drl_python_requests;
int drl_python_requests_fill(drl_python_requests *requests, PyObject *list);
void drl_python_requests_clear(drl_python_requests *requests);
PyObject *drl_python_requests_decisions(const drl_python_requests *requests);

/* drl_client_metrics as str, however long. */
PyObject *drl_python_metrics(drl_client *client);

#endif /* DRL_PYTHON_H */
