/* What Go needs of the flat shim. `generate` turns it into capi.go and drl_wrap.c.
 *
 * Handles are uintptr. Results are written to memory that Go owns, holds no Go pointers, and is read during the call only. Bytes with
 * a length are handed over where they lie, uncopied; other strings are copied, and "" becomes NULL, which means default.
 */
%module capi

%insert(cgo_comment_typedefs) %{
#cgo pkg-config: drl
%}

%{
#include "drl_flat.h"

/* What types.go says again. */
_Static_assert(DRL_FLAT_ALLOWED == 0 && DRL_FLAT_FLAGS == 4 && DRL_FLAT_LIMIT == 6 && DRL_FLAT_DECIDED_AT_US == 11, "decision.go");
_Static_assert(DRL_FLAT_LIMITS_COUNT == 13 && DRL_FLAT_LIMITS == 14 && DRL_FLAT_LIMIT_LEN == 5, "LimitsCount, Limits, LimitLen");
_Static_assert(DRL_FLAT_LIMIT_RATE == 0 && DRL_FLAT_LIMIT_BURST == 2 && DRL_FLAT_LIMIT_RESET_AFTER_US == 4, "decision.go");
_Static_assert(DRL_FLAT_DECISION_LEN == 54 && DRL_FLAT_COMPLETION_LEN == 56 && DRL_LIMITS_MAX == 8, "DecisionLen, LimitsMax");
_Static_assert(DRL_DECISION_DEGRADED == 1 && DRL_FAIL_OPEN == 1 && DRL_FAIL_ERROR == 3, "decision.go, options.go");
_Static_assert(DRL_KEY_SIZE == 256, "KeySize");
_Static_assert(DRL_FLAT_HEADERS_SIZE == 2816 && DRL_PROBLEM_SIZE_MAX == 8192, "HeadersSize, ProblemSize");
_Static_assert(DRL_CLIENT_ADDRESS_SIZE == 64 && DRL_FLAT_STATS_LEN == 54, "AddressSize, StatsLen");
_Static_assert(DRL_IDENTITY_LEN_MAX == 65536 && DRL_REQUESTS_MAX == 4096, "IdentityLenMax, RequestsMax");
_Static_assert(sizeof(drl_error) == 256 && sizeof(size_t) == 8, "Error");

static char *Copied(_gostring_ text) {
  char *copy;
  if (text.n == 0) return NULL;
  copy = malloc((size_t)text.n + 1);
  if (copy == NULL) abort(); /* as Go does itself */
  memcpy(copy, text.p, (size_t)text.n);
  copy[text.n] = '\0';
  return copy;
}
%}

/* As on every 64-bit Linux. SWIG's stdint.i says long long, and the compiler would warn. */
typedef int int32_t;
typedef long int64_t;
typedef int32_t drl_status;

/* Handles, and where to put them. */
%typemap(gotype) drl_client *, drl_limiter *, drl_queue *, drl_resolver *, drl_flat_mailbox * "uintptr"
%typemap(in) drl_client *, drl_limiter *, drl_queue *, drl_resolver *, drl_flat_mailbox * %{ $1 = ($1_ltype)$input; %}
%typemap(gotype) drl_client **, drl_limiter **, drl_queue **, drl_resolver **, drl_flat_mailbox ** "*uintptr"
%typemap(in) drl_client **, drl_limiter **, drl_queue **, drl_resolver **, drl_flat_mailbox ** %{ $1 = ($1_ltype)$input; %}

/* Results. */
%typemap(gotype) drl_error * "*Error"
%typemap(gotype) int64_t *, int64_t [ANY] "*int64"
%typemap(gotype) int32_t * "*int32"
%typemap(gotype) size_t * "*int64"
%typemap(gotype) char text[ANY], char body[ANY], char address[ANY], char key[ANY], char *text "*byte"
%typemap(in) drl_error *, int64_t *, int64_t [ANY], int32_t *, size_t *, char text[ANY], char body[ANY], char address[ANY], char key[ANY],
  char *text
  %{ $1 = ($1_ltype)$input; %}
%typemap(freearg) char text[ANY], char body[ANY], char address[ANY], char key[ANY], char *text ""

/* Text and bytes. */
%typemap(in) const char * %{ $1 = Copied($input); %}
%typemap(freearg) const char * %{ free($1); %}
%apply (char *STRING, size_t LENGTH) {
  (const char *identity, size_t identity_len), (const char *options, size_t options_len), (const char *peer, size_t peer_len),
  (const char *lines, size_t lines_len), (const char *username, size_t username_len), (const char *password, size_t password_len),
  (const char *why, size_t why_len)
};
%typemap(gotype) (const int64_t *limits, size_t limits_len) "[]int64"
%typemap(in) (const int64_t *limits, size_t limits_len) %{ $1 = ($1_ltype)$input.array; $2 = (size_t)$input.len; %}

%rename(ClientOpen) drl_flat_client_open;
%rename(ClientClose) drl_client_close;
%rename(MailboxOpen) drl_flat_mailbox_open;
%rename(MailboxWait) drl_flat_mailbox_wait;
%rename(MailboxAnswer) drl_flat_mailbox_answer;
%rename(MailboxStop) drl_flat_mailbox_stop;
%rename(MailboxClose) drl_flat_mailbox_close;
%rename(LimiterOpen) drl_flat_limiter_open;
%rename(LimiterClose) drl_limiter_close;
%rename(QueueOpen) drl_flat_queue_open;
%rename(QueueClose) drl_queue_close;
%rename(QueueFd) drl_queue_fd;
%rename(QueueSubmit) drl_flat_queue_submit;
%rename(QueueWait) drl_flat_queue_wait;
%rename(QueueCancel) drl_queue_cancel;
%rename(Allow) drl_flat_allow;
%rename(Key) drl_flat_key;
%rename(Headers) drl_flat_headers;
%rename(Problem) drl_flat_problem;
%rename(ResolverOpen) drl_flat_resolver_open;
%rename(ResolverClose) drl_resolver_close;
%rename(ResolverHeader) drl_resolver_header;
%rename(Resolve) drl_flat_resolve;
%rename(ClientStats) drl_flat_stats;
%rename(ClientMetrics) drl_client_metrics;
%rename(StatusName) drl_status_name;
%rename(StatusMessage) drl_status_message;
%rename(Version) drl_version;
%ignore drl_flat_reset; /* a queue does it */
%ignore drl_flat_allow_many;
%ignore drl_flat_mailbox_interrupt;
%include "drl_flat.i"

int32_t drl_queue_fd(drl_queue *queue);
