/* What a client has done so far: counters that are always on. */
#ifndef DRL_STATS_H
#define DRL_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "export.h"
#include "status.h"

/* State of the circuit breaker. */
enum {
  DRL_BREAKER_CLOSED = 0,   /* requests go to Redis */
  DRL_BREAKER_OPEN = 1,     /* requests are answered at once by the fail strategy */
  DRL_BREAKER_HALF_OPEN = 2 /* the same, while a probe is under way */
};

/* Latency bucket i counts decisions that took at most 2^(i+3) microseconds (8 us .. 4.2 s); the last has no bound. */
enum { DRL_LATENCY_BUCKETS = 21 };
/* Batch bucket i counts commands to Redis that carried at most 2^i decisions (1 .. 64). */
enum { DRL_BATCH_BUCKETS = 7 };

/** A snapshot. Set struct_size before the call; only that many bytes are written. Counters never go back, and start
 *  afresh in a forked child. Counters are read one by one while calls go on: sums may be apart by the calls of that moment.
 */
typedef struct drl_stats {
  uint32_t struct_size;
  int32_t breaker;            /* DRL_BREAKER_* */
  int64_t allowed;            /* decisions by outcome; peeks and resets are not counted among them */
  int64_t denied;
  int64_t never;
  int64_t undecided;          /* the sum of the next nine */
  int64_t degraded_timeout;
  int64_t degraded_connection; /* connect, resolve, connection lost */
  int64_t degraded_auth;       /* credentials or a permission refused: somebody must mend the configuration */
  int64_t degraded_redis;      /* error replies, protocol errors, foreign keys */
  int64_t degraded_circuit_open;
  int64_t degraded_queue_full;
  int64_t degraded_shed;
  int64_t cancelled;
  int64_t closed;
  int64_t peeks;
  int64_t resets;
  int64_t late_replies;       /* decisions that came after their request was given up */
  int64_t expired_in_redis;   /* sent decisions that Redis found past their deadline, uncharged */
  int64_t batches;            /* commands to Redis */
  int64_t batched_decisions;  /* decisions they carried */
  int64_t connects;           /* connections made */
  int64_t connect_failures;
  int64_t queue_depth;        /* requests waiting or in flight now */
  int64_t latency_sum_us;     /* of all decisions in the histogram */
  int64_t latency[DRL_LATENCY_BUCKETS]; /* submission to answer, of requests that Redis decided */
  int64_t batch_size[DRL_BATCH_BUCKETS];
  int32_t connected;          /* 1 while a connection is ready */
  int32_t breaker_opened;     /* times the breaker opened */
} drl_stats;

#define DRL_STATS_INIT \
  { (uint32_t)sizeof(drl_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, {0}, {0}, 0, 0 }

#ifdef __cplusplus
extern "C" {
#endif

/** Read the counters of a client.
 *  Returns: DRL_OK; DRL_ERR_STRUCT_SIZE. Out: stats. Thread: any. Blocks: no.
 */
DRL_API drl_status drl_client_stats(drl_client *client, drl_stats *stats, drl_error *error);

/** Write the counters as Prometheus text exposition (version 0.0.4), those of decisions by namespace and limiter name. The first 100
 *  pairs of these that a client sees have series of their own; all later ones share limiter="_other".
 *
 *  Returns: DRL_OK; DRL_ERR_BUFFER when `text_size` is too small: nothing is written, and text_len says what is needed
 *           (more may be needed by the next call).
 *  Out:     text  NUL-terminated; text_len  bytes before the NUL. Thread: any. Blocks: no.
 */
DRL_API drl_status drl_client_metrics(drl_client *client, char *text, size_t text_size, size_t *text_len,
                                      drl_error *error);

#ifdef __cplusplus
}
#endif

#endif /* DRL_STATS_H */
