#include "redis_server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "redis_inspect.h"
#include "redis_user.h"

extern char **environ;

enum { PATH_LEN = 104, ARGUMENTS_MAX = 64, START_ATTEMPTS = 5, START_WAIT_MS = 10000, STOP_WAIT_MS = 2000 };

struct redis_server {
  pid_t pid;
  int port;
  int tls_port;
  char directory[64];
  char socket[PATH_LEN];
  char url[PATH_LEN + 16];
  char tcp_url[64];
  const char *user; /* whom redis_inspect logs in as; NULL: default */
  const char *password;
  char *default_password; /* an owned copy; NULL: none */
  char *admin_password;
  char *rules; /* of the user that everybody else is; NULL: the test has an ACL of its own */
  int refusals_expected;
  char *arguments[ARGUMENTS_MAX]; /* owned copies, ended by NULL */
  int arguments_count;
  int64_t *clock; /* shared with the shim; NULL: the real clock */
  redisContext *connection;
};

static void sleep_ms(long ms) {
  struct timespec wait = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&wait, NULL);
}

static void add_argument(redis_server *server, const char *text) {
  if (server->arguments_count == ARGUMENTS_MAX - 1) abort();
  server->arguments[server->arguments_count++] = strdup(text);
}

static void add_option(redis_server *server, const char *name, const char *value) {
  add_argument(server, name);
  add_argument(server, value);
}

static int write_file(const char *path, const char *text, size_t length) {
  FILE *file = fopen(path, "w");
  if (file == NULL) return -1;
  const size_t written = fwrite(text, 1, length, file);
  return fclose(file) == 0 && written == length ? 0 : -1;
}

int redis_server_free_port(void) {
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port = 0;
  if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
      getsockname(fd, (struct sockaddr *)&address, &length) == 0) {
    port = ntohs(address.sin_port);
  }
  close(fd);
  return port;
}

/* The clock is one number in a file that both processes map. */
static int open_clock(redis_server *server) {
  char path[PATH_LEN];
  const int64_t start = REDIS_SERVER_START_TIME_US;
  snprintf(path, sizeof path, "%s/clock", server->directory);
  if (write_file(path, (const char *)&start, sizeof start) != 0) return -1;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof start, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (fd >= 0) close(fd);
  if (map == MAP_FAILED) return -1;
  server->clock = map;
  return 0;
}

static char *copy(const char *text) { return text == NULL ? NULL : strdup(text); }

static int set_users(redis_server *server, const redis_server_options *options) {
  server->default_password = copy(options->password);
  if (options->password != NULL) add_option(server, "--requirepass", options->password);
  if (options->acl == NULL) {
    const char *more = options->permissions != NULL ? options->permissions : "";
    server->admin_password = copy("admin");
    server->rules = malloc(sizeof REDIS_USER_RESET + 1 + strlen(more));
    if (server->rules == NULL) abort();
    sprintf(server->rules, "%s %s", REDIS_USER_RESET, more);
    return 0;
  }
  char path[PATH_LEN];
  server->admin_password = copy(options->acl_password);
  snprintf(path, sizeof path, "%s/users.acl", server->directory);
  add_option(server, "--aclfile", path);
  return write_file(path, options->acl, strlen(options->acl));
}

static void set_tls(redis_server *server, const redis_server_options *options) {
  add_option(server, "--tls-cert-file", options->tls_certificate);
  add_option(server, "--tls-key-file", options->tls_key);
  add_option(server, "--tls-auth-clients", options->tls_clients_ca != NULL ? "yes" : "no");
  if (options->tls_clients_ca != NULL) add_option(server, "--tls-ca-cert-file", options->tls_clients_ca);
}

static int prepare(redis_server *server, const redis_server_options *options) {
  snprintf(server->directory, sizeof server->directory, "/tmp/drl-test-XXXXXX");
  if (mkdtemp(server->directory) == NULL) return -1;
  snprintf(server->socket, sizeof server->socket, "%s/redis.sock", server->directory);
  snprintf(server->url, sizeof server->url, "unix://%s", server->socket);
  add_argument(server, "redis-server");
  add_option(server, "--unixsocket", server->socket);
  add_option(server, "--dir", server->directory);
  add_option(server, "--save", "");
  add_option(server, "--appendonly", "no");
  add_option(server, "--daemonize", "no");
  add_option(server, "--loglevel", "warning");
  add_option(server, "--logfile", "redis.log");
  add_option(server, "--hz", "100"); /* the timer that notices SIGTERM */
  if (options->tcp || options->tls_certificate != NULL) add_option(server, "--bind", "127.0.0.1");
  if (options->tls_certificate != NULL) set_tls(server, options);
  if (set_users(server, options) != 0) return -1;
  if (options->clock_shim && open_clock(server) != 0) return -1;
  for (int i = 0; options->arguments != NULL && options->arguments[i] != NULL; ++i) {
    add_argument(server, options->arguments[i]);
  }
  return 0;
}

