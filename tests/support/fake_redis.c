#include "fake_redis.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { GREETINGS_MAX = 8, QUEUED_MAX = 8, READ_LEN = 16384 };

struct fake_redis {
  char directory[64];
  char path[96];
  char url[112];
  int listener;
  int stop; /* an eventfd */
  pthread_t thread;
  pthread_mutex_t mutex; /* guards what follows */
  char *answer;
  long delay_us;
  struct {
    char *bytes;
    long delay_us;
  } queued[QUEUED_MAX]; /* answers to come before `answer` */
  int queued_count;
  int queued_next;
  struct {
    char command[16];
    char *bytes;
  } greetings[GREETINGS_MAX];
  int greetings_count;
  int calls;
};

static long long now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void send_all(int fd, const char *bytes) {
  const size_t length = strlen(bytes);
  for (size_t sent = 0; sent < length;) {
    const ssize_t more = send(fd, bytes + sent, length - sent, MSG_NOSIGNAL);
    if (more <= 0) return;
    sent += (size_t)more;
  }
}

/* `text` with the first `mark` in it replaced; to be freed. Frees `text`. */
static char *replace(char *text, const char *mark, long long value) {
  char *found = strstr(text, mark);
  if (found == NULL) return text;
  const size_t length = strlen(text) + 32;
  char *replaced = malloc(length);
  if (replaced == NULL) abort();
  snprintf(replaced, length, "%.*s%lld%s", (int)(found - text), text, value, found + strlen(mark));
  free(text);
  return replaced;
}

/* The library's own question on each new connection: no test is about that here, so it is answered like a decision, at once. */
static int is_probe(const redisReply *command) {
  return strcmp(command->element[2]->str, "1") == 0 && strstr(command->element[3]->str, ":{probe}") != NULL;
}

static void answer_call(fake_redis *fake, int fd, const redisReply *command) {
  const int probe = is_probe(command);
  pthread_mutex_lock(&fake->mutex);
  fake->calls += !probe;
  const char *bytes = probe ? "*3\r\n:" FAKE_REDIS_TAG "\r\n:" FAKE_REDIS_NOW "\r\n:0\r\n" : fake->answer;
  long delay_us = probe ? 0 : fake->delay_us;
  if (!probe && fake->queued_next < fake->queued_count) {
    delay_us = fake->queued[fake->queued_next].delay_us;
    bytes = fake->queued[fake->queued_next++].bytes;
  }
  char *answer = bytes == NULL ? NULL : strdup(bytes);
  pthread_mutex_unlock(&fake->mutex);
  if (answer == NULL) return;
  const long long keys = strtoll(command->element[2]->str, NULL, 10);
  const long long tag = strtoll(command->element[3 + keys]->str, NULL, 10);
  answer = replace(answer, FAKE_REDIS_TAG, tag);
  answer = replace(answer, FAKE_REDIS_NOW, now_us() - 1735689600LL * 1000000);
  const struct timespec delay = {delay_us / 1000000, delay_us % 1000000 * 1000};
  nanosleep(&delay, NULL);
  send_all(fd, answer);
  free(answer);
}

static void answer_greeting(fake_redis *fake, int fd, const char *command) {
  char time_text[96];
  const long long now = now_us();
  snprintf(time_text, sizeof time_text, "*2\r\n$10\r\n%lld\r\n$6\r\n%06lld\r\n", now / 1000000, now % 1000000);
  char *bytes = strdup(strcasecmp(command, "TIME") == 0 ? time_text : "+OK\r\n");
  pthread_mutex_lock(&fake->mutex);
  for (int i = 0; i < fake->greetings_count; ++i) {
    if (strcasecmp(fake->greetings[i].command, command) != 0) continue;
    free(bytes);
    bytes = strdup(fake->greetings[i].bytes);
  }
  pthread_mutex_unlock(&fake->mutex);
  send_all(fd, bytes);
  free(bytes);
}

/* Answers every whole command that has come. */
static void answer_commands(fake_redis *fake, int fd, redisReader *reader) {
  redisReply *command = NULL;
  while (redisReaderGetReply(reader, (void **)&command) == REDIS_OK && command != NULL) {
    if (strcasecmp(command->element[0]->str, "EVALSHA") == 0) {
      answer_call(fake, fd, command);
    } else {
      answer_greeting(fake, fd, command->element[0]->str);
    }
    freeReplyObject(command);
    command = NULL;
  }
}

