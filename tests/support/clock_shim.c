/* LD_PRELOAD for redis-server: the wall clock is the number in the file DRL_CLOCK_FILE, microseconds of Unix time.
 *
 * TIME and the expiry of keys follow it, forward and back; the monotonic clock, which drives Redis's event loop, stays
 * real. Nothing here calls dlsym or allocates: allocators ask for the time before they are ready.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t *clock_us;

__attribute__((constructor)) static void map_clock(void) {
  const char *path = getenv("DRL_CLOCK_FILE");
  const int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  const void *map = mmap(NULL, sizeof *clock_us, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (map != MAP_FAILED) clock_us = map;
}

static int is_wall_clock(clockid_t id) { return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE; }

int clock_gettime(clockid_t id, struct timespec *now) {
  if (clock_us == NULL || !is_wall_clock(id)) return (int)syscall(SYS_clock_gettime, id, now);
  const int64_t us = __atomic_load_n(clock_us, __ATOMIC_SEQ_CST);
  now->tv_sec = us / 1000000;
  now->tv_nsec = us % 1000000 * 1000;
  return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  struct timespec ts;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &ts);
  now->tv_sec = ts.tv_sec;
  now->tv_usec = ts.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  if (out != NULL) *out = ts.tv_sec;
  return ts.tv_sec;
}

/* By regular expressions Redis finds out whether the processor's own counter is a clock, and nothing else. Where it is, Valkey 9
 * counts microseconds by that between looks at the wall clock a millisecond apart. Here it never is.
 */
int regexec(const regex_t *restrict pattern, const char *restrict text, size_t count, regmatch_t matches[restrict count],
            int flags) {
  (void)pattern, (void)text, (void)count, (void)matches, (void)flags;
  return REG_NOMATCH;
}
