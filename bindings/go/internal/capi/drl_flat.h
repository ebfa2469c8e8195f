/* The flat shim: the C interface as plain calls, for SWIG.
 *
 * A binding crosses from its language once for each operation: bytes and integers go in, integers and text come out. No struct of
 * drl.h crosses. Results go to arrays of int64_t that the caller owns; each function returns a drl_status and fills the caller's
 * drl_error, as in drl.h, whose contracts hold here too.
 */
#ifndef DRL_FLAT_H
#define DRL_FLAT_H

#include <drl/drl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A decision as integers: these, then DRL_FLAT_LIMITS_COUNT times those of a limit in force, from DRL_FLAT_LIMITS on; what is behind
   them is 0. */
enum {
  DRL_FLAT_ALLOWED,
  DRL_FLAT_OUTCOME,
  DRL_FLAT_CAUSE,
  DRL_FLAT_CHARGED,
  DRL_FLAT_FLAGS,
  DRL_FLAT_BINDING,
  DRL_FLAT_LIMIT,
  DRL_FLAT_REMAINING,
  DRL_FLAT_COST,
  DRL_FLAT_RETRY_AFTER_US,
  DRL_FLAT_RESET_AFTER_US,
  DRL_FLAT_DECIDED_AT_US,
  DRL_FLAT_WAIT_US,
  DRL_FLAT_LIMITS_COUNT,
  DRL_FLAT_LIMITS
};
enum {
  DRL_FLAT_LIMIT_RATE,
  DRL_FLAT_LIMIT_PER_US,
  DRL_FLAT_LIMIT_BURST,
  DRL_FLAT_LIMIT_REMAINING,
  DRL_FLAT_LIMIT_RESET_AFTER_US,
  DRL_FLAT_LIMIT_LEN
};
enum { DRL_FLAT_DECISION_LEN = DRL_FLAT_LIMITS + 8 * DRL_FLAT_LIMIT_LEN };

/* A completion as integers: id, status, then a decision. */
enum { DRL_FLAT_COMPLETION_LEN = 2 + DRL_FLAT_DECISION_LEN };

/* Where credentials are asked for and given: a callback of the library's thread on one side, a thread of the language on the other, which
   waits here for questions and answers them; so no foreign thread enters the language. */
typedef struct drl_flat_mailbox drl_flat_mailbox;

/* drl_client_open. `options` holds names and values in turn, each behind its length (4 bytes, big-endian): the names of the fields of
   drl_client_options, but for functions and lengths; numbers as decimal text, where a larger one than the field can hold is the largest
   that it can; texts and bytes as they are. What is not named is default. `credentials`, if not NULL, is asked for user and password
   from now on; it is stopped when the client does not open, or has been closed with all that was made on it. */
drl_status drl_flat_client_open(const char *options, size_t options_len, drl_flat_mailbox *credentials,
                                drl_client **client, drl_error *error);

/* Owned: close it with drl_flat_mailbox_close. In a forked child it has neither question nor wait. */
drl_status drl_flat_mailbox_open(drl_flat_mailbox **mailbox, drl_error *error);

/* Wait for the next question. DRL_OK: answer it. DRL_ERR_CLOSED: there will be none. DRL_ERR_CANCELLED: interrupted.
   One thread at a time. Blocks, for as long as nobody asks. */
drl_status drl_flat_mailbox_wait(drl_flat_mailbox *mailbox, drl_error *error);

/* End a wait: that under way, or else the next. */
void drl_flat_mailbox_interrupt(drl_flat_mailbox *mailbox);

/* Answer with user name and password ("" for the default user), good for that long (0: always); or, where `why_len` is not 0, with a
   sentence why not, which is cut to what drl_credentials.why holds. What cannot be credentials becomes such a sentence too. Too late is
   fine: then nobody hears it. Does not block. */
void drl_flat_mailbox_answer(drl_flat_mailbox *mailbox, const char *username, size_t username_len, const char *password,
                             size_t password_len, int64_t expires_in_us, const char *why, size_t why_len);

/* No more questions: whoever asks hears that it is closed, and the wait ends. For those who close a client: the library says that it
   is closed with the last of its limiters only, and in a forked child not at all. */
void drl_flat_mailbox_stop(drl_flat_mailbox *mailbox);

/* Stop, and give it back; the client may still have it. */
void drl_flat_mailbox_close(drl_flat_mailbox *mailbox);

