package drl

import (
	"sync"
	"sync/atomic"

	"distributed-rate-limiter/drl/internal/capi"
)

// call is one request on its way. C knows it by its id, and completes each submitted call exactly once.
type call struct {
	id     int64
	done   chan struct{} // holds one: whoever brings the completion does not wait for its reader
	status int
	answer *answer // apart: C may be handed no memory that has Go pointers in it
}

// answer is what C writes to.
type answer struct {
	decision flatDecision
	details  capi.Error
}

// callTable finds calls by id, and uses them again: there are as many as were ever under way at once.
type callTable struct {
	mu       sync.Mutex
	free     []*call
	calls    atomic.Pointer[[]*call] // replaced when it grows, so that it is read without the lock
	underway atomic.Int64            // calls taken and not put back
}

func (t *callTable) take() *call {
	t.underway.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.free); n > 0 {
		c := t.free[n-1]
		t.free = t.free[:n-1]
		return c
	}
	return t.grow()
}

func (t *callTable) grow() *call {
	var old []*call
	if p := t.calls.Load(); p != nil {
		old = *p
	}
	count := 2 * len(old)
	if count == 0 {
		count = 64
	}
	calls := append(make([]*call, 0, count), old...)
	for id := len(old); id < count; id++ {
		calls = append(calls, &call{id: int64(id), done: make(chan struct{}, 1), answer: new(answer)})
	}
	t.free = append(t.free, calls[len(old)+1:]...)
	t.calls.Store(&calls)
	return calls[len(old)]
}

func (t *callTable) put(c *call) {
	t.mu.Lock()
	t.free = append(t.free, c)
	t.mu.Unlock()
	t.underway.Add(-1)
}

// completions is what one crossing brings back.
type completions struct {
	count int32
	items [completionsMax][capi.CompletionLen]int64
}

const completionsMax = 128

// deliver wakes those who wait for these calls.
func (t *callTable) deliver(arrived *completions) {
	if arrived.count == 0 {
		return
	}
	calls := *t.calls.Load()
	for i := range arrived.items[:arrived.count] {
		item := &arrived.items[i]
		c := calls[item[0]]
		c.status = int(item[1])
		decision := item[2:]
		copy(c.answer.decision[:capi.Limits+decision[capi.LimitsCount]*capi.LimitLen], decision) // the rest means nothing
		c.done <- struct{}{}
	}
}
