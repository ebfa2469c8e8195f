package drl

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"distributed-rate-limiter/drl/internal/redistest"
)

func TestLoneCallGoesStraightAndTheOthersTakeTheQueue(t *testing.T) {
	server, l := frozen(t)
	defer server.Thaw()
	ended := callsInLine(t, l, 1)
	equal(t, "straight calls", straight.Load(), 1)
	for i := 0; i < 50; i++ {
		go l.Allow(ctx, "user")
	}
	waitFor(t, func() bool { return l.client.calls.underway.Load() == 51 })
	equal(t, "straight calls of 51", straight.Load(), 1)
	server.Thaw()
	ok(t, <-ended)
	waitFor(t, func() bool { return l.client.calls.underway.Load() == 0 })
	equal(t, "straight calls in the end", straight.Load(), 0)
}

func TestCallWhoseContextCanEndTakesTheQueue(t *testing.T) {
	server, l := frozen(t)
	defer server.Thaw()
	soon, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	ended := make(chan error)
	go func() {
		_, err := l.Allow(soon, "user")
		ended <- err
	}()
	waitFor(t, func() bool { return l.client.calls.underway.Load() == 1 })
	equal(t, "straight calls", straight.Load(), 0)
	cancel()
	equal(t, "status", StatusOf(<-ended), ErrCancelled)
}

// Each lone on its client, they are no more than GOMAXPROCS together; closing the clients ends them all.
func TestStraightCallsOfAllClientsAreBounded(t *testing.T) {
	server := redistest.Start(t)
	room := runtime.GOMAXPROCS(0)
	var ended []<-chan error
	var clients []*Client
	server.Freeze()
	defer server.Thaw()
	for i := 0; i < room+5; i++ {
		clients = append(clients, patient(t, server))
		ended = append(ended, callsInLine(t, limiter(t, clients[i], PerHour(1000)), 1))
		if i < room {
			equal(t, "straight calls while there is room", straight.Load(), int64(i+1))
		}
		if i >= room {
			equal(t, "straight calls later", straight.Load(), int64(room))
		}
	}
	for i, client := range clients {
		start := time.Now()
		ok(t, client.Close())
		equal(t, "status", StatusOf(<-ended[i]), ErrClosed)
		between(t, "until it ended", time.Since(start), 0, 5*time.Second)
	}
	equal(t, "straight calls in the end", straight.Load(), 0)
}

func TestLimiterClosedBesideAStraightCallAnswersIt(t *testing.T) {
	server, l := frozen(t)
	defer server.Thaw()
	ended := callsInLine(t, l, 1)
	ok(t, l.Close())
	_, err := l.Allow(ctx, "user")
	equal(t, "status of the next", StatusOf(err), ErrClosed)
	equal(t, "users of the handle", l.users.Load(), 1)
	server.Thaw()
	ok(t, <-ended)
	waitFor(t, func() bool { return l.users.Load() == 0 })
	ok(t, l.Close())
	equal(t, "users of the handle", l.users.Load(), 0)
}

// Whichever way a call goes, decision and error are the same.
func TestBothWaysSayTheSame(t *testing.T) {
	server := redistest.Start(t)
	client, err := NewClient(server.URL, Timeout(300*time.Millisecond))
	ok(t, err)
	defer client.Close()
	limiters := []*Limiter{
		limiter(t, client, PerHour(9), PerDay(20), FailOpen), limiter(t, client, PerHour(9), FailClosed), limiter(t, client, PerHour(9)),
	}
	same := func(when, identity string, cost Cost) {
		t.Helper()
		for i, l := range limiters {
			equal(t, fmt.Sprintf("%s, limiter %d", when, i), said(l, ctx, identity, cost), said(l, canEnd(t), identity, cost))
		}
	}
	waitFor(t, func() bool {
		_, err := limiters[2].Peek(ctx, "user")
		return err == nil
	})
	same("peek", "user", 0)
	same("more than the burst", "user", 21)
	same("negative cost", "user", -1)
	same("no identity", "", 1)
	same("long identity", string(make([]byte, 70_000)), 1)
	server.Freeze()
	same("no answer", "user", 1)
	server.Thaw()
	ok(t, client.Close())
	same("closed", "user", 1)
}

func said(l *Limiter, ctx context.Context, identity string, cost Cost) string {
	decision, err := l.Allow(ctx, identity, cost)
	decision.DecidedAt = time.Time{}
	return fmt.Sprintf("%+v, %v", decision, err)
}

func canEnd(t *testing.T) context.Context {
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	return limited
}

// frozen is a limiter on a server of its own that has answered and does not answer now.
func frozen(t *testing.T) (*redistest.Server, *Limiter) {
	t.Helper()
	server := redistest.Start(t)
	l := limiter(t, patient(t, server), PerHour(1_000_000))
	_, err := l.Allow(ctx, "user")
	ok(t, err)
	server.Freeze()
	return server, l
}
