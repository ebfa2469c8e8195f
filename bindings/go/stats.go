package drl

import (
	"time"

	"distributed-rate-limiter/drl/internal/capi"
)

// BreakerState is the state of a client's circuit breaker.
type BreakerState int32

const (
	BreakerClosed   BreakerState = 0 // requests go to Redis
	BreakerOpen     BreakerState = 1 // requests are answered at once by the fail strategy
	BreakerHalfOpen BreakerState = 2 // the same, while Redis is being probed
)

// String is "closed", "open" or "half-open".
func (b BreakerState) String() string { return nameOf(int(b), "closed", "open", "half-open") }

// Stats is what a client has done so far. Counters never go back; they are read one by one while calls go on.
type Stats struct {
	Breaker BreakerState

	Allowed   int64 // decisions by outcome, without peeks and resets
	Denied    int64
	Never     int64
	Undecided int64 // the sum of the next nine

	DegradedTimeout     int64 // by cause: ErrTimeout
	DegradedConnection  int64 // ErrConnect, ErrResolve, ErrConnectionLost
	DegradedAuth        int64 // ErrAuth, ErrPermission
	DegradedRedis       int64 // error replies, protocol errors, foreign keys
	DegradedCircuitOpen int64 // ErrCircuitOpen
	DegradedQueueFull   int64 // ErrQueueFull
	DegradedShed        int64 // ErrShed
	Cancelled           int64 // by a context, in flight
	Closed              int64 // by Client.Close, in flight

	Peeks  int64 // calls of cost 0
	Resets int64

	LateReplies      int64 // decisions that came after their request was given up
	ExpiredInRedis   int64 // sent decisions that Redis found past their deadline, uncharged
	Batches          int64 // commands to Redis
	BatchedDecisions int64 // decisions they carried
	Connects         int64 // connections made
	ConnectFailures  int64
	QueueDepth       int64 // requests waiting or in flight now

	LatencySum    time.Duration // of all decisions in Latency
	Latency       [21]int64     // bucket i: decisions that took at most 2^(i+3) microseconds; the last has no bound
	BatchSize     [7]int64      // bucket i: commands to Redis that carried at most 2^i decisions
	Connected     bool          // a connection is ready now
	BreakerOpened int64         // times the breaker opened
}

// Stats reads the counters of a client. The error is ErrClosed.
func (c *Client) Stats() (Stats, error) {
	flat := new([capi.StatsLen]int64)
	details := new(capi.Error)
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return Stats{}, closedError("client")
	}
	if err := failed(capi.ClientStats(c.handle, &flat[0], details), details); err != nil {
		return Stats{}, err
	}
	return makeStats(flat), nil
}

func makeStats(flat *[capi.StatsLen]int64) Stats {
	var s Stats
	s.Breaker = BreakerState(flat[0])
	plain := []*int64{
		&s.Allowed, &s.Denied, &s.Never, &s.Undecided,
		&s.DegradedTimeout, &s.DegradedConnection, &s.DegradedAuth, &s.DegradedRedis, &s.DegradedCircuitOpen, &s.DegradedQueueFull,
		&s.DegradedShed,
		&s.Cancelled, &s.Closed, &s.Peeks, &s.Resets, &s.LateReplies, &s.ExpiredInRedis, &s.Batches, &s.BatchedDecisions,
		&s.Connects, &s.ConnectFailures, &s.QueueDepth,
	}
	rest := flat[1:]
	for i, field := range plain {
		*field = rest[i]
	}
	rest = rest[len(plain):]
	s.LatencySum = time.Duration(rest[0]) * time.Microsecond
	rest = rest[1:]
	rest = rest[copy(s.Latency[:], rest):]
	rest = rest[copy(s.BatchSize[:], rest):]
	s.Connected = rest[0] != 0
	s.BreakerOpened = rest[1]
	return s
}

// Metrics writes the counters as Prometheus text exposition (version 0.0.4), those of decisions by namespace and limiter name. The
// first 100 pairs of these have series of their own, all later ones share limiter="_other". The error is ErrClosed.
func (c *Client) Metrics() (string, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return "", closedError("client")
	}
	needed := new(int64)
	details := new(capi.Error)
	for size := int64(16 << 10); ; size = *needed + 1<<10 { // more may be needed by the next call
		text := make([]byte, size)
		status := capi.ClientMetrics(c.handle, &text[0], size, needed, details)
		if Status(status) == ErrBuffer {
			continue
		}
		return string(text[:*needed]), failed(status, details)
	}
}

// Version is the version of the libdrl in use.
func Version() string { return capi.Version() }
