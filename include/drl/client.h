/* The client: one I/O thread and its connection to one Redis deployment, shared by any number of limiters. */
#ifndef DRL_CLIENT_H
#define DRL_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "decision.h"
#include "export.h"
#include "status.h"

typedef struct drl_client drl_client;

enum { DRL_LOG_ERROR = 1, DRL_LOG_WARNING = 2, DRL_LOG_INFO = 3 };

/** Receives one line about the connection's life: connected, lost, refused. No line per request, no identity, no
 *  password. Called on the I/O thread, or, about a limiter that opens, on the thread that opens it: return soon, call no
 *  function of this library except drl_status_*. log.h has the same lines to fetch.
 */
typedef void (*drl_log_callback)(int32_t level, const char *message, void *user);

/** Sees every decision, on the thread that receives it: the caller of a blocking call, the thread that drains a queue, or where a
 *  decision callback runs. For exporting to the application's own metrics or traces. It must not block, and call no
 *  function of this library except drl_status_*. `limiter_name` is "" for a limiter without one; all pointers are borrowed
 *  until it returns.
 */
typedef void (*drl_decision_observer)(const char *key_namespace, const char *limiter_name, drl_status status,
                                      const drl_decision *decision, void *user);

/* Adaptive spinning of a waiting caller and of the I/O thread, for latency. */
enum { DRL_SPIN_ADAPTIVE = 0, DRL_SPIN_OFF = 1 };

/* A lone blocking caller may do the I/O thread's work for its own request, for latency. A thread of low priority (nice above 0,
 * SCHED_BATCH, SCHED_IDLE) never does: others would wait for it.
 */
enum { DRL_DRIVE_ADAPTIVE = 0, DRL_DRIVE_OFF = 1 };

/* Whether the server's certificate is verified (default), and whether it must be one of that server's name or address (default). */
enum { DRL_SSL_CERT_REQUIRED = 0, DRL_SSL_CERT_NONE = 1 };
enum { DRL_SSL_CHECK_HOSTNAME_ON = 0, DRL_SSL_CHECK_HOSTNAME_OFF = 1 };
/* Whether connections to sentinels are encrypted: as the URL's scheme says of the server (default), or otherwise. */
enum { DRL_SENTINEL_SSL_AS_SERVER = 0, DRL_SENTINEL_SSL_ON = 1, DRL_SENTINEL_SSL_OFF = 2 };

/* Longest user name and password that drl_credentials_callback may give, their terminating zero included. */
#define DRL_USERNAME_SIZE 1024
#define DRL_PASSWORD_SIZE 16384

/** What a credentials callback fills in; all zero before. Texts end with a zero. */
typedef struct drl_credentials {
  char username[DRL_USERNAME_SIZE]; /* "" for the default user */
  char password[DRL_PASSWORD_SIZE];
  int64_t expires_in_us; /* how long they are good for, from now on, microseconds; 0: always */
  char why[256];         /* when they cannot be had: a sentence, without secrets, for the log and errors */
} drl_credentials;

/** Asked for user and password whenever a connection to Redis is made, and again before those in use expire: when five to six eighths
 *  of their life are over (at most once in 100 ms) the connection is authenticated again, and goes on whatever comes of that. When
 *  Redis refuses them to a new connection, it is asked once more, and what it says then, if that is another, is tried at once: a
 *  password may change at any time.
 *
 *  Returns: 0: they are filled in. Anything else is a login that fails (DRL_ERR_AUTH, with `why`), and so is an answer that takes longer
 *           than connect_timeout_us. At the next attempt it is asked again; but the answer to a call that took longer is taken
 *           first, when it comes.
 *  Thread:  one of its own, one call at a time, all signals blocked. It may block: no request waits longer than its time-out for it, and
 *           closing the client does not wait for a call under way (credentials_release says when `user` is needed no more). It calls no
 *           function of the library but drl_status_*. A forked child calls it for itself.
 */
typedef int32_t (*drl_credentials_callback)(drl_credentials *credentials, void *user);

/** Options of a client; zero means default. Strings and bytes are copied by drl_client_open. An option that is set wins over the
 *  URL's parameter of the same name.
 */
