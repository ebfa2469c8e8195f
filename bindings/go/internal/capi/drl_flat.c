#include "drl_flat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static drl_status Fail(drl_status status, const char *message, drl_error *error) {
  if (error != NULL) {
    error->status = status;
    error->reserved = 0;
    snprintf(error->message, sizeof error->message, "%s", message);
  }
  return status;
}

static void Flatten(const drl_decision *decision, int64_t *out) {
  int32_t i;
  memset(out, 0, DRL_FLAT_DECISION_LEN * sizeof *out);
  out[DRL_FLAT_ALLOWED] = decision->allowed;
  out[DRL_FLAT_OUTCOME] = decision->outcome;
  out[DRL_FLAT_CAUSE] = decision->cause;
  out[DRL_FLAT_CHARGED] = decision->charged;
  out[DRL_FLAT_FLAGS] = decision->flags;
  out[DRL_FLAT_BINDING] = decision->binding;
  out[DRL_FLAT_LIMIT] = decision->limit;
  out[DRL_FLAT_REMAINING] = decision->remaining;
  out[DRL_FLAT_COST] = decision->cost;
  out[DRL_FLAT_RETRY_AFTER_US] = decision->retry_after_us;
  out[DRL_FLAT_RESET_AFTER_US] = decision->reset_after_us;
  out[DRL_FLAT_DECIDED_AT_US] = decision->decided_at_us;
  out[DRL_FLAT_WAIT_US] = decision->wait_us;
  out[DRL_FLAT_LIMITS_COUNT] = decision->limits_count;
  for (i = 0; i < decision->limits_count; ++i) {
    int64_t *limit = out + DRL_FLAT_LIMITS + i * DRL_FLAT_LIMIT_LEN;
    limit[DRL_FLAT_LIMIT_RATE] = decision->limits[i].rate;
    limit[DRL_FLAT_LIMIT_PER_US] = decision->limits[i].per_us;
    limit[DRL_FLAT_LIMIT_BURST] = decision->limits[i].burst;
    limit[DRL_FLAT_LIMIT_REMAINING] = decision->limits[i].remaining;
    limit[DRL_FLAT_LIMIT_RESET_AFTER_US] = decision->limits[i].reset_after_us;
  }
}

static drl_decision Unflatten(const int64_t *in) {
  drl_decision decision;
  int32_t i;
  memset(&decision, 0, sizeof decision);
  decision.allowed = (int32_t)in[DRL_FLAT_ALLOWED];
  decision.outcome = (int32_t)in[DRL_FLAT_OUTCOME];
  decision.cause = (drl_status)in[DRL_FLAT_CAUSE];
  decision.charged = (int32_t)in[DRL_FLAT_CHARGED];
  decision.flags = (int32_t)in[DRL_FLAT_FLAGS];
  decision.binding = (int32_t)in[DRL_FLAT_BINDING];
  decision.limit = in[DRL_FLAT_LIMIT];
  decision.remaining = in[DRL_FLAT_REMAINING];
  decision.cost = in[DRL_FLAT_COST];
  decision.retry_after_us = in[DRL_FLAT_RETRY_AFTER_US];
  decision.reset_after_us = in[DRL_FLAT_RESET_AFTER_US];
  decision.decided_at_us = in[DRL_FLAT_DECIDED_AT_US];
  decision.wait_us = in[DRL_FLAT_WAIT_US];
  if (in[DRL_FLAT_LIMITS_COUNT] < 0 || in[DRL_FLAT_LIMITS_COUNT] > DRL_LIMITS_MAX) return decision;
  decision.limits_count = (int32_t)in[DRL_FLAT_LIMITS_COUNT];
  for (i = 0; i < decision.limits_count; ++i) {
    const int64_t *limit = in + DRL_FLAT_LIMITS + i * DRL_FLAT_LIMIT_LEN;
    decision.limits[i].rate = limit[DRL_FLAT_LIMIT_RATE];
    decision.limits[i].per_us = limit[DRL_FLAT_LIMIT_PER_US];
    decision.limits[i].burst = limit[DRL_FLAT_LIMIT_BURST];
    decision.limits[i].remaining = limit[DRL_FLAT_LIMIT_REMAINING];
    decision.limits[i].reset_after_us = limit[DRL_FLAT_LIMIT_RESET_AFTER_US];
  }
  return decision;
}

