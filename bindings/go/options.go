package drl

import (
	"encoding/binary"
	"strconv"
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
	native        map[string]string // options by the names of C; numbers in decimal
	credentials   AskCredentials
	queueCapacity int64
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

// set gives an option its value, the empty one included.
func set(name, value string) ClientOption {
	return clientOption(func(s *clientSettings) { s.set(name, value) })
}

func setNumber(name string, value int64) ClientOption { return set(name, strconv.FormatInt(value, 10)) }

func (s *clientSettings) set(name, value string) {
	if s.native == nil {
		s.native = make(map[string]string)
	}
	s.native[name] = value
}

// choose gives an option its value; an empty one is the default.
func (s *clientSettings) choose(name, value string) {
	s.set(name, value)
	if value == "" {
		delete(s.native, name)
	}
}

// Timeout is the deadline of a call, from waiting in line to the reply: 1 ms to 1 h, by default 100 ms. A context may end a call
// sooner, never later.
func Timeout(d time.Duration) ClientOption { return setNumber("timeout_us", microseconds(d)) }

// ConnectTimeout bounds connecting and logging in: 1 ms to 1 h, by default 1 s. No call waits for it longer than its own deadline.
func ConnectTimeout(d time.Duration) ClientOption {
	return setNumber("connect_timeout_us", microseconds(d))
}

// ClientName is what CLIENT LIST shows: 1 to 64 printable ASCII characters without spaces; by default "libdrl".
func ClientName(name string) ClientOption {
	return clientOption(func(s *clientSettings) { s.choose("client_name", name) })
}

// Credentials overrides user name and password of the URL. An empty one leaves the URL's.
func Credentials(username, password string) ClientOption {
	return clientOption(func(s *clientSettings) {
		s.choose("username", username)
		s.choose("password", password)
	})
}

// IdentitySecret hashes identities with HMAC-SHA-256 under this key, 16 to 1024 bytes, instead of bare SHA-256. Use it where
// identities can be guessed, as addresses can. All programs that share buckets need the same secret. An empty one is an error, not
// the default: identities would be hashed without a key unnoticed.
func IdentitySecret(secret []byte) ClientOption { return set("identity_secret", string(secret)) }

// QueueCapacity is how many calls may wait or be in flight: 64 to 1048576, by default 16384. The next is undecided at once, with
// ErrQueueFull.
func QueueCapacity(calls int64) ClientOption {
	return clientOption(func(s *clientSettings) {
		s.set("queue_capacity_max", strconv.FormatInt(calls, 10))
		s.queueCapacity = calls
	})
}

// SpinOff makes waits sleep at once instead of spinning briefly: less processor time, more latency.
func SpinOff() ClientOption { return setNumber("spin", 1) }

// DriveOff keeps a lone call that waits in C from doing the I/O thread's work for itself: more latency.
func DriveOff() ClientOption { return setNumber("drive", 1) }

// RequestsPerCommand is how many decisions travel in one command at most: 1 to 64, by default 64. Use 1 for a proxy that shards keys
// over single servers.
func RequestsPerCommand(most int64) ClientOption { return setNumber("requests_per_command_max", most) }

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

// pack is what C takes: names and values in turn, each behind its length.
func (s *clientSettings) pack() string {
	var packed []byte
	for name, value := range s.native {
		for _, text := range []string{name, value} {
			packed = binary.BigEndian.AppendUint32(packed, uint32(len(text)))
			packed = append(packed, text...)
		}
	}
	return string(packed)
}
