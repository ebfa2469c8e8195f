#include "redis_inspect.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first number in "Redis server v=7.0.15 sha=...", as every server on the PATH prints it; 0 when none does. */
static int installed_major(void) {
  int major = 0;
  FILE *said = popen("redis-server --version", "r");
  if (said == NULL) return 0;
  if (fscanf(said, "%*[^=]=%d", &major) != 1) major = 0;
  pclose(said);
  return major;
}

const char *const *redis_server_debug_arguments(void) {
  static const char *const arguments[] = {"--enable-debug-command", "yes", NULL};
  return installed_major() < 7 ? NULL : arguments;
}

static redisContext *log_in(redis_server *server) {
  const struct timeval patience = {10, 0};
  redisContext *connection = redisConnectUnixWithTimeout(redis_server_socket(server), patience);
  if (connection == NULL || connection->err != 0) {
    if (connection != NULL) redisFree(connection);
    return NULL;
  }
  redisSetTimeout(connection, patience);
  const char *password = redis_server_password(server);
  const char *user = redis_server_user(server);
  if (password == NULL) return connection;
  redisReply *reply = redisCommand(connection, "AUTH %s %s", user != NULL ? user : "default", password);
  if (reply != NULL) freeReplyObject(reply);
  return connection;
}

redisReply *redis_server_command(redis_server *server, const char *format, ...) {
  redisContext **connection = redis_server_connection(server);
  if (*connection == NULL) *connection = log_in(server);
  if (*connection == NULL) return NULL;
  va_list arguments;
  va_start(arguments, format);
  redisReply *reply = redisvCommand(*connection, format, arguments);
  va_end(arguments);
  if (reply == NULL) {
    redisFree(*connection);
    *connection = NULL;
  }
  return reply;
}

int64_t redis_server_integer(redis_server *server, const char *command) {
  redisReply *reply = redis_server_command(server, command, NULL);
  const int64_t value = reply != NULL && reply->type == REDIS_REPLY_INTEGER ? reply->integer : INT64_MIN;
  if (reply != NULL) freeReplyObject(reply);
  return value;
}

int64_t redis_server_key_count(redis_server *server) { return redis_server_integer(server, "DBSIZE"); }

/* The number after `field` in an INFO section, which starts at the beginning of a line; 0 when it is not there. */
static int64_t info_number(redis_server *server, const char *section, const char *field) {
  redisReply *reply = redis_server_command(server, "INFO %s", section);
  int64_t value = 0;
  const char *found = reply != NULL && reply->type == REDIS_REPLY_STRING ? strstr(reply->str, field) : NULL;
  if (found != NULL) value = strtoll(found + strlen(field), NULL, 10);
  if (reply != NULL) freeReplyObject(reply);
  return value;
}

int64_t redis_server_calls(redis_server *server, const char *command) {
  char field[128];
  snprintf(field, sizeof field, "\ncmdstat_%s:calls=", command);
  return info_number(server, "commandstats", field);
}

int64_t redis_server_commands_processed(redis_server *server) {
  return info_number(server, "stats", "\ntotal_commands_processed:");
}

struct redis_monitor {
  redis_server *server;
  redisContext *connection;
};

redis_monitor *redis_monitor_start(redis_server *server) {
  redisContext *connection = log_in(server);
  if (connection == NULL) return NULL;
  redisReply *reply = redisCommand(connection, "MONITOR");
  const int watching = reply != NULL && reply->type == REDIS_REPLY_STATUS;
  if (reply != NULL) freeReplyObject(reply);
  redis_monitor *monitor = watching ? calloc(1, sizeof *monitor) : NULL;
  if (monitor == NULL) {
    redisFree(connection);
    return NULL;
  }
  monitor->server = server;
  monitor->connection = connection;
  return monitor;
}

/* One line of MONITOR added to `text`; 1 when it is the last one. -1 when the connection failed. */
static int append_line(redis_monitor *monitor, const char *last, char **text, size_t *length) {
  redisReply *reply = NULL;
  if (redisGetReply(monitor->connection, (void **)&reply) != REDIS_OK) return -1;
  const size_t added = (size_t)reply->len;
  char *grown = realloc(*text, *length + added + 2);
  if (grown == NULL) abort();
  memcpy(grown + *length, reply->str, added);
  *length += added;
  grown[(*length)++] = '\n';
  grown[*length] = '\0';
  *text = grown;
  const int ended = strstr(grown + *length - added - 1, last) != NULL;
  freeReplyObject(reply);
  return ended;
}

char *redis_monitor_stop(redis_monitor *monitor) {
  static const char last[] = "drl-monitor-ends-here";
  char *text = NULL;
  size_t length = 0;
  int ended = 0;
  redisReply *reply = redis_server_command(monitor->server, "ECHO %s", last);
  if (reply == NULL) ended = -1;
  if (reply != NULL) freeReplyObject(reply);
  while (ended == 0) ended = append_line(monitor, last, &text, &length);
  redisFree(monitor->connection);
  free(monitor);
  if (ended < 0) {
    free(text);
    return NULL;
  }
  return text;
}
