/* A server that greets like Redis and then answers EVALSHA with whatever a test wants: errors that a real one seldom
 * gives, replies that break the contract, or silence.
 */
#ifndef DRL_TEST_FAKE_REDIS_H
#define DRL_TEST_FAKE_REDIS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fake_redis fake_redis;

/* In a reply of fake_redis_answer: the tag of the call, and the present microsecond since 2025-01-01. */
#define FAKE_REDIS_TAG "@TAG@"
#define FAKE_REDIS_NOW "@NOW@"

/* Listen on a Unix socket in a temporary directory and serve one connection after the other on a thread. */
fake_redis *fake_redis_start(void);
/* Close connection and socket, end the thread, remove the directory. NULL is fine. */
void fake_redis_stop(fake_redis *fake);

const char *fake_redis_url(const fake_redis *fake);

/* From now on answer each EVALSHA but the library's probes with these bytes of RESP after `delay_us`; NULL: not at all. Copied. */
void fake_redis_answer(fake_redis *fake, const char *bytes, long delay_us);
/* Answer the next EVALSHA but a probe with these bytes, after those queued before and after `delay_us`. Copied. */
void fake_redis_answer_next(fake_redis *fake, const char *bytes, long delay_us);
/* From now on answer a command of the greeting ("TIME", "AUTH", "SELECT", "CLIENT", "SCRIPT") with these bytes. Copied. */
void fake_redis_greet(fake_redis *fake, const char *command, const char *bytes);

/* How many EVALSHA came so far, probes not counted. */
int fake_redis_calls(fake_redis *fake);

#ifdef __cplusplus
}
#endif

#endif /* DRL_TEST_FAKE_REDIS_H */