/* Cuts `names` at line feeds, in place; an empty name is none. Returns 0 when they are more than the limits, so that a name must hold a
   line feed. */
static int AssignNames(char *names, drl_limit *limits, int32_t count) {
  int32_t i;
  for (i = 0; i < count && names != NULL; ++i) {
    char *end = strchr(names, '\n');
    if (end != NULL) *end++ = '\0';
    if (names[0] != '\0') limits[i].name = names;
    names = end;
  }
  return names == NULL;
}

drl_status drl_flat_limiter_open(drl_client *client, const char *key_namespace, const char *name,
                                 int32_t fail_strategy, const int64_t *limits, size_t limits_len,
                                 const char *limit_names, drl_limiter **limiter, drl_error *error) {
  drl_limit array[DRL_LIMITS_MAX];
  char names[DRL_LIMITS_MAX * 80] = "";
  drl_limiter_options options = DRL_LIMITER_OPTIONS_INIT;
  const size_t count = limits_len / 3;
  size_t i;
  if (limiter != NULL) *limiter = NULL;
  if (limits_len % 3 != 0 || count < 1 || count > DRL_LIMITS_MAX) {
    return Fail(DRL_ERR_LIMITS, "a limiter has 1 to 8 limits", error);
  }
  if (limits == NULL) return Fail(DRL_ERR_NULL, "limits is NULL", error);
  if (limit_names != NULL && strlen(limit_names) >= sizeof names) {
    return Fail(DRL_ERR_NAME, "the name of a limit is too long", error);
  }
  memset(array, 0, sizeof array);
  for (i = 0; i < count; ++i) {
    array[i].rate = limits[3 * i];
    array[i].per_us = limits[3 * i + 1];
    array[i].burst = limits[3 * i + 2];
  }
  if (limit_names != NULL) {
    memcpy(names, limit_names, strlen(limit_names) + 1);
    if (!AssignNames(names, array, (int32_t)count)) {
      return Fail(DRL_ERR_NAME, "the name of a limit must not have a line feed", error);
    }
  }
  options.key_namespace = key_namespace;
  options.name = name;
  options.fail_strategy = fail_strategy;
  if (count == 1 && array[0].name == NULL) { /* messages then say "rate", not "limits[0].rate" */
    options.rate = array[0].rate;
    options.per_us = array[0].per_us;
    options.burst = array[0].burst;
  } else {
    options.limits = array;
    options.limits_count = (int32_t)count;
  }
  return drl_limiter_open(client, &options, limiter, error);
}

drl_status drl_flat_allow(drl_limiter *limiter, const char *identity, size_t identity_len, int64_t cost,
                          int64_t decision[DRL_FLAT_DECISION_LEN], drl_error *error) {
  drl_decision made;
  drl_status status;
  memset(&made, 0, sizeof made);
  status = drl_limiter_allow(limiter, identity, identity_len, cost, &made, error);
  Flatten(&made, decision);
  return status;
}

drl_status drl_flat_reset(drl_limiter *limiter, const char *identity, size_t identity_len, drl_error *error) {
  return drl_limiter_reset(limiter, identity, identity_len, error);
}

drl_status drl_flat_key(drl_limiter *limiter, const char *identity, size_t identity_len, char key[DRL_KEY_SIZE],
                        size_t *key_len, drl_error *error) {
  return drl_limiter_key(limiter, identity, identity_len, key, DRL_KEY_SIZE, key_len, error);
}

/* Cuts the packed identities; how many there are, or -1 when the packing is broken or they are more than `capacity`. */
static int64_t Unpack(const char *packed, size_t packed_len, drl_limiter *limiter, const int64_t *costs,
                      drl_request *requests, size_t capacity) {
  const unsigned char *at = (const unsigned char *)packed;
  const unsigned char *end = at + packed_len;
  size_t count = 0;
  while (at < end) {
    size_t length;
    if (end - at < 4 || count == capacity) return -1;
    length = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
    at += 4;
    if ((size_t)(end - at) < length) return -1;
    requests[count].limiter = limiter;
    requests[count].identity = at;
    requests[count].identity_len = length;
    requests[count].cost = costs[count];
    at += length;
    ++count;
  }
  return (int64_t)count;
}

