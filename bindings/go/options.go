package drl

import (
	"strings"
	"time"
)

// Option configures Open: any ClientOption or LimiterOption. Where one is given twice, the last holds; only limits add up. What is
// zero or "" is the default.
type Option interface{ apply(*settings) }

// ClientOption configures a client.
type ClientOption interface {
	Option
	forClient()
}

// LimiterOption configures a limiter. Limits and fail strategies are such options themselves.
type LimiterOption interface {
	Option
	forLimiter()
}

type settings struct {
	client  clientSettings
	limiter limiterSettings
}

type clientSettings struct {
	timeout, connectTimeout  time.Duration
	name, username, password string
	secret                   string
	keyed                    bool // by secret; were an empty one to mean none, identities would be hashed without a key unnoticed
	queueCapacity            int64
	spinOff                  bool
}

type limiterSettings struct {
	namespace, name string
	failStrategy    FailStrategy
	limits          []Limit
}

type clientOption func(*clientSettings)

func (o clientOption) apply(s *settings) { o(&s.client) }
func (clientOption) forClient()          {}

type limiterOption func(*limiterSettings)

func (o limiterOption) apply(s *settings) { o(&s.limiter) }
func (limiterOption) forLimiter()         {}

// Timeout is the deadline of a call, from waiting in line to the reply: 1 ms to 1 h, by default 100 ms. A context may end a call
// sooner, never later.
func Timeout(d time.Duration) ClientOption {
	return clientOption(func(s *clientSettings) { s.timeout = d })
}

// ConnectTimeout bounds connecting and logging in: 1 ms to 1 h, by default 1 s. No call waits for it longer than its own deadline.
func ConnectTimeout(d time.Duration) ClientOption {
	return clientOption(func(s *clientSettings) { s.connectTimeout = d })
}

// ClientName is what CLIENT LIST shows: 1 to 64 printable ASCII characters without spaces; by default "libdrl".
func ClientName(name string) ClientOption {
	return clientOption(func(s *clientSettings) { s.name = name })
}

// Credentials overrides user name and password of the URL. An empty one leaves the URL's.
func Credentials(username, password string) ClientOption {
	return clientOption(func(s *clientSettings) { s.username, s.password = username, password })
}

// IdentitySecret hashes identities with HMAC-SHA-256 under this key, 16 to 1024 bytes, instead of bare SHA-256. Use it where
// identities can be guessed, as addresses can. All programs that share buckets need the same secret. An empty one is an error, not
// the default.
func IdentitySecret(secret []byte) ClientOption {
	copied := string(secret)
	return clientOption(func(s *clientSettings) { s.secret, s.keyed = copied, true })
}

// QueueCapacity is how many calls may wait or be in flight: 64 to 1048576, by default 16384. The next is undecided at once, with
// ErrQueueFull.
func QueueCapacity(calls int64) ClientOption {
	return clientOption(func(s *clientSettings) { s.queueCapacity = calls })
}

// SpinOff makes waits sleep at once instead of spinning briefly: less processor time, more latency.
func SpinOff() ClientOption {
	return clientOption(func(s *clientSettings) { s.spinOff = true })
}

// Namespace keeps the keys of one application apart: 1 to 64 printable ASCII characters without spaces and braces; by default
// "default".
func Namespace(namespace string) LimiterOption {
	return limiterOption(func(s *limiterSettings) { s.namespace = namespace })
}

// Name tells limiters of one namespace apart: 1 to 64 printable ASCII characters without spaces and braces; by default there is none.
// Limiters of the same namespace, name and limits share their buckets, in every process and language; with other limits they have
// buckets of their own. Give each limiter of an application a name.
func Name(name string) LimiterOption {
	return limiterOption(func(s *limiterSettings) { s.name = name })
}

// FailStrategy is what is done with a request when Redis does not decide.
type FailStrategy int32

const (
	FailOpen   FailStrategy = 1 // serve it: the default
	FailClosed FailStrategy = 2 // do not serve it
	FailError  FailStrategy = 3 // return the reason as an error
)

// String is "open", "closed" or "error".
func (f FailStrategy) String() string { return nameOf(int(f), "", "open", "closed", "error") }

func (f FailStrategy) apply(s *settings) { s.limiter.failStrategy = f }
func (FailStrategy) forLimiter()         {}

// CallOption configures one call.
type CallOption interface {
	// By value: a pointer that goes through an interface would be an allocation for each call.
	applyCall(callSettings) callSettings
}

type callSettings struct{ cost int64 }

// Cost is how many tokens a request takes, 0 to 10^12; without it, 1. A cost of 0 only looks.
type Cost int64

func (c Cost) applyCall(s callSettings) callSettings {
	s.cost = int64(c)
	return s
}

func collectCall(options []CallOption) callSettings {
	s := callSettings{cost: 1}
	for _, option := range options {
		s = option.applyCall(s)
	}
	return s
}

// check refuses what would change on its way to C, where text ends at the first NUL and none means the default.
func (s *clientSettings) check(redisURL string) error {
	if redisURL == "" {
		return failure(ErrURL, "redis_url is empty")
	}
	if strings.Contains(redisURL, "\x00") {
		return failure(ErrURL, "redis_url holds a NUL byte")
	}
	for name, text := range map[string]string{"client_name": s.name, "username": s.username, "password": s.password} {
		if strings.Contains(text, "\x00") {
			return failure(ErrOption, name+" holds a NUL byte")
		}
	}
	if s.keyed && s.secret == "" {
		return failure(ErrOption, "identity_secret has 0 bytes, must be 16..1024")
	}
	return nil
}
