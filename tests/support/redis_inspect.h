/* Looking into a redis_server: blocking commands, counters, and what MONITOR saw. */
#ifndef DRL_TEST_REDIS_INSPECT_H
#define DRL_TEST_REDIS_INSPECT_H

#include "redis_server.h"

#ifdef __cplusplus
extern "C" {
#endif

/* redis_server_options.arguments with which the server that is on the PATH runs DEBUG: before Redis 7.0 it needs and knows none. */
const char *const *redis_server_debug_arguments(void);

/* Send one command (hiredis format) on the server's own connection. NULL when the connection fails; else yours to
 * free with freeReplyObject.
 */
redisReply *redis_server_command(redis_server *server, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The integer that a command replies; INT64_MIN when it is no integer. */
int64_t redis_server_integer(redis_server *server, const char *command);

/* Keys in the current database. */
int64_t redis_server_key_count(redis_server *server);

/* How often a command ran, "evalsha" or "script|load", inside scripts too; 0 if never. From INFO commandstats. */
int64_t redis_server_calls(redis_server *server, const char *command);

/* All commands that were ever executed, those of this module included. */
int64_t redis_server_commands_processed(redis_server *server);

typedef struct redis_monitor redis_monitor;

/* Watch every command that the server runs. */
redis_monitor *redis_monitor_start(redis_server *server);
/* Stop watching. What was seen up to now, NUL-terminated, to be freed; NULL when the connection failed. */
char *redis_monitor_stop(redis_monitor *monitor);

#ifdef __cplusplus
}
#endif

#endif /* DRL_TEST_REDIS_INSPECT_H */