drl_status drl_flat_allow_many(drl_client *client, drl_limiter *limiter, const char *identities,
                               size_t identities_len, const int64_t *costs, size_t costs_len, int64_t *decisions,
                               drl_error *error) {
  drl_request *requests;
  drl_decision *made;
  drl_status status;
  size_t i;
  if (costs_len < 1 || costs_len > DRL_REQUESTS_MAX) {
    return Fail(DRL_ERR_CAPACITY, "allow_many takes 1 to 4096 requests", error);
  }
  if (identities == NULL || costs == NULL || decisions == NULL) return Fail(DRL_ERR_NULL, "requests is NULL", error);
  requests = calloc(costs_len, sizeof *requests);
  made = calloc(costs_len, sizeof *made);
  if (requests == NULL || made == NULL) {
    status = Fail(DRL_ERR_MEMORY, "out of memory", error);
  } else if (Unpack(identities, identities_len, limiter, costs, requests, costs_len) != (int64_t)costs_len) {
    status = Fail(DRL_ERR_CAPACITY, "identities and costs are not equally many", error);
  } else {
    status = drl_client_decide(client, requests, sizeof *requests, (int32_t)costs_len, made, error);
    for (i = 0; i < costs_len; ++i) Flatten(&made[i], decisions + i * DRL_FLAT_DECISION_LEN);
  }
  free(requests);
  free(made);
  return status;
}

drl_status drl_flat_queue_open(drl_client *client, int64_t capacity, drl_queue **queue, drl_error *error) {
  drl_queue_options options = DRL_QUEUE_OPTIONS_INIT;
  options.capacity = capacity;
  return drl_queue_open(client, &options, queue, error);
}

drl_status drl_flat_queue_submit(drl_queue *queue, drl_limiter *limiter, const char *identity, size_t identity_len,
                                 int64_t cost, int32_t reset, int64_t id, drl_error *error) {
  return reset ? drl_queue_submit_reset(queue, limiter, identity, identity_len, id, error)
               : drl_queue_submit(queue, limiter, identity, identity_len, cost, id, error);
}

drl_status drl_flat_queue_wait(drl_queue *queue, int64_t timeout_us, int64_t *completions, int32_t capacity,
                               int32_t *count, drl_error *error) {
  enum { CHUNK = 64 };
  drl_completion ended[CHUNK];
  int32_t i;
  int32_t got = 0;
  drl_status status;
  if (completions == NULL || count == NULL) return Fail(DRL_ERR_NULL, "completions is NULL", error);
  *count = 0;
  do {
    const int32_t room = capacity - *count < CHUNK ? capacity - *count : CHUNK;
    status = drl_queue_wait(queue, *count == 0 ? timeout_us : 0, ended, room, &got, error);
    for (i = 0; i < got; ++i) {
      int64_t *out = completions + (size_t)(*count + i) * DRL_FLAT_COMPLETION_LEN;
      out[0] = ended[i].id;
      out[1] = ended[i].status;
      Flatten(&ended[i].decision, out + 2);
    }
    *count += got;
  } while (status == DRL_OK && got == CHUNK && *count < capacity);
  return status;
}

drl_status drl_flat_headers(drl_limiter *limiter, const int64_t decision[DRL_FLAT_DECISION_LEN], int32_t styles,
                            int32_t x_reset, int32_t lower_case, int64_t retry_jitter_us,
                            char text[DRL_FLAT_HEADERS_SIZE], size_t *text_len, drl_error *error) {
  const drl_decision made = Unflatten(decision);
  drl_header_options options = DRL_HEADER_OPTIONS_INIT;
  drl_headers headers;
  drl_status status;
  size_t at = 0;
  int32_t i;
  options.styles = styles;
  options.x_reset = x_reset;
  options.lower_case = lower_case;
  options.retry_jitter_us = retry_jitter_us;
  status = drl_limiter_headers(limiter, &made, &options, &headers, error);
  for (i = 0; status == DRL_OK && i < headers.count; ++i) {
    at += (size_t)snprintf(text + at, DRL_FLAT_HEADERS_SIZE - at, "%s: %s\n", headers.items[i].name,
                           headers.items[i].value);
  }
  text[at] = '\0';
  *text_len = at;
  return status;
}