/* The environment of the child: ours, with the shim. No sanitizer's preload, no setenv in a program with threads. */
static char **child_environment(const redis_server *server, char *preload, char *clock, size_t length) {
  size_t count = 0;
  while (environ[count] != NULL) ++count;
  char **environment = calloc(count + 3, sizeof *environment);
  if (environment == NULL) abort();
  size_t kept = 0;
  for (size_t i = 0; i < count; ++i) {
    if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0) environment[kept++] = environ[i];
  }
  if (server->clock != NULL) {
    snprintf(preload, length, "LD_PRELOAD=%s", DRL_CLOCK_SHIM);
    snprintf(clock, length, "DRL_CLOCK_FILE=%s/clock", server->directory);
    environment[kept++] = preload;
    environment[kept++] = clock;
  }
  return environment;
}

static void spawn(redis_server *server) {
  char preload[4096];
  char clock[4096];
  char **environment = child_environment(server, preload, clock, sizeof preload);
  const pid_t parent = getpid();
  server->pid = fork();
  if (server->pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127); /* it died before we asked */
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    execvpe("redis-server", server->arguments, environment);
    _exit(127);
  }
  free(environment);
}

static void reap(redis_server *server, int wait_ms) {
  for (int waited = 0; waited < wait_ms; waited += 2) {
    if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
      server->pid = 0;
      return;
    }
    sleep_ms(2);
  }
  kill(server->pid, SIGKILL);
  waitpid(server->pid, NULL, 0);
  server->pid = 0;
}

static void disconnect(redis_server *server) {
  if (server->connection != NULL) redisFree(server->connection);
  server->connection = NULL;
}

static int answers(redis_server *server) {
  redisReply *reply = redis_server_command(server, "PING");
  const int ready = reply != NULL && reply->type == REDIS_REPLY_STATUS;
  if (reply != NULL) freeReplyObject(reply);
  if (!ready) disconnect(server);
  return ready;
}

static int does(redis_server *server, const char *command) {
  redisReply *reply = redis_server_command(server, command, NULL);
  const int done = reply != NULL && reply->type == REDIS_REPLY_STATUS;
  if (!done) fprintf(stderr, "redis_server: %s: %s\n", command, reply != NULL ? reply->str : "no answer");
  if (reply != NULL) freeReplyObject(reply);
  return done;
}

static void log_in_as(redis_server *server, const char *user, const char *password) {
  server->user = user;
  server->password = password;
}

/* Makes redis_inspect's user, and a small one of the default user; 0 when that worked. By commands and not by an ACL file, which
 * knows no password with a space.
 */
static int make_users(redis_server *server) {
  char command[512];
  if (server->rules == NULL) return 0;
  if (!does(server, "ACL SETUSER admin on >admin ~* +@all") || !does(server, "AUTH admin admin")) return -1;
  log_in_as(server, "admin", server->admin_password);
  snprintf(command, sizeof command, "ACL SETUSER default resetkeys %s", server->rules);
  return does(server, command) ? 0 : -1;
}

/* 0 when it answers and has its users, -1 when it ended or never answered. */
static int spawn_and_wait(redis_server *server) {
  if (server->rules != NULL) {
    log_in_as(server, NULL, server->default_password);
  } else {
    log_in_as(server, "admin", server->admin_password);
  }
  spawn(server);
  if (server->pid < 0) return -1;
  for (int waited = 0; waited < START_WAIT_MS; waited += 2) {
    if (answers(server)) {
      if (make_users(server) == 0) return 0;
      break;
    }
    if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
      server->pid = 0;
      return -1;
    }
    sleep_ms(2);
  }
  redis_server_kill(server);
  return -1;
}

/* A free port may be taken by another before Redis binds it: then another is tried. */
static int start_on_some_port(redis_server *server, int tcp, int tls) {
  const int fixed = server->arguments_count;
  for (int attempt = 0; attempt < START_ATTEMPTS; ++attempt) {
    char port[16];
    server->port = tcp ? redis_server_free_port() : 0;
    snprintf(port, sizeof port, "%d", server->port);
    snprintf(server->tcp_url, sizeof server->tcp_url, "redis://127.0.0.1:%d", server->port);
    while (server->arguments_count > fixed) {
      free(server->arguments[--server->arguments_count]);
      server->arguments[server->arguments_count] = NULL;
    }
    add_option(server, "--port", port);
    server->tls_port = tls ? redis_server_free_port() : 0;
    snprintf(port, sizeof port, "%d", server->tls_port);
    if (tls) add_option(server, "--tls-port", port);
    if (spawn_and_wait(server) == 0) return 0;
    if (!tcp && !tls) break;
  }
  return -1;
}