typedef struct drl_client_options {
  uint32_t struct_size;
  int32_t spin;               /* DRL_SPIN_*; default adaptive */
  const char *redis_url;      /* required: redis://[user:password@]host[:port][/db], rediss:// for TLS,
                                 redis+sentinel://[user:password@]host[:port],.../master[/db], rediss+sentinel:// for TLS,
                                 unix://[user:password@]/path?db=N; each also with valkey */
  int64_t timeout_us;         /* deadline of a request, queueing to reply; 1000..3600000000, default 100000 */
  int64_t connect_timeout_us; /* connecting and logging in; 1000..3600000000, default 1000000 */
  const char *client_name;    /* CLIENT SETNAME; printable ASCII without spaces, at most 64; default "libdrl" */
  const char *username;       /* overrides the URL's */
  const char *password;       /* overrides the URL's */
  const void *identity_secret; /* key for HMAC-SHA-256 of identities instead of SHA-256 */
  size_t identity_secret_len;  /* 16..1024; 0 only with NULL */
  drl_log_callback log;        /* may be NULL */
  void *log_user;
  int64_t queue_capacity_max;  /* requests waiting or in flight at most; 64..1048576, default 16384 */
  drl_decision_observer on_decision; /* may be NULL: off */
  void *on_decision_user;
  int32_t drive;                    /* DRL_DRIVE_*; default adaptive */
  int32_t requests_per_command_max; /* decisions that travel in one command; 1..64, default 64. 1 for a proxy that shards keys over
                                       single servers */
  /* TLS 1.2 or newer, by OpenSSL; what the machine's openssl.cnf forbids stays forbidden. Files are read when the client is opened, to
     find mistakes (DRL_ERR_OPTION), and again for each connection (DRL_ERR_CONNECT). PEM. A program that uses OpenSSL itself closes its
     clients before it exits. */
  const char *ssl_ca_certs; /* a file of certificates to trust, with revocation lists if there are any, or a directory of them by hash
                               (openssl rehash); default: the system's */
  const char *ssl_certfile; /* the client's certificate and its chain; default none */
  const char *ssl_keyfile;  /* its key, not encrypted; default: in ssl_certfile */
  int32_t ssl_cert_reqs;      /* DRL_SSL_CERT_*; default required. "none" verifies nothing, which is logged */
  int32_t ssl_check_hostname; /* DRL_SSL_CHECK_HOSTNAME_*; default on. Off is logged */
  /* Sentinel. The user and password of the URL, and those above, are the master's. All sentinels of the URL are
     asked for each connection (once a second while it cannot be reached), and when they choose another master the client goes there at
     once: calls under way are then not replayed, as with any lost connection. */
  const char *sentinel_username;
  const char *sentinel_password;
  const char *sentinel_ssl_ca_certs; /* where they differ from ssl_* */
  const char *sentinel_ssl_certfile;
  const char *sentinel_ssl_keyfile;
  int32_t sentinel_ssl; /* DRL_SENTINEL_SSL_*; default as the server */
  int32_t reserved;     /* 0 */
  drl_credentials_callback credentials; /* in place of a user name and password, which it excludes; may be NULL */
  void *credentials_user;
  void (*credentials_release)(void *user); /* may be NULL; called once, on any thread, when the client, its limiters and its queues have
                                              been closed and the last call has returned; not when drl_client_open fails, nor in a
                                              forked child. It calls no function of the library */
} drl_client_options;

#define DRL_CLIENT_OPTIONS_INIT                                                                                \
  {                                                                                                            \
    (uint32_t)sizeof(drl_client_options), 0, NULL, 0, 0, NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, NULL, NULL, \
        0, 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL                     \
  }

#ifdef __cplusplus
extern "C" {
#endif

/** Open a client and start its I/O thread. Redis need not be reachable: until it is, decisions are degraded.
 *
 *  Returns: DRL_OK; DRL_ERR_URL*, DRL_ERR_OPTION, DRL_ERR_STRUCT_SIZE, DRL_ERR_NULL; DRL_ERR_MEMORY, DRL_ERR_SYSTEM.
 *  Out:     client  owned: close with drl_client_close; NULL on error.
 *  Thread:  any. Blocks: no (never on the network).
 */
DRL_API drl_status drl_client_open(const drl_client_options *options, drl_client **client, drl_error *error);

/** Wait until Redis has run the library's script once since the client was opened (every server that owns keys), which shows that
 *  it is there, lets this user in and permits what the script does. It says nothing about later: drl_stats.connected does.
 *  The probe asks about a key of the namespace of the first limiter; it charges and writes nothing. Open limiters first: while there
 *  is none it asks about the namespace "default", and a user who may not touch keys there counts as let in.
 *
 *  Returns: DRL_OK; at the time-out why not yet, with the sentence of the last attempt: DRL_ERR_AUTH, _PERMISSION, _CONNECT, _RESOLVE,
 *           ..., DRL_ERR_TIMEOUT when nothing was heard. No failure ends the wait early: somebody may be mending it.
 *           DRL_ERR_CLOSED when another thread closes the client, DRL_ERR_REENTRANT in a callback, DRL_ERR_OPTION.
 *  In:      timeout_us  0..3600000000; 0 looks once
 *  Thread:  any. Blocks: at most timeout_us.
 */
DRL_API drl_status drl_client_wait_ready(drl_client *client, int64_t timeout_us, drl_error *error);

/** Close a client. Waiting requests end with DRL_ERR_CLOSED; its limiters and queues may be closed before or after,
 *  and until then answer DRL_ERR_CLOSED. NULL is fine. Do not call it from a callback of the library.
 *
 *  Thread:  any, also while other threads use its limiters or are in drl_client_wait_ready (not its handle otherwise). Blocks: a few milliseconds at most.
 */
DRL_API void drl_client_close(drl_client *client);

#ifdef __cplusplus
}
#endif

#endif /* DRL_CLIENT_H */
