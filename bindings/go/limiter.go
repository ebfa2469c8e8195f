package drl

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"distributed-rate-limiter/drl/internal/capi"
)

// Limiter is 1 to 8 limits that are charged all together or not at all. Open or Client.NewLimiter makes one. Its methods may be
// called from any goroutine.
type Limiter struct {
	client *Client
	owns   bool // the client was made for it
	handle uintptr
	users  atomic.Int64 // of the handle; the last closes it (see straight.go)
	closed bool         // read and written under the client's lock
	fail   FailStrategy
}

// Open makes a limiter with a client of its own, in one expression:
//
//	limiter, err := drl.Open("redis://localhost:6379/0", drl.PerMinute(100))
//
// A process with several limiters shares one Client among them: NewClient, then Client.NewLimiter. The errors are those of these two.
func Open(redisURL string, options ...Option) (*Limiter, error) {
	var s settings
	for _, option := range options {
		option.apply(&s)
	}
	client, err := newClient(redisURL, &s.client)
	if err != nil {
		return nil, err
	}
	limiter, err := client.newLimiter(&s.limiter)
	if err != nil {
		client.Close()
		return nil, err
	}
	limiter.owns = true
	return limiter, nil
}

// NewLimiter makes a limiter on this client. At least one Limit must be among the options.
//
// The error is ErrLimits, ErrRate, ErrPer, ErrBurst, ErrNamespace, ErrName or ErrFailStrategy, whose message names the option, or
// ErrClosed.
func (c *Client) NewLimiter(options ...LimiterOption) (*Limiter, error) {
	var s settings
	for _, option := range options {
		option.apply(&s)
	}
	return c.newLimiter(&s.limiter)
}

func (c *Client) newLimiter(s *limiterSettings) (*Limiter, error) {
	numbers, names, err := s.flatten()
	if err != nil {
		return nil, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return nil, closedError("client")
	}
	handle := new(uintptr)
	details := new(capi.Error)
	status := capi.LimiterOpen(c.handle, s.namespace, s.name, int(s.failStrategy), numbers, names, handle, details)
	if err := failed(status, details); err != nil {
		return nil, err
	}
	l := &Limiter{client: c, handle: *handle, fail: s.failStrategy}
	l.users.Store(1)
	if l.fail == 0 {
		l.fail = FailOpen
	}
	runtime.SetFinalizer(l, (*Limiter).release) // memory is all it holds, but a client may see many limiters come and go
	return l, nil
}

// Client is the client that this limiter uses, also that which Open made.
func (l *Limiter) Client() *Client { return l.client }

// FailStrategy is what this limiter does when Redis does not decide.
func (l *Limiter) FailStrategy() FailStrategy { return l.fail }

// Key is the key in Redis of one identity, for those who look into Redis. It holds no identity, only its digest. Redis is not asked.
//
// The error is ErrIdentity or ErrClosed.
func (l *Limiter) Key(identity string) (string, error) {
	text := make([]byte, capi.KeySize)
	length := new(int64)
	details := new(capi.Error)
	err := l.use(func(handle uintptr) error {
		return failed(capi.Key(handle, identity, &text[0], length, details), details)
	})
	if err != nil {
		return "", err
	}
	return string(text[:*length]), nil
}

// Allow takes tokens from the buckets of one identity, now or not at all: one, unless a Cost is given. A denied request is no error:
// see Decision.Allowed.
//
// It returns within the client's Timeout, with an answer that may be degraded (see FailStrategy), or when the context ends. In that
// case the error is ErrCancelled, and also the context's own, and the decision's Charged says whether tokens may have been taken.
// A lone call is quickest with a context that cannot end, such as context.Background().
//
// An identity is 1 to 65536 bytes of any value. Other errors are ErrIdentity, ErrCost, ErrNull for a nil context, ErrClosed, and with
// FailError those of Redis (Status.Unavailable).
func (l *Limiter) Allow(ctx context.Context, identity string, options ...CallOption) (Decision, error) {
	return l.decide(ctx, identity, collectCall(options).cost)
}

