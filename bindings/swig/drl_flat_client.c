/* Opening a client from names and values, and the mailbox of its credentials. */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drl_flat.h"

static drl_status Fail(drl_status status, const char *name, const char *what, drl_error *error) {
  if (error != NULL) {
    error->status = status;
    error->reserved = 0;
    snprintf(error->message, sizeof error->message, "%s%s", name, what);
  }
  return status;
}

/* ---- Options ---- */

typedef enum { TEXT, BYTES, INT32, INT64 } Kind;

typedef struct {
  const char *name;
  Kind kind;
  size_t offset;
} Option;

#define OPTION(name, kind) \
  { #name, kind, offsetof(drl_client_options, name) }
static const Option kOptions[] = {
    OPTION(redis_url, TEXT),
    OPTION(timeout_us, INT64),
    OPTION(connect_timeout_us, INT64),
    OPTION(client_name, TEXT),
    OPTION(username, TEXT),
    OPTION(password, TEXT),
    OPTION(identity_secret, BYTES),
    OPTION(queue_capacity_max, INT64),
    OPTION(spin, INT32),
    OPTION(drive, INT32),
    OPTION(requests_per_command_max, INT32),
    OPTION(ssl_ca_certs, TEXT),
    OPTION(ssl_certfile, TEXT),
    OPTION(ssl_keyfile, TEXT),
    OPTION(ssl_cert_reqs, INT32),
    OPTION(ssl_check_hostname, INT32),
    OPTION(sentinel_username, TEXT),
    OPTION(sentinel_password, TEXT),
    OPTION(sentinel_ssl, INT32),
    OPTION(sentinel_ssl_ca_certs, TEXT),
    OPTION(sentinel_ssl_certfile, TEXT),
    OPTION(sentinel_ssl_keyfile, TEXT),
};

static const Option *Find(const char *name) {
  size_t i;
  for (i = 0; i < sizeof kOptions / sizeof *kOptions; ++i) {
    if (strcmp(kOptions[i].name, name) == 0) return &kOptions[i];
  }
  return NULL;
}

/* `value` ends with a zero, which is not counted. */
static drl_status Set(drl_client_options *options, const char *name, char *value, size_t length, drl_error *error) {
  const Option *option = Find(name);
  char *field = (char *)options;
  char *end = value;
  long long number;
  if (option == NULL) return Fail(DRL_ERR_OPTION, name, " is not an option", error);
  field += option->offset;
  if (option->kind == BYTES) {
    options->identity_secret_len = length;
  } else if (strlen(value) != length) {
    return Fail(option->offset == offsetof(drl_client_options, redis_url) ? DRL_ERR_URL : DRL_ERR_OPTION, name,
                " holds a NUL byte", error);
  }
  if (option->kind == TEXT || option->kind == BYTES) {
    memcpy(field, &value, sizeof value);
    return DRL_OK;
  }
  number = strtoll(value, &end, 10); /* the nearest that there is, should it be too large */
  if (end == value || *end != '\0') return Fail(DRL_ERR_OPTION, name, " is not a number", error);
  if (option->kind == INT64) {
    *(int64_t *)(void *)field = number;
  } else {
    *(int32_t *)(void *)field = number > INT32_MAX ? INT32_MAX : number < INT32_MIN ? INT32_MIN : (int32_t)number;
  }
  return DRL_OK;
}

/* Copies what is next to *to, with a zero behind it, and moves both on. NULL when the packing is broken. */
static char *Take(const unsigned char **at, const unsigned char *end, char **to, size_t *length) {
  char *taken = *to;
  if (end - *at < 4) return NULL;
  *length = (size_t)(*at)[0] << 24 | (size_t)(*at)[1] << 16 | (size_t)(*at)[2] << 8 | (*at)[3];
  *at += 4;
  if ((size_t)(end - *at) < *length) return NULL;
  memcpy(taken, *at, *length);
  taken[*length] = '\0';
  *at += *length;
  *to += *length + 1;
  return taken;
}

/* `room` has as many bytes as are packed: a zero takes less than the length before it. */
static drl_status Unpack(const char *packed, size_t packed_len, char *room, drl_client_options *options, drl_error *error) {
  const unsigned char *at = (const unsigned char *)packed;
  const unsigned char *end = at + packed_len;
  drl_status status = DRL_OK;
  while (at < end && status == DRL_OK) {
    size_t name_len, value_len;
    char *name = Take(&at, end, &room, &name_len);
    char *value = name == NULL ? NULL : Take(&at, end, &room, &value_len);
    if (value == NULL) return Fail(DRL_ERR_OPTION, "options", " are not names and values", error);
    status = Set(options, name, value, value_len, error);
  }
  return status;
}

/* ---- The mailbox ----
 *
 *   asked   what a callback of the library wants filled in, while it waits for that; it waits inside Ask
 *   held    by the language until drl_flat_mailbox_close, and by a client from its opening to Release
 *
 * All of it is read and written under one lock: credentials are asked for rarely, and a fork then has one lock to take. In a child there is
 * neither the callback nor the thread that waits, so a mailbox begins anew.
 */
struct drl_flat_mailbox {
  drl_credentials *asked;
  int taken; /* the question, by a wait */
  int interrupted;
  int stopped;
  int held;
  pthread_cond_t changed;
  drl_flat_mailbox *next; /* of all */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static drl_flat_mailbox *all;

static void BeforeFork(void) { pthread_mutex_lock(&lock); }
static void InParent(void) { pthread_mutex_unlock(&lock); }

static void InChild(void) {
  drl_flat_mailbox *mailbox;
  for (mailbox = all; mailbox != NULL; mailbox = mailbox->next) {
    pthread_cond_init(&mailbox->changed, NULL); /* those who waited are not here */
    mailbox->asked = NULL;
    mailbox->taken = mailbox->interrupted = 0;
  }
  pthread_mutex_unlock(&lock);
}

static void WatchForks(void) { pthread_atfork(BeforeFork, InParent, InChild); }

/* With the lock held. */
static void Stop(drl_flat_mailbox *mailbox) {
  mailbox->stopped = 1;
  pthread_cond_broadcast(&mailbox->changed);
}

static void Release(void *user) {
  drl_flat_mailbox *mailbox = user;
  int last;
  pthread_mutex_lock(&lock);
  Stop(mailbox);
  last = --mailbox->held == 0;
  if (last) {
    drl_flat_mailbox **link = &all;
    while (*link != mailbox) link = &(*link)->next;
    *link = mailbox->next;
  }
  pthread_mutex_unlock(&lock);
  if (!last) return;
  pthread_cond_destroy(&mailbox->changed);
  free(mailbox);
}

/* The library's callback, on a thread of the library. */
static int32_t Ask(drl_credentials *credentials, void *user) {
  drl_flat_mailbox *mailbox = user;
  int answered;
  pthread_mutex_lock(&lock);
  mailbox->asked = credentials;
  mailbox->taken = 0;
  pthread_cond_broadcast(&mailbox->changed);
  while (mailbox->asked == credentials && !mailbox->stopped) pthread_cond_wait(&mailbox->changed, &lock);
  answered = mailbox->asked != credentials;
  if (!answered) mailbox->asked = NULL;
  pthread_mutex_unlock(&lock);
  if (!answered) snprintf(credentials->why, sizeof credentials->why, "the client is closed");
  return credentials->why[0] != '\0';
}

drl_status drl_flat_mailbox_open(drl_flat_mailbox **mailbox, drl_error *error) {
  drl_flat_mailbox *opened = calloc(1, sizeof *opened);
  *mailbox = opened;
  if (opened == NULL) return Fail(DRL_ERR_MEMORY, "out of memory", "", error);
  pthread_once(&once, WatchForks);
  pthread_cond_init(&opened->changed, NULL);
  opened->held = 1;
  pthread_mutex_lock(&lock);
  opened->next = all;
  all = opened;
  pthread_mutex_unlock(&lock);
  return DRL_OK;
}

drl_status drl_flat_mailbox_wait(drl_flat_mailbox *mailbox, drl_error *error) {
  drl_status status;
  pthread_mutex_lock(&lock);
  while (!mailbox->stopped && !mailbox->interrupted && (mailbox->asked == NULL || mailbox->taken)) {
    pthread_cond_wait(&mailbox->changed, &lock);
  }
  status = mailbox->stopped ? DRL_ERR_CLOSED : mailbox->interrupted ? DRL_ERR_CANCELLED : DRL_OK;
  if (status == DRL_OK) mailbox->taken = 1;
  mailbox->interrupted = 0;
  pthread_mutex_unlock(&lock);
  return status == DRL_OK ? DRL_OK : Fail(status, drl_status_message(status), "", error);
}

void drl_flat_mailbox_interrupt(drl_flat_mailbox *mailbox) {
  pthread_mutex_lock(&lock);
  mailbox->interrupted = 1;
  pthread_cond_broadcast(&mailbox->changed);
  pthread_mutex_unlock(&lock);
}

/* A sentence about what was given; NULL when it can be credentials. */
static const char *Wrong(const char *username, size_t username_len, const char *password, size_t password_len, int64_t expires_in_us) {
  if (username_len >= DRL_USERNAME_SIZE) return "the username is too long";
  if (password_len >= DRL_PASSWORD_SIZE) return "the password is too long";
  if (username_len > 0 && memchr(username, 0, username_len) != NULL) return "the username holds a NUL byte";
  if (password_len > 0 && memchr(password, 0, password_len) != NULL) return "the password holds a NUL byte";
  return expires_in_us < 0 ? "they have expired" : NULL;
}

/* In one line, cut where a character of UTF-8 ends. */
static void Explain(drl_credentials *credentials, const char *why, size_t length) {
  size_t i;
  if (length >= sizeof credentials->why) {
    length = sizeof credentials->why - 1;
    while (length > 0 && ((unsigned char)why[length] & 0xC0) == 0x80) --length;
  }
  for (i = 0; i < length; ++i) credentials->why[i] = why[i] >= 0 && why[i] < ' ' ? ' ' : why[i];
}

void drl_flat_mailbox_answer(drl_flat_mailbox *mailbox, const char *username, size_t username_len, const char *password,
                             size_t password_len, int64_t expires_in_us, const char *why, size_t why_len) {
  const char *wrong = Wrong(username, username_len, password, password_len, expires_in_us);
  pthread_mutex_lock(&lock);
  if (mailbox->asked != NULL && mailbox->taken) {
    drl_credentials *credentials = mailbox->asked;
    if (why_len > 0) {
      Explain(credentials, why, why_len);
    } else if (wrong != NULL) {
      Explain(credentials, wrong, strlen(wrong));
    } else {
      if (username_len > 0) memcpy(credentials->username, username, username_len);
      if (password_len > 0) memcpy(credentials->password, password, password_len);
      credentials->expires_in_us = expires_in_us;
    }
    mailbox->asked = NULL;
    pthread_cond_broadcast(&mailbox->changed);
  }
  pthread_mutex_unlock(&lock);
}

void drl_flat_mailbox_stop(drl_flat_mailbox *mailbox) {
  pthread_mutex_lock(&lock);
  Stop(mailbox);
  pthread_mutex_unlock(&lock);
}

void drl_flat_mailbox_close(drl_flat_mailbox *mailbox) {
  if (mailbox != NULL) Release(mailbox);
}

/* ---- Opening ---- */

static drl_status Open(const char *options, size_t options_len, drl_client_options *unpacked, drl_client **client, drl_error *error) {
  char *room = malloc(options_len + 1);
  drl_status status;
  if (room == NULL) return Fail(DRL_ERR_MEMORY, "out of memory", "", error);
  status = Unpack(options, options_len, room, unpacked, error);
  if (status == DRL_OK) status = drl_client_open(unpacked, client, error);
  free(room);
  return status;
}

drl_status drl_flat_client_open(const char *options, size_t options_len, drl_flat_mailbox *credentials,
                                drl_client **client, drl_error *error) {
  drl_client_options unpacked = DRL_CLIENT_OPTIONS_INIT;
  drl_status status;
  *client = NULL;
  if (credentials == NULL) return Open(options, options_len, &unpacked, client, error);
  pthread_mutex_lock(&lock);
  ++credentials->held;
  pthread_mutex_unlock(&lock);
  unpacked.credentials = Ask;
  unpacked.credentials_user = credentials;
  unpacked.credentials_release = Release;
  status = Open(options, options_len, &unpacked, client, error);
  if (status != DRL_OK) Release(credentials);
  return status;
}