/* drl_limiter_open. `limits` holds rate, per_us, burst of each limit in turn; `limit_names` their names joined by line feeds, empty
   for none, or NULL. */
drl_status drl_flat_limiter_open(drl_client *client, const char *key_namespace, const char *name,
                                 int32_t fail_strategy, const int64_t *limits, size_t limits_len,
                                 const char *limit_names, drl_limiter **limiter, drl_error *error);

/* drl_limiter_allow. `decision` is set on errors too: what is known of a request that Redis did not decide, or zeros. */
drl_status drl_flat_allow(drl_limiter *limiter, const char *identity, size_t identity_len, int64_t cost,
                          int64_t decision[DRL_FLAT_DECISION_LEN], drl_error *error);

/* drl_limiter_reset. */
drl_status drl_flat_reset(drl_limiter *limiter, const char *identity, size_t identity_len, drl_error *error);

/* drl_limiter_key. */
drl_status drl_flat_key(drl_limiter *limiter, const char *identity, size_t identity_len, char key[DRL_KEY_SIZE],
                        size_t *key_len, drl_error *error);

/* drl_client_decide for one limiter. `identities` holds each identity behind its length (4 bytes, big-endian); `costs` one number
   each, as many as identities. `decisions` has room for costs_len decisions. */
drl_status drl_flat_allow_many(drl_client *client, drl_limiter *limiter, const char *identities,
                               size_t identities_len, const int64_t *costs, size_t costs_len, int64_t *decisions,
                               drl_error *error);

/* drl_queue_open; capacity 0 means default. */
drl_status drl_flat_queue_open(drl_client *client, int64_t capacity, drl_queue **queue, drl_error *error);

/* drl_queue_submit, or with `reset` other than 0 drl_queue_submit_reset. */
drl_status drl_flat_queue_submit(drl_queue *queue, drl_limiter *limiter, const char *identity, size_t identity_len,
                                 int64_t cost, int32_t reset, int64_t id, drl_error *error);

/* drl_queue_wait (timeout_us 0: drain). `completions` has room for `capacity` completions; `count` says how many came. */
drl_status drl_flat_queue_wait(drl_queue *queue, int64_t timeout_us, int64_t *completions, int32_t capacity,
                               int32_t *count, drl_error *error);

/* drl_limiter_headers. The text is "Name: value" lines, each ended by a line feed. */
enum { DRL_FLAT_HEADERS_SIZE = DRL_HEADERS_TEXT_SIZE + 64 * DRL_HEADERS_MAX };
drl_status drl_flat_headers(drl_limiter *limiter, const int64_t decision[DRL_FLAT_DECISION_LEN], int32_t styles,
                            int32_t x_reset, int32_t lower_case, int64_t retry_jitter_us,
                            char text[DRL_FLAT_HEADERS_SIZE], size_t *text_len, drl_error *error);

/* drl_limiter_problem, without detail and instance. */
drl_status drl_flat_problem(drl_limiter *limiter, const int64_t decision[DRL_FLAT_DECISION_LEN],
                            char body[DRL_PROBLEM_SIZE_MAX], size_t *body_len, int32_t *http_status,
                            drl_error *error);

/* drl_resolver_open. `networks` are joined by commas or spaces, or NULL. */
drl_status drl_flat_resolver_open(int32_t trust, int32_t header, int32_t hops, const char *networks,
                                  int32_t ipv4_prefix_len, int32_t ipv6_prefix_len, drl_resolver **resolver,
                                  drl_error *error);

/* drl_resolver_resolve. `lines` are the lines of the header in the order received, joined by line feeds. */
drl_status drl_flat_resolve(drl_resolver *resolver, const char *peer, size_t peer_len, const char *lines,
                            size_t lines_len, char address[DRL_CLIENT_ADDRESS_SIZE], size_t *address_len,
                            drl_error *error);

/* drl_client_stats: the fields in the order of drl_stats from `breaker` on, arrays element by element. */
enum { DRL_FLAT_STATS_LEN = 26 + DRL_LATENCY_BUCKETS + DRL_BATCH_BUCKETS };
drl_status drl_flat_stats(drl_client *client, int64_t stats[DRL_FLAT_STATS_LEN], drl_error *error);

#ifdef __cplusplus
}
#endif

#endif /* DRL_FLAT_H */
