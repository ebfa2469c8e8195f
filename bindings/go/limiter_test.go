package drl

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"distributed-rate-limiter/drl/internal/redistest"
)

var ctx = context.Background()

func TestBurstIsAllowedThenDenied(t *testing.T) {
	l := limiter(t, patient(t, shared), PerHour(1).WithBurst(3))
	for left := int64(2); left >= 0; left-- {
		d, err := l.Allow(ctx, "user")
		ok(t, err)
		equal(t, "allowed", d.Allowed, true)
		equal(t, "outcome", d.Outcome, OutcomeAllowed)
		equal(t, "charged", d.Charged, ChargedYes)
		equal(t, "remaining", d.Remaining, left)
		equal(t, "retry after", d.RetryAfter, 0)
	}
	d, err := l.Allow(ctx, "user")
	ok(t, err)
	equal(t, "allowed", d.Allowed, false)
	equal(t, "outcome", d.Outcome, OutcomeDenied)
	equal(t, "charged", d.Charged, ChargedNo)
	equal(t, "limit", d.Limit, 3)
	between(t, "retry after", d.RetryAfter, 59*time.Minute, time.Hour)
	between(t, "reset after", d.ResetAfter, 179*time.Minute, 3*time.Hour)
	between(t, "age", time.Since(d.DecidedAt), -time.Minute, time.Minute)
}

func TestCostIsTakenAtOnceOrNotAtAll(t *testing.T) {
	l := limiter(t, patient(t, shared), PerHour(10))
	d, err := l.Allow(ctx, "user", Cost(7))
	ok(t, err)
	equal(t, "remaining", d.Remaining, 3)
	equal(t, "cost", d.Cost, 7)
	d, err = l.Allow(ctx, "user", Cost(4))
	ok(t, err)
	equal(t, "allowed", d.Allowed, false)
	equal(t, "remaining", d.Remaining, 3)
}

func TestCostAboveBurstIsNeverAllowed(t *testing.T) {
	l := limiter(t, patient(t, shared), PerHour(10))
	d, err := l.Allow(ctx, "user", Cost(11))
	ok(t, err)
	equal(t, "outcome", d.Outcome, OutcomeNever)
	equal(t, "retry after", d.RetryAfter, Never)
}

func TestPeekTakesNothing(t *testing.T) {
	l := limiter(t, patient(t, shared), PerHour(10))
	for i := 0; i < 3; i++ {
		d, err := l.Peek(ctx, "user")
		ok(t, err)
		equal(t, "remaining", d.Remaining, 10)
		equal(t, "cost", d.Cost, 0)
	}
}

func TestResetFillsTheBucket(t *testing.T) {
	l := limiter(t, patient(t, shared), PerHour(2))
	_, err := l.Allow(ctx, "user", Cost(2))
	ok(t, err)
	ok(t, l.Reset(ctx, "user"))
	d, err := l.Allow(ctx, "user", Cost(2))
	ok(t, err)
	equal(t, "allowed", d.Allowed, true)
}

func TestWaitingRetryAfterIsEnough(t *testing.T) {
	l := limiter(t, patient(t, shared), Per(1, 100*time.Millisecond))
	_, err := l.Allow(ctx, "user")
	ok(t, err)
	d, err := l.Allow(ctx, "user")
	ok(t, err)
	time.Sleep(d.RetryAfter)
	d, err = l.Allow(ctx, "user")
	ok(t, err)
	equal(t, "allowed", d.Allowed, true)
}

func TestSeveralLimitsAreChargedAllOrNone(t *testing.T) {
	l := limiter(t, patient(t, shared), PerHour(10).Named("hour"), PerDay(2).Named("day"))
	for i := 0; i < 2; i++ {
		d, err := l.Allow(ctx, "user")
		ok(t, err)
		equal(t, "allowed", d.Allowed, true)
		equal(t, "binding", d.Binding, 1)
	}
	d, err := l.Allow(ctx, "user")
	ok(t, err)
	equal(t, "allowed", d.Allowed, false)
	equal(t, "binding", d.Binding, 1)
	equal(t, "limit", d.Limit, 2)
}

func TestDecisionHasTheLimitsInForce(t *testing.T) {
	l := limiter(t, patient(t, shared), PerHour(10).WithBurst(4), PerDay(30))
	d, err := l.Allow(ctx, "user", Cost(3))
	ok(t, err)
	equal(t, "binding", d.Binding, 0)
	limits := d.Limits()
	equal(t, "number of limits", len(limits), 2)
	for i, want := range []LimitState{{10, time.Hour, 4, 1, 18 * time.Minute}, {30, 24 * time.Hour, 30, 27, 144 * time.Minute}} {
		between(t, "reset after", limits[i].ResetAfter, want.ResetAfter-time.Minute, want.ResetAfter)
		want.ResetAfter = limits[i].ResetAfter
		equal(t, fmt.Sprint("limit ", i), limits[i], want)
	}
	limits[0].Burst = 77 // the caller's own
	equal(t, "burst", d.Limits()[0].Burst, 4)

	single, err := limiter(t, patient(t, shared), PerHour(10)).Allow(ctx, "user")
	ok(t, err)
	equal(t, "number of limits", len(single.Limits()), 1)
	equal(t, "limit", single.Limits()[0], LimitState{10, time.Hour, 10, 9, single.ResetAfter})
	equal(t, "limits of no decision", len(Decision{}.Limits()), 0)
}

