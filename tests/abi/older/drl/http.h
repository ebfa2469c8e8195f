/* HTTP: rate limit headers, problem bodies and client addresses, the same for every framework and language.
 *
 *     drl_headers headers;
 *     if (drl_limiter_headers(limiter, &decision, NULL, &headers, &error) == DRL_OK)
 *       for (int32_t i = 0; i < headers.count; i++) add_header(headers.items[i].name, headers.items[i].value);
 *
 * None of these functions talks to Redis or allocates, except drl_resolver_open.
 */
#ifndef DRL_HTTP_H
#define DRL_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "decision.h"
#include "export.h"
#include "limiter.h"
#include "status.h"

/* ---- Headers ---- */

/* Which headers are written; combine with |. Retry-After (RFC 9110, in seconds) comes with every refusal that waiting
 * can cure. */
enum {
  DRL_HEADERS_DRAFT = 1,         /* RateLimit-Policy, RateLimit: draft-ietf-httpapi-ratelimit-headers-11, RFC 9651 */
  DRL_HEADERS_LEGACY = 2,        /* RateLimit-Limit, -Remaining, -Reset: the same draft up to its version 06 */
  DRL_HEADERS_X = 4,             /* X-RateLimit-Limit, -Remaining, -Reset: customary, never specified */
  DRL_HEADERS_CACHE_CONTROL = 8, /* Cache-Control: no-store, on a refusal */
  DRL_HEADERS_CORS = 16          /* Access-Control-Expose-Headers, naming the others, so that scripts may read them */
};

/* What X-RateLimit-Reset counts. */
enum {
  DRL_X_RESET_DELTA = 0, /* seconds from now */
  DRL_X_RESET_EPOCH = 1  /* seconds since 1970-01-01 UTC, by the clock of Redis */
};

enum { DRL_HEADERS_MAX = 12, DRL_HEADERS_TEXT_SIZE = 2048 };

/** How headers are written; zero means default. */
typedef struct drl_header_options {
  uint32_t struct_size;
  int32_t styles;          /* DRL_HEADERS_*; default draft and legacy */
  int32_t x_reset;         /* DRL_X_RESET_*; default delta */
  int32_t lower_case;      /* 1: names in lower case, as HTTP/2 and Rack 3 want them */
  int64_t retry_jitter_us; /* Retry-After grows by 0 to this much, so that the refused do not return together;
                              0..86400000000, default 0 */
  int64_t jitter_seed;     /* any number that differs between requests; equal seeds give equal jitter. Default: drawn
                              by the library. */
} drl_header_options;

#define DRL_HEADER_OPTIONS_INIT \
  { (uint32_t)sizeof(drl_header_options), 0, 0, 0, 0, 0 }

/** One header. Both strings are NUL-terminated printable ASCII. */
typedef struct drl_header {
  const char *name;
  size_t name_len;
  const char *value;
  size_t value_len;
} drl_header;

/** The headers of one decision, large enough for every limiter. The layout is frozen.
 *  The values lie in `text`: they live as long as the struct, and a copy of the struct still points into the original.
 */
typedef struct drl_headers {
  int32_t count;
  int32_t reserved0;
  drl_header items[DRL_HEADERS_MAX]; /* the first `count` are set */
  int64_t reserved[4];
  char text[DRL_HEADERS_TEXT_SIZE];
} drl_headers;

/* ---- Problem bodies ---- */

#define DRL_PROBLEM_CONTENT_TYPE "application/problem+json"

enum {
  DRL_PROBLEM_TEXT_MAX = 512,  /* bytes of detail, and of instance */
  DRL_PROBLEM_SIZE_MAX = 8192 /* a buffer of this size is always enough */
};

/** What the caller adds to a problem body; zero means left out. Bytes that are not UTF-8 become U+FFFD. */
typedef struct drl_problem_options {
  uint32_t struct_size;
  int32_t reserved;
  const char *detail; /* a sentence for a person */
  size_t detail_len;
  const char *instance; /* a URI reference of this occurrence, such as the path of the request */
  size_t instance_len;
} drl_problem_options;