drl_status drl_flat_problem(drl_limiter *limiter, const int64_t decision[DRL_FLAT_DECISION_LEN],
                            char body[DRL_PROBLEM_SIZE_MAX], size_t *body_len, int32_t *http_status,
                            drl_error *error) {
  const drl_decision made = Unflatten(decision);
  return drl_limiter_problem(limiter, &made, NULL, body, DRL_PROBLEM_SIZE_MAX, body_len, http_status, error);
}

drl_status drl_flat_resolver_open(int32_t trust, int32_t header, int32_t hops, const char *networks,
                                  int32_t ipv4_prefix_len, int32_t ipv6_prefix_len, drl_resolver **resolver,
                                  drl_error *error) {
  drl_resolver_options options = DRL_RESOLVER_OPTIONS_INIT;
  const size_t length = networks == NULL ? 0 : strlen(networks);
  char *copy = malloc(length + 1);
  const char **list = malloc((length / 2 + 1) * sizeof *list);
  drl_status status = DRL_ERR_MEMORY;
  if (resolver != NULL) *resolver = NULL;
  options.trust = trust;
  options.header = header;
  options.hops = hops;
  options.ipv4_prefix_len = ipv4_prefix_len;
  options.ipv6_prefix_len = ipv6_prefix_len;
  if (copy != NULL && list != NULL) {
    char *at = memcpy(copy, networks == NULL ? "" : networks, length + 1);
    while (*(at += strspn(at, ", ")) != '\0') {
      list[options.networks_count++] = at;
      at += strcspn(at, ", ");
      if (*at != '\0') *at++ = '\0';
    }
    options.networks = options.networks_count > 0 ? list : NULL;
    status = drl_resolver_open(&options, resolver, error);
  } else {
    Fail(status, "out of memory", error);
  }
  free(copy);
  free(list);
  return status;
}

drl_status drl_flat_resolve(drl_resolver *resolver, const char *peer, size_t peer_len, const char *lines,
                            size_t lines_len, char address[DRL_CLIENT_ADDRESS_SIZE], size_t *address_len,
                            drl_error *error) {
  enum { LINES = 64 };
  drl_header_line list[LINES];
  int32_t count = 0;
  const char *end = lines + lines_len;
  /* The nearest proxies speak last: of too many lines, the last are looked at. */
  while (lines_len > 0 && count < LINES) {
    const char *start = end;
    while (start > lines && start[-1] != '\n') --start;
    list[LINES - 1 - count].value = start;
    list[LINES - 1 - count].value_len = (size_t)(end - start);
    ++count;
    if (start == lines) break;
    end = start - 1;
  }
  return drl_resolver_resolve(resolver, peer, peer_len, list + LINES - count, count, address,
                              DRL_CLIENT_ADDRESS_SIZE, address_len, error);
}

drl_status drl_flat_stats(drl_client *client, int64_t out[DRL_FLAT_STATS_LEN], drl_error *error) {
  drl_stats stats = DRL_STATS_INIT;
  const drl_status status = drl_client_stats(client, &stats, error);
  const int64_t *from = &stats.allowed;
  const int64_t plain = &stats.latency_sum_us - from + 1;
  int64_t at = 0;
  int64_t i;
  if (status != DRL_OK) return status;
  out[at++] = stats.breaker;
  for (i = 0; i < plain; ++i) out[at++] = from[i];
  for (i = 0; i < DRL_LATENCY_BUCKETS; ++i) out[at++] = stats.latency[i];
  for (i = 0; i < DRL_BATCH_BUCKETS; ++i) out[at++] = stats.batch_size[i];
  out[at++] = stats.connected;
  out[at++] = stats.breaker_opened;
  return status;
}
