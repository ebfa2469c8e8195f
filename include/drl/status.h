/* Status codes: one table for every function of the library.
 *
 * A denied request is data (see decision.h), never an error.
 *
 *   1..99     the call was wrong: fix the program or its configuration. Nothing was sent to Redis,
 *             and no fail strategy turns such an error into an answer.
 *   100..199  Redis did not decide. The fail strategy of the limiter speaks; with "open" and "closed" the
 *             code is the decision's `cause`, with "error" it is returned.
 *   200..299  the handle or the call was ended, or the system lacks a resource.
 */
#ifndef DRL_STATUS_H
#define DRL_STATUS_H

#include <stdint.h>

#include "export.h"

/* X(name, value, message)
 *
 * DRL_ERR_HANDLE is a help against mistakes. Using a closed handle is undefined: it is answered so at best, if its freed memory
 * still looks like one.
 */
#define DRL_STATUS_TABLE(X)                                                                   \
  X(DRL_OK, 0, "ok")                                                                          \
  X(DRL_ERR_NULL, 1, "a required pointer is NULL")                                            \
  X(DRL_ERR_STRUCT_SIZE, 2, "struct_size is not that of a known version of the struct")       \
  X(DRL_ERR_HANDLE, 3, "the handle is of another type or client")                             \
  X(DRL_ERR_IDENTITY, 4, "identity must be 1 to 65536 bytes")                                 \
  X(DRL_ERR_COST, 5, "cost is out of range")                                                  \
  X(DRL_ERR_RATE, 6, "rate is out of range")                                                  \
  X(DRL_ERR_PER, 7, "per is out of range")                                                    \
  X(DRL_ERR_BURST, 8, "burst is out of range")                                                \
  X(DRL_ERR_LIMITS, 9, "a limiter has 1 to 8 limits")                                         \
  X(DRL_ERR_NAMESPACE, 10, "namespace has a wrong length or character")                       \
  X(DRL_ERR_NAME, 11, "name has a wrong length or character")                                 \
  X(DRL_ERR_FAIL_STRATEGY, 12, "unknown fail strategy")                                       \
  X(DRL_ERR_URL, 13, "redis_url is malformed")                                                \
  X(DRL_ERR_URL_SCHEME, 14, "redis_url has an unknown scheme")                                \
  X(DRL_ERR_URL_PARAMETER, 15, "redis_url has an unknown parameter or a bad value")           \
  X(DRL_ERR_URL_PORT, 16, "redis_url has a bad port")                                         \
  X(DRL_ERR_URL_DATABASE, 17, "redis_url has a bad database number")                          \
  X(DRL_ERR_OPTION, 18, "an option is out of range")                                          \
  X(DRL_ERR_UNSUPPORTED, 19, "not supported by this version of the library")                  \
  X(DRL_ERR_BUFFER, 20, "the buffer is too small")                                            \
  X(DRL_ERR_CAPACITY, 21, "a count or capacity is out of range")                              \
  X(DRL_ERR_DUPLICATE_ID, 22, "the id is in use by another request of this queue")            \
  X(DRL_ERR_UNKNOWN_ID, 23, "no request with this id is waiting")                             \
  X(DRL_ERR_ADDRESS, 24, "not an IP address or network")                                      \
  X(DRL_ERR_REENTRANT, 25, "a blocking call was made from a callback")                        \
  X(DRL_ERR_TIMEOUT, 100, "Redis did not answer before the deadline")                         \
  X(DRL_ERR_CONNECT, 101, "cannot connect to Redis")                                          \
  X(DRL_ERR_RESOLVE, 102, "cannot resolve the host name of Redis")                            \
  X(DRL_ERR_AUTH, 103, "Redis refused the credentials")                                       \
  X(DRL_ERR_PERMISSION, 104, "the Redis user lacks a permission")                             \
  X(DRL_ERR_CONNECTION_LOST, 105, "the connection to Redis was lost")                         \
  X(DRL_ERR_PROTOCOL, 106, "Redis sent a reply that this library does not understand")        \
  X(DRL_ERR_REDIS, 107, "Redis answered with an error")                                       \
  X(DRL_ERR_LOADING, 108, "Redis is loading its data set")                                    \
  X(DRL_ERR_READONLY, 109, "Redis is a read-only replica")                                    \
  X(DRL_ERR_OOM, 110, "Redis is out of memory")                                               \
  X(DRL_ERR_BUSY, 111, "Redis is busy with a slow script")                                    \
  X(DRL_ERR_KEY_TYPE, 112, "the key in Redis holds something that this library did not write") \
  X(DRL_ERR_CIRCUIT_OPEN, 113, "Redis stopped answering and was not asked")                   \
  X(DRL_ERR_QUEUE_FULL, 114, "too many requests are waiting")                                 \
  X(DRL_ERR_SHED, 115, "the request could not have met its deadline and was not sent")        \
  X(DRL_ERR_CLOCK, 116, "the clock of Redis stands before 2025 or after 2167")                \
  X(DRL_ERR_CLOSED, 200, "the client is closed")                                              \
  X(DRL_ERR_CANCELLED, 201, "the request was cancelled")                                      \
  X(DRL_ERR_COMPLETIONS_FULL, 202, "the completion queue is full")                            \
  X(DRL_ERR_MEMORY, 203, "out of memory")                                                     \
  X(DRL_ERR_SYSTEM, 204, "the system refused a thread, a descriptor or a random number")      \
  X(DRL_ERR_INTERNAL, 205, "internal error of the library")

/* Enumerators by name; functions return them as the fixed-width drl_status. */
enum {
#define DRL_STATUS_ENUMERATOR(name, value, message) name = value,
  DRL_STATUS_TABLE(DRL_STATUS_ENUMERATOR)
#undef DRL_STATUS_ENUMERATOR
};

typedef int32_t drl_status;

/** What went wrong, in the caller's own memory. No other call changes it.
 *  `message` is a complete English sentence, NUL-terminated UTF-8 without control characters, never empty when status is
 *  not DRL_OK; it names the argument or the cause, and never holds a password or an identity.
 */
typedef struct drl_error {
  drl_status status;
  int32_t reserved;
  char message[248];
} drl_error;

#ifdef __cplusplus
extern "C" {
#endif

/** Name of a status as in this header, such as "DRL_ERR_TIMEOUT"; "DRL_ERR_UNKNOWN" for other values.
 *  Returns: a string that lives as long as the library is loaded. Thread: any. Blocks: no.
 */
DRL_API const char *drl_status_name(drl_status status);

/** The general message of a status, for logs; a drl_error says more.
 *  Returns: a string that lives as long as the library is loaded. Thread: any. Blocks: no.
 */
DRL_API const char *drl_status_message(drl_status status);

#ifdef __cplusplus
}
#endif

#endif /* DRL_STATUS_H */