#define DRL_PROBLEM_OPTIONS_INIT \
  { (uint32_t)sizeof(drl_problem_options), 0, NULL, 0, NULL, 0 }

/* ---- Client addresses ---- */

/* Whose word about the client is taken. */
enum {
  DRL_TRUST_NONE = 0,     /* nobody's: the client is the peer of the socket (default) */
  DRL_TRUST_NETWORKS = 1, /* that of proxies within `networks` */
  DRL_TRUST_PRIVATE = 2,  /* that of every private address, and of `networks` where given. Private: 127.0.0.0/8,
                             10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, ::1, fe80::/10, fc00::/7, and
                             local sockets. This is what trust_proxy=True means. Not where users themselves have
                             private addresses and reach the server past the proxy: they could name any client. */
  DRL_TRUST_HOPS = 3      /* that of the last `hops` proxies, whatever their addresses. Only where nobody can reach the
                             server with fewer proxies in between: they could name any client. */
};

/* Where proxies leave their word. A proxy that does not write this header must remove it. */
enum {
  DRL_FORWARD_X_FORWARDED_FOR = 0, /* default */
  DRL_FORWARD_FORWARDED = 1        /* RFC 7239 */
};

enum { DRL_NETWORKS_MAX = 4096, DRL_CLIENT_ADDRESS_SIZE = 64, DRL_FORWARD_LEN_MAX = 16384, DRL_FORWARD_HOPS_MAX = 64 };

/** How client addresses are found; zero means default. All is copied by drl_resolver_open. */
typedef struct drl_resolver_options {
  uint32_t struct_size;
  int32_t trust;               /* DRL_TRUST_* */
  int32_t header;              /* DRL_FORWARD_* */
  int32_t hops;                /* with DRL_TRUST_HOPS 1..64: how many proxies stand before this server; else 0 */
  const char *const *networks; /* "10.0.0.0/8", "2001:db8::/32", "192.0.2.1"; host bits must be zero. "unix:" is the
                                  peer on a local socket, also an empty peer: only where the server listens on
                                  nothing else. */
  int32_t networks_count;      /* 0..DRL_NETWORKS_MAX */
  int32_t ipv4_prefix_len;     /* clients that share so many leading bits are one; 1..32, default 32 */
  int32_t ipv6_prefix_len;     /* 1..128, default 64: what one household or machine is given. Many providers, and 6to4
                                  (2002::/16), give a /56 or /48: a shorter prefix counts those as one. Behind a
                                  translator (NAT64, 64:ff9b::/96) all IPv4 clients share one /64: there a proxy should
                                  name them, in IPv4. */
  int32_t reserved;
} drl_resolver_options;

#define DRL_RESOLVER_OPTIONS_INIT \
  { (uint32_t)sizeof(drl_resolver_options), 0, 0, 0, NULL, 0, 0, 0, 0 }

/** The value of one line of the header. */
typedef struct drl_header_line {
  const char *value; /* any bytes; may be NULL when value_len is 0 */
  size_t value_len;
} drl_header_line;

typedef struct drl_resolver drl_resolver;