func TestKeyIsThatOfEveryLanguage(t *testing.T) {
	client := patient(t, shared)
	for want, l := range map[string]*Limiter{
		"drl:default:{4HcLKRuUa2ZUrLSWQ99iOA}-XQFtv":   limiter(t, client, PerMinute(100), Namespace("")),
		"drl:api:{cbbK9Bk_JtLHc0DJJK8NNQ}-XQFtv:login": limiter(t, client, PerMinute(100), Namespace("api"), Name("login")),
	} {
		key, err := l.Key("user_123")
		ok(t, err)
		equal(t, "key", key, want)
		for _, identity := range []string{"", strings.Repeat("x", 65537)} {
			_, err = l.Key(identity)
			equal(t, "status", StatusOf(err), ErrIdentity)
		}
		ok(t, l.Close())
		_, err = l.Key("user_123")
		equal(t, "status of a closed limiter", StatusOf(err), ErrClosed)
	}
}

func TestLimitersShareTheirClientsConnection(t *testing.T) {
	client := patient(t, shared)
	for i := 0; i < 3; i++ {
		_, err := limiter(t, client, PerHour(10), Name(fmt.Sprint("limiter-", i))).Allow(ctx, "user")
		ok(t, err)
	}
	stats, err := client.Stats()
	ok(t, err)
	equal(t, "connections made", stats.Connects, 1)
}

func TestOpenMakesAndClosesAClientOfItsOwn(t *testing.T) {
	l, err := Open(shared.URL, PerHour(2), Timeout(20*time.Second), Namespace(redistest.Unique()))
	ok(t, err)
	d, err := l.Allow(ctx, "user")
	ok(t, err)
	equal(t, "remaining", d.Remaining, 1)
	ok(t, l.Close())
	_, err = l.Client().NewLimiter(PerHour(1))
	equal(t, "status", StatusOf(err), ErrClosed)
}

func TestLimitersOfOneNameAndLimitsShareBuckets(t *testing.T) {
	namespace := Namespace(redistest.Unique())
	one := limiter(t, patient(t, shared), PerHour(10), namespace, Name("x"))
	other := limiter(t, patient(t, shared), PerHour(10), namespace, Name("x"))
	_, err := one.Allow(ctx, "user", Cost(4))
	ok(t, err)
	d, err := other.Allow(ctx, "user")
	ok(t, err)
	equal(t, "remaining", d.Remaining, 5)

	d, err = limiter(t, patient(t, shared), PerHour(11), namespace, Name("x")).Allow(ctx, "user")
	ok(t, err)
	equal(t, "remaining with other limits", d.Remaining, 10)
}

func TestIdentityMayBeAnyBytes(t *testing.T) {
	l := limiter(t, patient(t, shared), PerHour(10))
	for _, identity := range []string{"\x00", "a\x00b", "a\x00c", "\xff\xfe", strings.Repeat("x", 65536)} {
		d, err := l.Allow(ctx, identity)
		ok(t, err)
		equal(t, "remaining", d.Remaining, 9)
	}
}

func TestAllowManyAnswersInOrder(t *testing.T) {
	l := limiter(t, patient(t, shared), PerHour(1).WithBurst(5000))
	requests := make([]Request, 4096)
	for i := range requests {
		requests[i] = For(fmt.Sprint("user", i), Cost(i))
	}
	decisions, err := l.AllowMany(ctx, requests)
	ok(t, err)
	equal(t, "number of decisions", len(decisions), len(requests))
	for i, d := range decisions {
		if d.Cost != int64(i) || d.Remaining != int64(5000-i) {
			t.Fatalf("decision %d is %+v", i, d)
		}
	}
}

func TestAllowManyChargesOneIdentityInTurn(t *testing.T) {
	l := limiter(t, patient(t, shared), PerHour(3))
	decisions, err := l.AllowMany(ctx, []Request{For("a"), For("a", Cost(2)), For("a"), For("b")})
	ok(t, err)
	for i, want := range []bool{true, true, false, true} {
		equal(t, fmt.Sprint("allowed ", i), decisions[i].Allowed, want)
	}
}

func TestAllowManyChecksAllBeforeItSendsAny(t *testing.T) {
	l := limiter(t, patient(t, shared), PerHour(3))
	for _, wrong := range []Request{For(""), For("a", Cost(-1)), For("a", Cost(1_000_000_000_001)), {}} {
		_, err := l.AllowMany(ctx, []Request{For("a"), wrong})
		if err == nil || !strings.Contains(err.Error(), "requests[1]") {
			t.Errorf("the error is %v", err)
		}
	}
	d, err := l.Peek(ctx, "a")
	ok(t, err)
	equal(t, "remaining", d.Remaining, 3)
}

// On the way of every request, the binding leaves no garbage.
func TestAllowAllocatesNothing(t *testing.T) {
	l := limiter(t, patient(t, shared), PerSecond(1_000_000))
	allocations := testing.AllocsPerRun(1000, func() {
		if _, err := l.Allow(ctx, "user", Cost(1)); err != nil {
			t.Error(err)
		}
	})
	equal(t, "allocations of a call", allocations, 0)
}

func TestConcurrentCallersGetExactlyTheBurst(t *testing.T) {
	const callers, calls, burst = 64, 50, 1000
	l := limiter(t, patient(t, shared), PerDay(1).WithBurst(burst))
	allowed := make([]int, callers)
	var wait sync.WaitGroup
	for caller := range allowed {
		wait.Add(1)
		go func(caller int) {
			defer wait.Done()
			for i := 0; i < calls; i++ {
				d, err := l.Allow(ctx, "one for all")
				if err != nil {
					t.Error(err)
					return
				}
				if d.Allowed {
					allowed[caller]++
				}
			}
		}(caller)
	}
	wait.Wait()
	total := 0
	for _, n := range allowed {
		total += n
	}
	equal(t, "allowed", total, burst)
}
