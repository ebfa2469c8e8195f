/* The log of a client as lines to fetch, for programs that want no callback on a foreign thread. */
#ifndef DRL_LOG_H
#define DRL_LOG_H

#include <stdint.h>

#include "client.h"
#include "export.h"
#include "status.h"

/** One line about the connection's life: connected, lost, refused. No line per request, no identity, no key, no password.
 *  The layout is frozen.
 */
typedef struct drl_log_line {
  int64_t at_us; /* wall clock of this machine, microseconds since 1970-01-01 UTC */
  int32_t level; /* DRL_LOG_* */
  int32_t reserved;
  char message[496]; /* NUL-terminated UTF-8 without control characters, cut to fit */
} drl_log_line;

#ifdef __cplusplus
extern "C" {
#endif

/** A descriptor that polls readable while lines wait. Wait for it with poll, epoll or an event loop; never read, write or close
 *  it. Draining resets it. It may be readable with nothing there. In a forked child it is another descriptor: ask again.
 *  Returns: the descriptor, borrowed until drl_client_close; -1 for a bad handle. Thread: any. Blocks: no.
 */
DRL_API int32_t drl_client_log_fd(drl_client *client);

/** Take up to `capacity` lines, oldest first. The client keeps the last 256 lines that nobody took, whether it has a log callback
 *  or not; older ones are dropped and counted. A forked child begins with none.
 *
 *  Returns: DRL_OK, also for none; DRL_ERR_CAPACITY, DRL_ERR_NULL.
 *  Out:     lines, count; dropped  lines lost since the call before this. Thread: any, concurrently. Blocks: no.
 */
DRL_API drl_status drl_client_log_drain(drl_client *client, drl_log_line *lines, int32_t capacity, int32_t *count,
                                        int64_t *dropped, drl_error *error);

#ifdef __cplusplus
}
#endif

#endif /* DRL_LOG_H */