redis_server *redis_server_start(const redis_server_options *options) {
  static const redis_server_options defaults;
  if (options == NULL) options = &defaults;
  redis_server *server = calloc(1, sizeof *server);
  if (server == NULL) return NULL;
  if (prepare(server, options) != 0) {
    fprintf(stderr, "redis_server: cannot prepare %s: %s\n", server->directory, strerror(errno));
  } else if (start_on_some_port(server, options->tcp, options->tls_certificate != NULL) == 0) {
    return server;
  } else {
    fprintf(stderr, "redis_server: redis-server does not answer; is it installed?\n");
  }
  redis_server_stop(server);
  return NULL;
}

static void remove_directory(const char *directory) {
  DIR *entries = opendir(directory);
  if (entries == NULL) return;
  for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
    unlinkat(dirfd(entries), entry->d_name, 0); /* refuses . and .. */
  }
  closedir(entries);
  rmdir(directory);
}

static void print_refusal(const redisReply *entry) {
  for (size_t i = 0; i + 1 < entry->elements; i += 2) {
    const redisReply *value = entry->element[i + 1];
    if (value->str != NULL) fprintf(stderr, " %s=%s", entry->element[i]->str, value->str);
  }
  fprintf(stderr, "\n");
}

/* What a user is refused he could not say: ACL LOG must be empty. */
static void check_refusals(redis_server *server) {
  redisReply *log = redis_server_command(server, "ACL LOG");
  if (log == NULL) log = redis_server_command(server, "ACL LOG"); /* the connection may have been cut by the test */
  for (int i = 0; i < 50 && log != NULL && log->type == REDIS_REPLY_ERROR && strncmp(log->str, "BUSY", 4) == 0; ++i) {
    freeReplyObject(log); /* with a script that a test left running */
    usleep(100000);
    log = redis_server_command(server, "ACL LOG");
  }
  const int sound = log != NULL && log->type == REDIS_REPLY_ARRAY;
  if (sound && log->elements == 0) {
    freeReplyObject(log);
    return;
  }
  fprintf(stderr, "redis_server: %s\n", sound ? "Redis refused what lua/permissions.txt should allow:" : "ACL LOG cannot be read");
  for (size_t i = 0; sound && i < log->elements; ++i) print_refusal(log->element[i]);
  abort();
}

void redis_server_stop(redis_server *server) {
  if (server == NULL) return;
  if (server->pid > 0) {
    kill(server->pid, SIGCONT);
    if (!server->refusals_expected) check_refusals(server);
  }
  disconnect(server);
  if (server->pid > 0) {
    /* Where the shim's clock stands, the timers of Redis 6.0 do too, and one of them notices SIGTERM. */
    kill(server->pid, server->clock != NULL ? SIGKILL : SIGTERM);
    reap(server, STOP_WAIT_MS);
  }
  if (server->clock != NULL) munmap(server->clock, sizeof *server->clock);
  remove_directory(server->directory);
  while (server->arguments_count > 0) free(server->arguments[--server->arguments_count]);
  free(server->default_password);
  free(server->admin_password);
  free(server->rules);
  free(server);
}

void redis_server_kill(redis_server *server) {
  disconnect(server);
  if (server->pid <= 0) return;
  kill(server->pid, SIGKILL);
  waitpid(server->pid, NULL, 0);
  server->pid = 0;
}

int redis_server_restart(redis_server *server) {
  redis_server_kill(server);
  unlink(server->socket);
  return spawn_and_wait(server);
}

void redis_server_pause(redis_server *server) {
  int status;
  kill(server->pid, SIGSTOP);
  waitpid(server->pid, &status, WUNTRACED); /* it has stopped, not: it will */
}

void redis_server_resume(redis_server *server) { kill(server->pid, SIGCONT); }

void redis_server_set_time(redis_server *server, int64_t unix_us) {
  if (server->clock == NULL) abort();
  __atomic_store_n(server->clock, unix_us, __ATOMIC_SEQ_CST);
}

void redis_server_expect_refusals(redis_server *server) { server->refusals_expected = 1; }

pid_t redis_server_pid(const redis_server *server) { return server->pid; }
const char *redis_server_socket(const redis_server *server) { return server->socket; }
int redis_server_port(const redis_server *server) { return server->port; }
int redis_server_tls_port(const redis_server *server) { return server->tls_port; }
const char *redis_server_url(const redis_server *server) { return server->url; }
const char *redis_server_tcp_url(const redis_server *server) { return server->tcp_url; }
const char *redis_server_password(const redis_server *server) { return server->password; }
const char *redis_server_user(const redis_server *server) { return server->user; }
redisContext **redis_server_connection(redis_server *server) { return &server->connection; }