// Peek looks at the buckets of one identity and takes nothing: Allow with Cost(0).
func (l *Limiter) Peek(ctx context.Context, identity string) (Decision, error) {
	return l.decide(ctx, identity, 0)
}

// Reset forgets one identity: its buckets are full again. Here every failure is an error, whatever the fail strategy. It returns when
// Allow would.
func (l *Limiter) Reset(ctx context.Context, identity string) error {
	_, err := l.run(ctx, identity, 0, true)
	return err
}

func (l *Limiter) decide(ctx context.Context, identity string, cost int64) (Decision, error) {
	return l.run(ctx, identity, cost, false)
}

func (l *Limiter) run(ctx context.Context, identity string, cost int64, reset bool) (Decision, error) {
	if err := checkContext(ctx); err != nil {
		return Decision{Outcome: OutcomeUndecided, Cause: err.Status, Cost: cost}, err
	}
	if len(identity) == 0 {
		return Decision{}, failure(ErrIdentity, "identity has 0 bytes, must be 1..65536")
	}
	if !reset {
		if decision, err, done := l.goStraight(ctx, identity, cost); done {
			return decision, err
		}
	}
	started, err := l.client.submit(l, identity, cost, reset)
	if err != nil {
		return Decision{}, err
	}
	l.client.await(ctx, started)
	return l.client.finish(ctx, started)
}

// Request is one item of AllowMany.
type Request struct {
	identity string
	cost     int64
}

// For is a request of one identity, of cost 1 unless a Cost is given.
func For(identity string, options ...CallOption) Request {
	return Request{identity: identity, cost: collectCall(options).cost}
}

// AllowMany decides independent requests as Allow would one after the other, in few round trips: 1 to 4096 of them. All are
// checked before anything is sent.
//
// The decisions are in the order of the requests. The error, if any, is that of the first that failed; the others are decided
// all the same. Without decisions it is ErrCapacity, ErrIdentity or ErrCost (the message names the request), ErrNull or ErrCancelled.
func (l *Limiter) AllowMany(ctx context.Context, requests []Request) ([]Decision, error) {
	if err := checkRequests(requests); err != nil {
		return nil, err
	}
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	started := make([]*call, 0, len(requests))
	var refused error
	for i := range requests {
		one, err := l.client.submit(l, requests[i].identity, requests[i].cost, false)
		if err != nil {
			refused = err
			break
		}
		started = append(started, one)
	}
	decisions := make([]Decision, len(requests))
	var first error
	for i, one := range started {
		l.client.await(ctx, one)
		decision, err := l.client.finish(ctx, one)
		decisions[i] = decision
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = refused
	}
	return decisions, first
}

const costMax = 1_000_000_000_000

func checkRequests(requests []Request) error {
	if len(requests) < 1 || len(requests) > capi.RequestsMax {
		return failure(ErrCapacity, fmt.Sprintf("there are %d requests, must be 1..%d", len(requests), capi.RequestsMax))
	}
	for i, request := range requests {
		if size := len(request.identity); size < 1 || size > capi.IdentityLenMax {
			return failure(ErrIdentity, fmt.Sprintf("requests[%d]: identity has %d bytes, must be 1..65536", i, size))
		}
		if request.cost < 0 || request.cost > costMax {
			return failure(ErrCost, fmt.Sprintf("requests[%d]: cost is %d, must be 0..10^12", i, request.cost))
		}
	}
	return nil
}

// Close ends the limiter, and its client too if Open made it. Later calls return ErrClosed; those in flight still get their
// answers, unless the client ends. Closing twice is fine.
func (l *Limiter) Close() error {
	l.release()
	if l.owns {
		return l.client.Close()
	}
	return nil
}

func (l *Limiter) release() {
	l.client.mu.Lock()
	defer l.client.mu.Unlock()
	if !l.closed {
		l.closed = true
		l.leave()
	}
}
