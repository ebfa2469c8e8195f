package drl

import (
	"context"
	"runtime"
	"sync/atomic"

	"distributed-rate-limiter/drl/internal/capi"
)

// A lone call whose context cannot end goes straight through: its goroutine waits in C, which spares it the way through the queue and
// Go's poller. (In a crowd the queue is the faster way.) Such a call holds a thread, so at most GOMAXPROCS of them are under way at
// once, of all clients together; the others take the queue. The answer ends it, the client's Timeout, or Client.Close.
//
//	straight       the calls that go straight               each adds itself, and goes only if there is room
//	Limiter.users  those of a limiter, and 1 until it closes  added to under Client.mu, while it is not closed
//
// Client.Close may run beside a call in C, which names the limiter only. A limiter's handle must not be closed beside one: the last
// user closes it.
var straight atomic.Int64

// goStraight decides in C if the call may go straight and there is room; else it says false and did nothing.
func (l *Limiter) goStraight(ctx context.Context, identity string, cost int64) (Decision, error, bool) {
	if ctx.Done() != nil || l.client.calls.underway.Load() > 0 {
		return Decision{}, nil, false
	}
	defer straight.Add(-1)
	if straight.Add(1) > int64(runtime.GOMAXPROCS(0)) || !l.enter() {
		return Decision{}, nil, false
	}
	defer l.leave()
	used := l.client.calls.take()
	defer l.client.calls.put(used)
	status := capi.Allow(l.handle, identity, cost, &used.answer.decision[0], &used.answer.details)
	return makeDecision(&used.answer.decision), straightError(status, &used.answer.details), true
}

// straightError says what the queue would have said: C's sentence where the call was wrong, else the general one.
func straightError(status int, details *capi.Error) error {
	if Status(status) < ErrTimeout {
		return failed(status, details)
	}
	return failed(status, nil)
}

func (l *Limiter) enter() bool {
	l.client.mu.RLock()
	defer l.client.mu.RUnlock()
	if l.closed || l.client.closed {
		return false
	}
	l.users.Add(1)
	return true
}

func (l *Limiter) leave() {
	if l.users.Add(-1) == 0 {
		capi.LimiterClose(l.handle)
	}
}