/* Waits for `fd` or the end; 0 at the end. */
static int wait_for(const fake_redis *fake, int fd) {
  struct pollfd items[2] = {{fd, POLLIN, 0}, {fake->stop, POLLIN, 0}};
  poll(items, 2, -1);
  return items[1].revents == 0;
}

static void serve_connection(fake_redis *fake, int fd) {
  redisReader *reader = redisReaderCreate();
  char bytes[READ_LEN];
  while (wait_for(fake, fd)) {
    const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0) break;
    redisReaderFeed(reader, bytes, (size_t)got);
    answer_commands(fake, fd, reader);
  }
  redisReaderFree(reader);
  close(fd);
}

static void *serve(void *argument) {
  fake_redis *fake = argument;
  while (wait_for(fake, fake->listener)) {
    const int fd = accept(fake->listener, NULL, NULL);
    if (fd >= 0) serve_connection(fake, fd);
  }
  return NULL;
}

fake_redis *fake_redis_start(void) {
  fake_redis *fake = calloc(1, sizeof *fake);
  if (fake == NULL) return NULL;
  struct sockaddr_un address;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  snprintf(fake->directory, sizeof fake->directory, "/tmp/drl-fake-XXXXXX");
  if (mkdtemp(fake->directory) == NULL) abort();
  snprintf(fake->path, sizeof fake->path, "%s/redis.sock", fake->directory);
  snprintf(fake->url, sizeof fake->url, "unix://%s", fake->path);
  memcpy(address.sun_path, fake->path, strlen(fake->path) + 1);
  fake->stop = eventfd(0, EFD_CLOEXEC);
  fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  pthread_mutex_init(&fake->mutex, NULL);
  if (bind(fake->listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(fake->listener, 16) != 0 ||
      pthread_create(&fake->thread, NULL, serve, fake) != 0) {
    abort();
  }
  return fake;
}

void fake_redis_stop(fake_redis *fake) {
  if (fake == NULL) return;
  const unsigned long long one = 1;
  if (write(fake->stop, &one, sizeof one) != sizeof one) abort();
  pthread_join(fake->thread, NULL);
  close(fake->listener);
  close(fake->stop);
  unlink(fake->path);
  rmdir(fake->directory);
  free(fake->answer);
  for (int i = 0; i < fake->queued_count; ++i) free(fake->queued[i].bytes);
  for (int i = 0; i < fake->greetings_count; ++i) free(fake->greetings[i].bytes);
  pthread_mutex_destroy(&fake->mutex);
  free(fake);
}

const char *fake_redis_url(const fake_redis *fake) { return fake->url; }

void fake_redis_answer(fake_redis *fake, const char *bytes, long delay_us) {
  pthread_mutex_lock(&fake->mutex);
  free(fake->answer);
  fake->answer = bytes == NULL ? NULL : strdup(bytes);
  fake->delay_us = delay_us;
  pthread_mutex_unlock(&fake->mutex);
}

void fake_redis_answer_next(fake_redis *fake, const char *bytes, long delay_us) {
  pthread_mutex_lock(&fake->mutex);
  if (fake->queued_count == QUEUED_MAX) abort();
  fake->queued[fake->queued_count].bytes = strdup(bytes);
  fake->queued[fake->queued_count++].delay_us = delay_us;
  pthread_mutex_unlock(&fake->mutex);
}

void fake_redis_greet(fake_redis *fake, const char *command, const char *bytes) {
  pthread_mutex_lock(&fake->mutex);
  if (fake->greetings_count == GREETINGS_MAX) abort();
  const int at = fake->greetings_count++;
  snprintf(fake->greetings[at].command, sizeof fake->greetings[at].command, "%s", command);
  fake->greetings[at].bytes = strdup(bytes);
  pthread_mutex_unlock(&fake->mutex);
}

int fake_redis_calls(fake_redis *fake) {
  pthread_mutex_lock(&fake->mutex);
  const int calls = fake->calls;
  pthread_mutex_unlock(&fake->mutex);
  return calls;
}