#ifdef __cplusplus
extern "C" {
#endif

/** Write the headers of a decision of this limiter.
 *
 *  With several limits, all policies are listed; the state is that of the binding one. Seconds are rounded up.
 *  RateLimit's t and the two Resets say when the bucket is full again, or, for a denied request, when it would be
 *  allowed; Retry-After is then never earlier, and at least 1. A degraded decision shows policies and limits alone, and
 *  Retry-After: 1 where it refuses. One that can never be allowed has no Retry-After; its t and Resets are about the
 *  bucket, and promise nothing.
 *
 *  Returns: DRL_OK; DRL_ERR_OPTION, also for a decision that this limiter cannot have made.
 *  In:      options  may be NULL
 *  Out:     headers  set on DRL_OK, else count is 0
 *  Thread:  any, concurrently. Blocks: no.
 */
DRL_API drl_status drl_limiter_headers(const drl_limiter *limiter, const drl_decision *decision,
                                       const drl_header_options *options, drl_headers *headers, drl_error *error);

/** Write the body of a refusal (RFC 9457), and say which HTTP status it has.
 *
 *  429 with the problem type quota-exceeded for a request that was denied or can never be allowed, 503 with
 *  temporary-reduced-capacity for one that was refused without Redis, 200 and no body for one that was allowed.
 *  violated-policies names the binding limit, the one that denies for longest; with 503 it is empty.
 *
 *  Returns: DRL_OK; DRL_ERR_BUFFER: body_len says how much it would hold; DRL_ERR_OPTION, as for headers.
 *  In:      options      may be NULL; body_size  counts the NUL that ends the body; DRL_PROBLEM_SIZE_MAX is enough
 *  Out:     body         UTF-8 without control characters; send it as DRL_PROBLEM_CONTENT_TYPE
 *           body_len     without the NUL; may be NULL
 *           http_status  200, 429 or 503; may be NULL; also set on DRL_ERR_BUFFER
 *  Thread:  any, concurrently. Blocks: no.
 */
DRL_API drl_status drl_limiter_problem(const drl_limiter *limiter, const drl_decision *decision,
                                       const drl_problem_options *options, char *body, size_t body_size,
                                       size_t *body_len, int32_t *http_status, drl_error *error);

/** Open a resolver of client addresses.
 *
 *  Returns: DRL_OK; DRL_ERR_OPTION, DRL_ERR_ADDRESS (the message names the network), DRL_ERR_NULL, DRL_ERR_STRUCT_SIZE.
 *  In:      options   may be NULL: nobody is trusted
 *  Out:     resolver  owned: close with drl_resolver_close; NULL on error.
 *  Thread:  any. Blocks: no.
 */
DRL_API drl_status drl_resolver_open(const drl_resolver_options *options, drl_resolver **resolver, drl_error *error);

/** Close a resolver. NULL is fine. It must not run beside another call on the same handle. */
DRL_API void drl_resolver_close(drl_resolver *resolver);

/** The name of the header whose lines drl_resolver_resolve wants, in lower case; "" when it wants none.
 *  Returns: a string that lives as long as the library is loaded. Thread: any, concurrently. Blocks: no.
 */
DRL_API const char *drl_resolver_header(const drl_resolver *resolver);

/** Find the identity of the client of one request. There always is an answer: the most distant address that
 *  somebody trusted vouches for.
 *
 *  Both headers are read strictly. IPv4 is four decimal numbers without leading zeros; IPv6 as in RFC 4291; either may
 *  have a port, IPv6 then in brackets. In Forwarded, whatever has a colon must be quoted, as RFC 7239 says.
 *
 *  From the peer, the walk goes through the header from its right end, as long as the address reached is trusted. It
 *  stops at the first that is not an address (unknown, _hidden, nothing, garbage): what lies to the left was said by
 *  nobody known. It stops after 64 hops or 16 KiB. Forged parts on the left therefore change nothing.
 *
 *  The answer is canonical: "203.0.113.7", or RFC 5952 with the prefix, "2001:db8:0:1::/64". An IPv4-mapped address is
 *  IPv4; port, brackets and zone are dropped. A peer that is no address answers for itself: "unix" for a local socket
 *  ("unix:...", "@..." or a path), "unknown" for anything else, also the empty one, whose clients all share one bucket.
 *  Such a peer is trusted with DRL_TRUST_HOPS; a local socket also with DRL_TRUST_PRIVATE or the network "unix:".
 *
 *  Returns: DRL_OK; DRL_ERR_BUFFER, DRL_ERR_NULL, DRL_ERR_CAPACITY (count is negative).
 *  In:      peer   the socket's address, with or without port; may be NULL when peer_len is 0
 *           lines  every line of that header in the order received; lines that were joined by commas are one; may be
 *                  NULL when count is 0
 *  Out:     address  NUL-terminated; DRL_CLIENT_ADDRESS_SIZE bytes are always enough; address_len may be NULL
 *  Thread:  any, concurrently. Blocks: no.
 */
DRL_API drl_status drl_resolver_resolve(const drl_resolver *resolver, const char *peer, size_t peer_len,
                                        const drl_header_line *lines, int32_t count, char *address,
                                        size_t address_size, size_t *address_len, drl_error *error);

#ifdef __cplusplus
}
#endif

#endif /* DRL_HTTP_H */
