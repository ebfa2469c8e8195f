package drl

import (
	"os"
	"testing"
	"time"

	"distributed-rate-limiter/drl/internal/redistest"
)

// The server that tests share; each has a namespace of its own. Tests that stop a server start another.
var shared *redistest.Server

// OnSharedServer tells the examples, which are in a package of their own.
var OnSharedServer func(emptied func() string)

func TestMain(m *testing.M) {
	if url := os.Getenv("DRL_TEST_LEAVE_OPEN"); url != "" {
		leaveOpen(url) // a child of TestProcessThatClosesNothingEnds
		return
	}
	os.Exit(redistest.Main(func(server *redistest.Server) int {
		shared = server
		OnSharedServer(server.Emptied)
		return m.Run()
	}))
}

// patient is a client that waits for a slow machine, so that slowness does not become a wrong decision.
func patient(t testing.TB, server *redistest.Server, options ...ClientOption) *Client {
	t.Helper()
	client, err := NewClient(server.URL, append([]ClientOption{Timeout(20 * time.Second)}, options...)...)
	ok(t, err)
	t.Cleanup(func() { client.Close() })
	return client
}

func limiter(t testing.TB, client *Client, options ...LimiterOption) *Limiter {
	t.Helper()
	limiter, err := client.NewLimiter(append([]LimiterOption{Namespace(redistest.Unique()), FailError}, options...)...)
	ok(t, err)
	t.Cleanup(func() { limiter.Close() })
	return limiter
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func between(t testing.TB, what string, got, low, high time.Duration) {
	t.Helper()
	if got < low || got > high {
		t.Errorf("%s is %v, want %v to %v", what, got, low, high)
	}
}
