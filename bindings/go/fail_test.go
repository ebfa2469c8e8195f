package drl

import (
	"errors"
	"testing"
	"time"

	"distributed-rate-limiter/drl/internal/redistest"
)

func TestFailStrategiesSpeakWhenRedisIsAway(t *testing.T) {
	server := redistest.Start(t)
	client, err := NewClient(server.URL)
	ok(t, err)
	defer client.Close()
	open, closed, asError := limiter(t, client, PerHour(9), FailOpen), limiter(t, client, PerHour(9), FailClosed), limiter(t, client, PerHour(9))
	server.Stop()

	for _, c := range []struct {
		l       *Limiter
		allowed bool
	}{{open, true}, {closed, false}} {
		d, err := c.l.Allow(ctx, "user")
		ok(t, err)
		equal(t, "allowed", d.Allowed, c.allowed)
		equal(t, "outcome", d.Outcome, OutcomeUndecided)
		equal(t, "degraded", d.Degraded, true)
		equal(t, "unavailable", d.Cause.Unavailable(), true)
		equal(t, "decided at zero", d.DecidedAt.IsZero(), true)
		equal(t, "limit in force", d.Limits()[0], LimitState{Rate: 9, Per: time.Hour, Burst: 9})
	}
	d, err := asError.Allow(ctx, "user")
	equal(t, "allowed", d.Allowed, false)
	equal(t, "unavailable", StatusOf(err).Unavailable(), true)
	equal(t, "unavailable reset", StatusOf(open.Reset(ctx, "user")).Unavailable(), true)
	decisions, err := asError.AllowMany(ctx, []Request{For("a"), For("b")})
	equal(t, "unavailable many", StatusOf(err).Unavailable(), true)
	equal(t, "outcome of many", decisions[1].Outcome, OutcomeUndecided)

	server.Restart(t)
	waitFor(t, func() bool {
		d, err := open.Allow(ctx, "user")
		ok(t, err)
		return d.Outcome == OutcomeAllowed
	})
}

func TestFailOpenIsTheDefault(t *testing.T) {
	l, err := patient(t, shared).NewLimiter(PerHour(1))
	ok(t, err)
	equal(t, "strategy", l.FailStrategy(), FailOpen)
	equal(t, "its name", l.FailStrategy().String(), "open")
	equal(t, "name of the strictest", FailError.String(), "error")
}

func TestCallEndsAtItsTimeout(t *testing.T) {
	server := redistest.Start(t)
	client, err := NewClient(server.URL, Timeout(700*time.Millisecond))
	ok(t, err)
	defer client.Close()
	l := limiter(t, client, PerHour(9))
	waitFor(t, func() bool {
		_, err := l.Allow(ctx, "user")
		return err == nil
	})
	server.Freeze()
	defer server.Thaw()
	start := time.Now()
	d, err := l.Allow(ctx, "user")
	between(t, "elapsed", time.Since(start), 650*time.Millisecond, 10*time.Second)
	if !errors.Is(err, ErrTimeout) {
		t.Errorf("the error is %v (%v)", err, StatusOf(err).String())
	}
	equal(t, "charged", d.Charged, ChargedUnknown)
}

func TestFullQueueIsUndecidedAtOnce(t *testing.T) {
	server := redistest.Start(t)
	client := patient(t, server, QueueCapacity(64))
	l := limiter(t, client, PerHour(1_000_000))
	_, err := l.Allow(ctx, "user")
	ok(t, err)
	server.Freeze()
	requests := make([]Request, 500)
	for i := range requests {
		requests[i] = For("user")
	}
	time.AfterFunc(200*time.Millisecond, server.Thaw)
	decisions, err := l.AllowMany(ctx, requests)
	equal(t, "status", StatusOf(err), ErrQueueFull)
	decided := 0
	for _, d := range decisions {
		if d.Outcome == OutcomeAllowed {
			decided++
		} else {
			equal(t, "cause", d.Cause, ErrQueueFull)
		}
	}
	if decided < 32 || decided > 64 { // the slot of a call that ended is free a moment later
		t.Errorf("%d were decided", decided)
	}
}

// 200 callers wait for a Redis that does not answer: were each to wait in C, each would hold a thread.
func TestTwoHundredWaitingCallsNeedFewThreads(t *testing.T) {
	server := redistest.Start(t)
	client := patient(t, server)
	l := limiter(t, client, PerHour(1000))
	_, err := l.Allow(ctx, "user")
	ok(t, err)
	before := count(t, "/proc/self/task")
	server.Freeze()
	ended := callsInLine(t, l, 200)
	during := count(t, "/proc/self/task")
	t.Logf("%d threads before, %d beside 200 waiting calls", before, during)
	if during > before+8 {
		t.Errorf("%d threads became %d", before, during)
	}
	server.Thaw()
	for i := 0; i < 200; i++ {
		ok(t, <-ended)
	}
}
