#include "drl_python.h"

#include <string.h>

static PyObject *error_factory;

int drl_python_set_error_factory(PyObject *factory) {
  PyObject *old = error_factory;
  Py_INCREF(factory);
  error_factory = factory;
  Py_XDECREF(old);
  return 1;
}

void drl_python_raise(drl_status status, const char *message) {
  PyObject *error, *text;
  if (error_factory == NULL) {
    PyErr_SetString(PyExc_RuntimeError, message);
    return;
  }
  /* Whatever the message quotes, a server's answer or half a character of an argument: it must not become another error. */
  text = PyUnicode_DecodeUTF8(message, (Py_ssize_t)strlen(message), "replace");
  if (text == NULL) return;
  error = PyObject_CallFunction(error_factory, "iN", (int)status, text);
  if (error == NULL) return;
  PyErr_SetObject((PyObject *)Py_TYPE(error), error);
  Py_DECREF(error);
}

/* ---- Handles ---- */

void *drl_python_handle(PyObject *capsule, const char *type) {
  if (capsule == Py_None) {
    char message[64];
    PyOS_snprintf(message, sizeof message, "the %s is closed", type + sizeof "drl_" - 1);
    drl_python_raise(DRL_ERR_CLOSED, message);
    return NULL;
  }
  return PyCapsule_GetPointer(capsule, type);
}

static void Close(PyObject *capsule) {
  const char *type = PyCapsule_GetName(capsule);
  void *handle = PyCapsule_GetPointer(capsule, type);
  /* Closing may wait for the I/O thread. */
  Py_BEGIN_ALLOW_THREADS
  if (strcmp(type, "drl_client") == 0) drl_client_close(handle);
  if (strcmp(type, "drl_limiter") == 0) drl_limiter_close(handle);
  if (strcmp(type, "drl_queue") == 0) drl_queue_close(handle);
  if (strcmp(type, "drl_resolver") == 0) drl_resolver_close(handle);
  if (strcmp(type, "drl_flat_mailbox") == 0) drl_flat_mailbox_close(handle);
  Py_END_ALLOW_THREADS
}

PyObject *drl_python_capsule(void *handle, const char *type) { return PyCapsule_New(handle, type, Close); }

/* ---- Into C ---- */

static int WrongType(PyObject *object, const char *name, const char *wanted) {
  PyErr_Format(PyExc_TypeError, "%s must be %s, not %.100s", name, wanted, Py_TYPE(object)->tp_name);
  return 0;
}

static char *Utf8(PyObject *object, const char *name, Py_ssize_t *length) {
  char *text = (char *)PyUnicode_AsUTF8AndSize(object, length);
  if (text == NULL && PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
    PyErr_Clear();
    PyErr_Format(PyExc_ValueError, "%s holds a lone surrogate, which UTF-8 cannot express", name);
  }
  return text;
}

int drl_python_bytes(PyObject *object, const char *name, char **bytes, size_t *length, PyObject **held) {
  Py_ssize_t size = 0;
  if (PyUnicode_Check(object)) {
    *bytes = Utf8(object, name, &size);
  } else if (PyBytes_Check(object)) {
    *bytes = PyBytes_AS_STRING(object);
    size = PyBytes_GET_SIZE(object);
  } else if (PyObject_CheckBuffer(object)) {
    *held = PyBytes_FromObject(object);
    *bytes = *held == NULL ? NULL : PyBytes_AS_STRING(*held);
    size = *held == NULL ? 0 : PyBytes_GET_SIZE(*held);
  } else {
    return WrongType(object, name, "str or bytes");
  }
  *length = (size_t)size;
  return *bytes != NULL;
}

int drl_python_text(PyObject *object, const char *name, char **text) {
  Py_ssize_t length = 0;
  *text = NULL;
  if (object == Py_None) return 1;
  if (!PyUnicode_Check(object)) return WrongType(object, name, "str");
  *text = Utf8(object, name, &length);
  if (*text != NULL && strlen(*text) != (size_t)length) {
    PyErr_Format(PyExc_ValueError, "%s holds a NUL character", name);
    return 0;
  }
  return *text != NULL;
}

