package drl

import (
	"context"
	"errors"
	"math/rand"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"distributed-rate-limiter/drl/internal/redistest"
)

func TestEndedContextSendsNothing(t *testing.T) {
	l := limiter(t, patient(t, shared), PerHour(5))
	over, cancel := context.WithCancel(ctx)
	cancel()
	d, err := l.Allow(over, "user")
	equal(t, "errors.Is Canceled", errors.Is(err, context.Canceled), true)
	equal(t, "errors.Is ErrCancelled", errors.Is(err, ErrCancelled), true)
	equal(t, "allowed", d.Allowed, false)
	equal(t, "charged", d.Charged, ChargedNo)
	_, err = l.AllowMany(over, []Request{For("user")})
	equal(t, "status of many", StatusOf(err), ErrCancelled)
	equal(t, "status of reset", StatusOf(l.Reset(over, "user")), ErrCancelled)
	d, err = l.Peek(ctx, "user")
	ok(t, err)
	equal(t, "remaining", d.Remaining, 5)
}

func TestMissingContextIsAnErrorNotACrash(t *testing.T) {
	l := limiter(t, patient(t, shared), PerHour(5), FailOpen)
	var none context.Context
	d, err := l.Allow(none, "user")
	equal(t, "allowed", d.Allowed, false)
	equal(t, "status", StatusOf(err), ErrNull)
	_, err = l.AllowMany(none, []Request{For("user")})
	equal(t, "status of many", StatusOf(err), ErrNull)
	equal(t, "status of reset", StatusOf(l.Reset(none, "user")), ErrNull)
}

func TestContextEndsACallAtOnce(t *testing.T) {
	server := redistest.Start(t)
	l := limiter(t, patient(t, server), PerHour(5))
	_, err := l.Allow(ctx, "user")
	ok(t, err)
	server.Freeze()
	defer server.Thaw()
	soon, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	d, err := l.Allow(soon, "user")
	between(t, "elapsed", time.Since(start), 40*time.Millisecond, 5*time.Second)
	equal(t, "errors.Is DeadlineExceeded", errors.Is(err, context.DeadlineExceeded), true)
	equal(t, "status", StatusOf(err), ErrCancelled)
	equal(t, "outcome", d.Outcome, OutcomeUndecided)
	equal(t, "charged", d.Charged, ChargedUnknown)
	_, err = l.AllowMany(soon, []Request{For("user")})
	equal(t, "status of many", StatusOf(err), ErrCancelled)
}

// Callers of different costs are cancelled at random moments: each gets its own answer or the context's error, the bucket has lost
// what the answers say, give or take what they leave open, and nothing stays behind.
func TestCancellationAtRandomMomentsLeaksNothingAndMixesNothingUp(t *testing.T) {
	const callers, calls, burst = 40, 100, 100_000
	seed := time.Now().UnixNano()
	t.Log("seed", seed)
	client := patient(t, shared)
	l := limiter(t, client, PerDay(10).WithBurst(burst))
	_, err := l.Allow(ctx, "shared", Cost(1))
	ok(t, err)
	goroutines := runtime.NumGoroutine()
	var taken, open, ended atomic.Int64
	taken.Store(1)
	var wait sync.WaitGroup
	for caller := 1; caller <= callers; caller++ {
		wait.Add(1)
		go func(cost int64) {
			defer wait.Done()
			random := rand.New(rand.NewSource(seed + cost))
			for i := 0; i < calls; i++ {
				limited, cancel := context.WithTimeout(ctx, time.Duration(random.Intn(2000))*time.Microsecond)
				d, err := l.Allow(limited, "shared", Cost(cost))
				cancel()
				switch {
				case d.Cost != cost:
					t.Errorf("a call of cost %d got the answer %+v", cost, d)
				case err == nil && d.Outcome == OutcomeAllowed && d.Charged == ChargedYes:
					taken.Add(cost)
				case errors.Is(err, context.DeadlineExceeded) && !d.Allowed && d.Charged != ChargedYes:
					ended.Add(1)
					if d.Charged == ChargedUnknown {
						open.Add(cost)
					}
				default:
					t.Errorf("got %+v, %v", d, err)
				}
			}
		}(int64(caller))
	}
	wait.Wait()
	d, err := l.Peek(ctx, "shared") // behind all others in line
	ok(t, err)
	lost := burst - d.Remaining
	t.Logf("%d of %d calls were ended by their context; lost %d, taken %d, open %d", ended.Load(), callers*calls, lost, taken.Load(), open.Load())
	if lost < taken.Load() || lost > taken.Load()+open.Load() {
		t.Errorf("the bucket lost %d, want %d to %d", lost, taken.Load(), taken.Load()+open.Load())
	}
	if ended.Load() == 0 || ended.Load() == callers*calls {
		t.Errorf("%d of %d calls were ended by their context: nothing was tested", ended.Load(), callers*calls)
	}
	nothingLeft(t, client, goroutines)
}

func nothingLeft(t *testing.T, client *Client, goroutines int) {
	t.Helper()
	for i := 0; ; i++ {
		stats, err := client.Stats()
		ok(t, err)
		client.calls.mu.Lock()
		held := len(*client.calls.calls.Load()) - len(client.calls.free)
		client.calls.mu.Unlock()
		now := runtime.NumGoroutine()
		if stats.QueueDepth == 0 && held == 0 && now <= goroutines {
			return
		}
		if i == 200 {
			t.Fatalf("%d calls in the queue, %d held, %d goroutines that were %d", stats.QueueDepth, held, now, goroutines)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
