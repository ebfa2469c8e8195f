/* keys.json: the key of an identity. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conformance.h"

/* A connection to redis://HOST:PORT/0; -1 when there is none. */
static int Connect(const char *redis_url) {
  char host[256];
  char port[16];
  struct addrinfo hints = {0};
  struct addrinfo *address = NULL;
  int fd = -1;
  hints.ai_socktype = SOCK_STREAM;
  if (sscanf(redis_url, "redis://%255[^:/]:%15[0-9]", host, port) != 2) return -1;
  if (getaddrinfo(host, port, &hints, &address) != 0) return -1;
  fd = socket(address->ai_family, address->ai_socktype, 0);
  if (fd >= 0 && connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
    close(fd);
    fd = -1;
  }
  freeaddrinfo(address);
  return fd;
}

/* What Redis answers to EXISTS: '0' or '1'; '?' when it does not. The reply, ":1\r\n", comes in one piece. */
static char Exists(int fd, const char *key) {
  char text[256];
  const int length = snprintf(text, sizeof text, "EXISTS %s\r\n", key);
  if (write(fd, text, (size_t)length) != length) return '?';
  return read(fd, text, sizeof text) == 4 && text[0] == ':' ? text[1] : '?';
}

static int Check(Run *run, int fd, const char *key, char expected, const char *when) {
  const char found = Exists(fd, key);
  return found == expected ? 1 : Fail(run, "%s: EXISTS says %c, expected %c", when, found, expected);
}

static int AllowAndLook(Run *run, int fd, Bytes identity, int64_t cost, const char *key) {
  drl_limiter *limiter = run->limiters[0];
  drl_decision decision;
  drl_status status = drl_limiter_reset(limiter, identity.data, identity.len, &run->error);
  if (!Expect(run, "reset", status, "DRL_OK") || !Check(run, fd, key, '0', "before")) return 0;
  status = drl_limiter_allow(limiter, identity.data, identity.len, cost, &decision, &run->error);
  if (!Expect(run, "allow", status, "DRL_OK") || !Check(run, fd, key, '1', "after allow")) return 0;
  if (!decision.allowed) return Fail(run, "a fresh bucket denied");
  status = drl_limiter_reset(limiter, identity.data, identity.len, &run->error);
  return Expect(run, "reset", status, "DRL_OK") && Check(run, fd, key, '0', "after reset");
}

int RunKeyCase(Run *run, const cJSON *one) {
  const Bytes secret = BytesOf(run, cJSON_GetObjectItemCaseSensitive(one, "secret"));
  const Bytes identity = BytesOf(run, cJSON_GetObjectItemCaseSensitive(one, "identity"));
  drl_client_options at = DRL_CLIENT_OPTIONS_INIT;
  drl_limiter_options policy = DRL_LIMITER_OPTIONS_INIT;
  const char *plain_url;
  int ok;
  int fd;
  if (!HasOnly(run, one, "name identity key namespace limiter secret rate per_us burst")) return 0;
  at.redis_url = run->redis_url;
  at.timeout_us = 10000000;
  at.identity_secret = secret.data;
  at.identity_secret_len = secret.len;
  if (!Expect(run, "client", drl_client_open(&at, &run->client, &run->error), "DRL_OK")) return 0;
  policy.rate = Integer(one, "rate", 100);
  policy.per_us = Integer(one, "per_us", 60000000);
  policy.burst = Integer(one, "burst", 0);
  policy.fail_strategy = DRL_FAIL_ERROR;
  policy.key_namespace = Text(one, "namespace", NULL);
  policy.name = Text(one, "limiter", NULL);
  run->limiter_count = 1;
  if (!Expect(run, "limiter", drl_limiter_open(run->client, &policy, &run->limiters[0], &run->error), "DRL_OK")) {
    return 0;
  }
  plain_url = getenv("CONFORMANCE_PLAIN_URL");
  if (plain_url == NULL) plain_url = run->redis_url;
  fd = Connect(plain_url);
  if (fd < 0) return Fail(run, "no connection to %s", plain_url);
  ok = AllowAndLook(run, fd, identity, policy.burst != 0 ? policy.burst : policy.rate, Text(one, "key", ""));
  close(fd);
  return ok;
}