int drl_python_int64(PyObject *object, const char *name, int64_t *number) {
  int overflow = 0;
  PyObject *index = NULL;
  if (PyBool_Check(object) || !PyIndex_Check(object)) return WrongType(object, name, "int");
  if (!PyLong_Check(object)) {
    index = PyNumber_Index(object);
    if (index == NULL) return 0;
    object = index;
  }
  *number = PyLong_AsLongLongAndOverflow(object, &overflow);
  Py_XDECREF(index);
  if (overflow != 0) *number = overflow > 0 ? INT64_MAX : INT64_MIN;
  return overflow != 0 || *number != -1 || !PyErr_Occurred();
}

int drl_python_int32(PyObject *object, const char *name, int32_t *number) {
  int64_t wide = 0;
  if (!drl_python_int64(object, name, &wide)) return 0;
  *number = wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
  return 1;
}

/* How many of a decision's numbers mean something. */
static Py_ssize_t DecisionLength(const int64_t *decision) {
  return DRL_FLAT_LIMITS + (Py_ssize_t)decision[DRL_FLAT_LIMITS_COUNT] * DRL_FLAT_LIMIT_LEN;
}

int drl_python_decision(PyObject *object, int64_t decision[DRL_FLAT_DECISION_LEN]) {
  Py_ssize_t i;
  const Py_ssize_t length = PyTuple_Check(object) ? PyTuple_GET_SIZE(object) : 0;
  if (length < DRL_FLAT_LIMITS || length > DRL_FLAT_DECISION_LEN) {
    return WrongType(object, "decision", "a tuple of ints as drl_flat.h has them");
  }
  memset(decision, 0, DRL_FLAT_DECISION_LEN * sizeof *decision);
  for (i = 0; i < length; ++i) {
    if (!drl_python_int64(PyTuple_GET_ITEM(object, i), "decision", &decision[i])) return 0;
  }
  if (decision[DRL_FLAT_LIMITS_COUNT] < 0 || decision[DRL_FLAT_LIMITS_COUNT] > DRL_LIMITS_MAX ||
      DecisionLength(decision) != length) {
    PyErr_Format(PyExc_ValueError, "decision has %zd ints, which are not those of its limits", length);
    return 0;
  }
  return 1;
}

int drl_python_numbers_fill(drl_python_numbers *numbers, PyObject *sequence, const char *name) {
  PyObject *list = PySequence_Fast(sequence, "not a sequence");
  Py_ssize_t i;
  int ok;
  if (list == NULL) return 0;
  numbers->count = (size_t)PySequence_Fast_GET_SIZE(list);
  numbers->items = PyMem_Calloc(numbers->count + 1, sizeof *numbers->items);
  ok = numbers->items != NULL;
  if (!ok) PyErr_NoMemory();
  for (i = 0; ok && i < PySequence_Fast_GET_SIZE(list); ++i) {
    ok = drl_python_int64(PySequence_Fast_GET_ITEM(list, i), name, &numbers->items[i]);
  }
  Py_DECREF(list);
  return ok;
}

/* ---- Many requests ---- */

/* Appends one identity behind its length, 4 bytes, big-endian. What is longer than any identity is cut: the library still refuses it. */
static int Pack(drl_python_requests *requests, size_t *capacity, const char *bytes, size_t length) {
  char *at;
  if (length > DRL_IDENTITY_LEN_MAX + 1) length = DRL_IDENTITY_LEN_MAX + 1;
  if (*capacity - requests->identities_len < length + 4) {
    char *grown = PyMem_Realloc(requests->identities, *capacity = 2 * (*capacity + length + 4));
    if (grown == NULL) {
      PyErr_NoMemory();
      return 0;
    }
    requests->identities = grown;
  }
  at = requests->identities + requests->identities_len;
  at[0] = (char)(length >> 24);
  at[1] = (char)(length >> 16);
  at[2] = (char)(length >> 8);
  at[3] = (char)length;
  memcpy(at + 4, bytes, length);
  requests->identities_len += length + 4;
  return 1;
}

