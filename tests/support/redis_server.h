/* A private redis-server for one test: a temporary directory, a Unix socket, no persistence.
 *
 * Whoever connects is the smallest user that the documents name for all but databases (redis_user.h), and when the server is
 * stopped nothing must have been refused to it: else the program is aborted. redis_inspect looks on as another user.
 *
 * It dies with the thread that started it (PR_SET_PDEATHSIG), so a crashed test leaks nothing but an empty-handed
 * directory. A failure to start is explained on stderr.
 */
#ifndef DRL_TEST_REDIS_SERVER_H
#define DRL_TEST_REDIS_SERVER_H

#include <hiredis/hiredis.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct redis_server redis_server;

/* Zero means: a Unix socket alone, no password, the real clock. Strings are copied. */
typedef struct redis_server_options {
  int tcp;                      /* 1: listen on a free port of 127.0.0.1 too */
  int clock_shim;               /* 1: a clock that stands still until redis_server_set_time moves it */
  const char *password;         /* requirepass */
  const char *permissions;      /* further rules of the user, such as "+select" */
  const char *acl;              /* lines of an ACL file instead, with a user "admin" who may do everything ... */
  const char *acl_password;     /* ... and has this password */
  const char *tls_certificate;  /* a PEM file: listen on a free port of 127.0.0.1 for TLS too */
  const char *tls_key;          /* its key */
  const char *tls_clients_ca;   /* clients must show a certificate of these authorities; NULL: they need not */
  const char *const *arguments; /* further arguments, ended by NULL; may be NULL */
} redis_server_options;

/* The instant at which a clock shim starts: 2026-01-01T00:00:00Z, in microseconds of Unix time. */
#define REDIS_SERVER_START_TIME_US INT64_C(1767225600000000)

/* Start a server and wait until it answers and has its users. NULL when it does not; `options` may be NULL. */
redis_server *redis_server_start(const redis_server_options *options);
/* SIGTERM, after two seconds SIGKILL, then remove the directory. NULL is fine. Aborts the program if Redis refused somebody a
 * command, a key or a login, unless that was expected.
 */
void redis_server_stop(redis_server *server);
/* This test provokes refusals. */
void redis_server_expect_refusals(redis_server *server);

/* SIGKILL: connections break, data are lost, socket and port are kept for redis_server_restart. */
void redis_server_kill(redis_server *server);
/* Start again on the same socket and port; 0 when it answers. */
int redis_server_restart(redis_server *server);

/* SIGSTOP and SIGCONT: connections stay, nothing is answered. */
void redis_server_pause(redis_server *server);
void redis_server_resume(redis_server *server);

/* Under the shim only: Redis's TIME, expiry included, in microseconds of Unix time. Any value, also backwards. */
void redis_server_set_time(redis_server *server, int64_t unix_us);

pid_t redis_server_pid(const redis_server *server);
const char *redis_server_socket(const redis_server *server);
int redis_server_port(const redis_server *server); /* 0 without tcp */
int redis_server_tls_port(const redis_server *server); /* 0 without TLS */
const char *redis_server_url(const redis_server *server);     /* unix://...; without credentials */
const char *redis_server_tcp_url(const redis_server *server); /* redis://127.0.0.1:port; without credentials */
/* The password that redis_inspect logs in with, and its user; NULL for none. */
const char *redis_server_password(const redis_server *server);
const char *redis_server_user(const redis_server *server);
/* The connection of redis_inspect, made on demand and dropped when the server is killed. */
redisContext **redis_server_connection(redis_server *server);

/* A port of 127.0.0.1 that nobody listens on at this moment. */
int redis_server_free_port(void);

#ifdef __cplusplus
}
#endif

#endif /* DRL_TEST_REDIS_SERVER_H */
