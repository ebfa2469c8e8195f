/* Helpers of the wrapper that SWIG generates from drl_java.i, which alone includes this file. */
#ifndef DRL_JAVA_H
#define DRL_JAVA_H

#include <jni.h>
#include <stdlib.h>
#include <string.h>

#include "drl_flat.h"

/* What the Java side says again. */
_Static_assert(DRL_FLAT_ALLOWED == 0 && DRL_FLAT_FLAGS == 4 && DRL_FLAT_LIMIT == 6 && DRL_FLAT_DECIDED_AT_US == 11, "Decision.of");
_Static_assert(DRL_FLAT_LIMITS_COUNT == 13 && DRL_FLAT_LIMITS == 14 && DRL_LIMITS_MAX == 8, "Decision.LIMITS");
_Static_assert(DRL_FLAT_LIMIT_RATE == 0 && DRL_FLAT_LIMIT_RESET_AFTER_US == 4 && DRL_FLAT_LIMIT_LEN == 5, "LimitStates.get");
_Static_assert(DRL_FLAT_DECISION_LEN == 54 && DRL_FLAT_COMPLETION_LEN == 56, "Decision.LENGTH, Pump.COMPLETION_LENGTH");
_Static_assert(DRL_DECISION_DEGRADED == 1 && DRL_FAIL_OPEN == 1 && DRL_FAIL_ERROR == 3, "Decision.DEGRADED, FailStrategy.code");
_Static_assert(DRL_FLAT_STATS_LEN == 54 && DRL_LATENCY_BUCKETS == 21 && DRL_BATCH_BUCKETS == 7, "order of Stats.of");
_Static_assert(DRL_REQUESTS_MAX == 4096, "RateLimiter.REQUESTS_MAX");
_Static_assert(sizeof(jlong) == sizeof(int64_t) && sizeof(jint) == sizeof(int32_t), "numbers are copied as they are");

/* A copy of a Java array of bytes, with a NUL behind it; small ones stay on the stack. */
typedef struct Bytes {
  char *data;
  size_t length;
  char small[248];
} Bytes;

enum { COMPLETIONS_MAX = 64 };

typedef struct Completions {
  int32_t count;
  int64_t numbers[COMPLETIONS_MAX * DRL_FLAT_COMPLETION_LEN];
} Completions;

static jbyteArray GiveBytes(JNIEnv *jenv, const char *data, size_t length) {
  const jbyteArray array = (*jenv)->NewByteArray(jenv, (jsize)length);
  if (array != NULL) (*jenv)->SetByteArrayRegion(jenv, array, 0, (jsize)length, (const jbyte *)data);
  return array;
}

/* The class is looked up each time, by the class loader of the method that called here. To keep it would keep its class loader: a web
   application could never be unloaded. */
static void RaiseError(JNIEnv *jenv, drl_status status, const char *message) {
  const jclass errors = (*jenv)->FindClass(jenv, "libdrl/Errors");
  const jmethodID raise = errors == NULL ? NULL : (*jenv)->GetStaticMethodID(jenv, errors, "raise", "(I[B)V");
  const jbyteArray text = raise == NULL ? NULL : GiveBytes(jenv, message, strlen(message));
  if (text != NULL) (*jenv)->CallStaticVoidMethod(jenv, errors, raise, (jint)status, text);
}

/* Returns 0 with an exception pending when there is no memory. */
static int TakeBytes(JNIEnv *jenv, jbyteArray array, Bytes *bytes) {
  bytes->data = bytes->small;
  bytes->length = array == NULL ? 0 : (size_t)(*jenv)->GetArrayLength(jenv, array);
  if (bytes->length >= sizeof bytes->small) {
    bytes->data = malloc(bytes->length + 1);
    if (bytes->data == NULL) {
      RaiseError(jenv, DRL_ERR_MEMORY, drl_status_message(DRL_ERR_MEMORY));
      return 0;
    }
  }
  if (bytes->length > 0) (*jenv)->GetByteArrayRegion(jenv, array, 0, (jsize)bytes->length, (jbyte *)bytes->data);
  bytes->data[bytes->length] = '\0';
  return 1;
}

static void DropBytes(Bytes *bytes) {
  if (bytes->data != bytes->small) free(bytes->data);
}

static int32_t CompletionsCapacity(jsize array_length) {
  const int32_t capacity = (array_length - 1) / DRL_FLAT_COMPLETION_LEN;
  return capacity < COMPLETIONS_MAX ? capacity : COMPLETIONS_MAX;
}

static void GiveCompletions(JNIEnv *jenv, jlongArray array, const Completions *ended) {
  const jlong count = ended->count;
  (*jenv)->SetLongArrayRegion(jenv, array, 0, 1, &count);
  (*jenv)->SetLongArrayRegion(jenv, array, 1, ended->count * DRL_FLAT_COMPLETION_LEN, (const jlong *)ended->numbers);
}

/* Of a decision, those numbers that mean something. */
static void GiveDecision(JNIEnv *jenv, jlongArray array, const int64_t *decision) {
  const jsize length = (jsize)(DRL_FLAT_LIMITS + decision[DRL_FLAT_LIMITS_COUNT] * DRL_FLAT_LIMIT_LEN);
  (*jenv)->SetLongArrayRegion(jenv, array, 0, length, (const jlong *)decision);
}

#endif /* DRL_JAVA_H */