static int Add(drl_python_requests *requests, size_t *capacity, PyObject *pair, Py_ssize_t i) {
  char *bytes = NULL;
  size_t length = 0;
  PyObject *held = NULL;
  char name[48];
  int ok;
  if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) return WrongType(pair, "request", "(identity, cost)");
  PyOS_snprintf(name, sizeof name, "requests[%ld].identity", (long)i);
  ok = drl_python_bytes(PyTuple_GET_ITEM(pair, 0), name, &bytes, &length, &held) &&
       Pack(requests, capacity, bytes, length);
  Py_XDECREF(held);
  PyOS_snprintf(name, sizeof name, "requests[%ld].cost", (long)i);
  return ok && drl_python_int64(PyTuple_GET_ITEM(pair, 1), name, &requests->costs[i]);
}

int drl_python_requests_fill(drl_python_requests *requests, PyObject *list) {
  size_t capacity = 0;
  Py_ssize_t i;
  if (!PyList_Check(list)) return WrongType(list, "requests", "list");
  requests->count = (size_t)PyList_GET_SIZE(list);
  requests->costs = PyMem_Calloc(requests->count + 1, sizeof *requests->costs);
  requests->decisions = PyMem_Calloc(requests->count * DRL_FLAT_DECISION_LEN + 1, sizeof *requests->decisions);
  if (requests->costs == NULL || requests->decisions == NULL) {
    PyErr_NoMemory();
    return 0;
  }
  for (i = 0; i < (Py_ssize_t)requests->count; ++i) {
    if (!Add(requests, &capacity, PyList_GET_ITEM(list, i), i)) return 0;
  }
  return 1;
}

void drl_python_requests_clear(drl_python_requests *requests) {
  PyMem_Free(requests->identities);
  PyMem_Free(requests->costs);
  PyMem_Free(requests->decisions);
}

/* ---- Out of C ---- */

PyObject *drl_python_tuple(const int64_t *numbers, Py_ssize_t count) {
  PyObject *tuple = PyTuple_New(count);
  Py_ssize_t i;
  for (i = 0; tuple != NULL && i < count; ++i) {
    PyObject *number = PyLong_FromLongLong(numbers[i]);
    if (number == NULL) {
      Py_CLEAR(tuple);
    } else {
      PyTuple_SET_ITEM(tuple, i, number);
    }
  }
  return tuple;
}

PyObject *drl_python_decision_tuple(const int64_t *decision) { return drl_python_tuple(decision, DecisionLength(decision)); }

PyObject *drl_python_completions(const int64_t *completions, int32_t count) {
  PyObject *list = PyList_New(count);
  int32_t i;
  for (i = 0; list != NULL && i < count; ++i) {
    const int64_t *one = completions + (size_t)i * DRL_FLAT_COMPLETION_LEN;
    PyObject *item = Py_BuildValue("LiN", (long long)one[0], (int)one[1], drl_python_decision_tuple(one + 2));
    if (item == NULL) {
      Py_CLEAR(list);
    } else {
      PyList_SET_ITEM(list, i, item);
    }
  }
  return list;
}

PyObject *drl_python_requests_decisions(const drl_python_requests *requests) {
  PyObject *list = PyList_New((Py_ssize_t)requests->count);
  size_t i;
  for (i = 0; list != NULL && i < requests->count; ++i) {
    PyObject *decision = drl_python_decision_tuple(requests->decisions + i * DRL_FLAT_DECISION_LEN);
    if (decision == NULL) {
      Py_CLEAR(list);
    } else {
      PyList_SET_ITEM(list, (Py_ssize_t)i, decision);
    }
  }
  return list;
}

PyObject *drl_python_metrics(drl_client *client) {
  drl_error error;
  drl_status status = DRL_ERR_BUFFER;
  PyObject *result = NULL;
  char *text = NULL;
  size_t size = 16384;
  size_t length = 0;
  while (status == DRL_ERR_BUFFER) {
    char *grown = PyMem_Realloc(text, size);
    if (grown == NULL) {
      PyMem_Free(text);
      return PyErr_NoMemory();
    }
    text = grown;
    status = drl_client_metrics(client, text, size, &length, &error);
    size = 2 * (length + 1);
  }
  if (status == DRL_OK) result = PyUnicode_DecodeUTF8(text, (Py_ssize_t)length, NULL);
  if (status != DRL_OK) drl_python_raise(status, error.message);
  PyMem_Free(text);
  return result;
}
