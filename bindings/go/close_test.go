package drl

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"

	"distributed-rate-limiter/drl/internal/redistest"
)

func TestClosedLimiterIsAnErrorNotACrash(t *testing.T) {
	client := patient(t, shared)
	l := limiter(t, client, PerHour(1), FailOpen)
	d, err := l.Peek(ctx, "user")
	ok(t, err)
	ok(t, l.Close())
	ok(t, l.Close())
	errors := everyCall(l, d)
	for i, err := range errors {
		equal(t, fmt.Sprint("status of call ", i), StatusOf(err), ErrClosed)
	}
	_, err = limiter(t, client, PerHour(1)).Allow(ctx, "user")
	ok(t, err)
}

func TestClosedClientIsAnErrorNotACrash(t *testing.T) {
	client := patient(t, shared)
	l := limiter(t, client, PerHour(1), FailOpen)
	ok(t, client.Close())
	ok(t, client.Close())
	for i, err := range everyCall(l, Decision{})[:4] {
		equal(t, fmt.Sprint("status of call ", i), StatusOf(err), ErrClosed)
	}
	_, err := client.NewLimiter(PerHour(1))
	equal(t, "status of NewLimiter", StatusOf(err), ErrClosed)
	_, err = client.Stats()
	equal(t, "status of Stats", StatusOf(err), ErrClosed)
	_, err = client.Metrics()
	equal(t, "status of Metrics", StatusOf(err), ErrClosed)
	ok(t, l.Close())
}

func everyCall(l *Limiter, d Decision) []error {
	_, allow := l.Allow(ctx, "user")
	_, peek := l.Peek(ctx, "user")
	_, many := l.AllowMany(ctx, []Request{For("user")})
	_, headers := l.Headers(d)
	_, problem := l.Problem(d)
	return []error{allow, peek, many, l.Reset(ctx, "user"), headers, problem}
}

func TestClosingAClientEndsWaitingCalls(t *testing.T) {
	server := redistest.Start(t)
	client := patient(t, server)
	l := limiter(t, client, PerHour(1000))
	_, err := l.Allow(ctx, "user")
	ok(t, err)
	server.Freeze()
	defer server.Thaw()
	ended := callsInLine(t, l, 100)
	ok(t, client.Close())
	for i := 0; i < 100; i++ {
		select {
		case err := <-ended:
			equal(t, "status", StatusOf(err), ErrClosed)
		case <-time.After(10 * time.Second):
			t.Fatal("a call goes on waiting for a closed client")
		}
	}
}

func TestClosingBesideCallsIsSafe(t *testing.T) {
	for round := 0; round < 20; round++ {
		l, err := Open(shared.URL, PerHour(1_000_000), Timeout(20*time.Second), Namespace(redistest.Unique()), FailError)
		ok(t, err)
		var wait sync.WaitGroup
		for i := 0; i < 16; i++ {
			wait.Add(1)
			go func() {
				defer wait.Done()
				for {
					if _, err := l.Allow(ctx, "user"); err != nil {
						equal(t, "status", StatusOf(err), ErrClosed)
						return
					}
				}
			}()
		}
		time.Sleep(time.Duration(round) * time.Millisecond / 4)
		ok(t, l.Close())
		wait.Wait()
	}
}

func TestClosedClientsLeaveNoGoroutineAndNoDescriptor(t *testing.T) {
	open := func() {
		l, err := Open(shared.URL, PerHour(10), Timeout(20*time.Second), Namespace(redistest.Unique()))
		ok(t, err)
		_, err = l.Allow(ctx, "user")
		ok(t, err)
		ok(t, l.Close())
	}
	open()
	goroutines, descriptors := runtime.NumGoroutine(), count(t, "/proc/self/fd")
	for i := 0; i < 50; i++ {
		open()
	}
	waitFor(t, func() bool { return runtime.NumGoroutine() <= goroutines && count(t, "/proc/self/fd") <= descriptors })
}

// A client may see many limiters come and go, such as one for each tenant, and not all programs close them.
func TestForgottenLimitersAreFreed(t *testing.T) {
	client := patient(t, shared)
	forget := func(limiters int) {
		for i := 0; i < limiters; i++ {
			_, err := client.NewLimiter(PerHour(1), Name("forgotten"))
			ok(t, err)
		}
		runtime.GC()
	}
	forget(10_000)
	before := residentKilobytes(t)
	for i := 0; i < 10; i++ {
		forget(10_000)
	}
	if grown := residentKilobytes(t) - before; grown > 40_000 { // all of them: 75,000
		t.Errorf("100,000 forgotten limiters hold %d kB", grown)
	}
}

func residentKilobytes(t *testing.T) int {
	text, err := os.ReadFile("/proc/self/statm")
	ok(t, err)
	var size, resident int
	_, err = fmt.Sscan(string(text), &size, &resident)
	ok(t, err)
	return resident * os.Getpagesize() / 1024
}

// A child that uses a limiter and ends without closing it.
func leaveOpen(url string) {
	l, err := Open(url, PerHour(10), Timeout(20*time.Second), Namespace(redistest.Unique()))
	if err == nil {
		_, err = l.Allow(ctx, "user")
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	go l.Allow(ctx, "user")
}

func TestProcessThatClosesNothingEnds(t *testing.T) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "DRL_TEST_LEAVE_OPEN="+shared.URL)
	watchdog := time.AfterFunc(20*time.Second, func() { child.Process.Kill() })
	defer watchdog.Stop()
	if said, err := child.CombinedOutput(); err != nil {
		t.Errorf("it ended with %v and said %q", err, said)
	}
}

// callsInLine makes calls that wait for a frozen server, and returns once all do; each sends its error when it ends.
func callsInLine(t *testing.T, l *Limiter, calls int) <-chan error {
	t.Helper()
	ended := make(chan error)
	for i := 0; i < calls; i++ {
		go func() {
			_, err := l.Allow(ctx, "user")
			ended <- err
		}()
	}
	waitFor(t, func() bool {
		stats, err := l.Client().Stats()
		ok(t, err)
		return stats.QueueDepth == int64(calls)
	})
	return ended
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for start := time.Now(); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			t.Fatal("it does not come true")
		}
	}
}

func count(t *testing.T, folder string) int {
	entries, err := os.ReadDir(folder)
	ok(t, err)
	return len(entries)
}
