package drl

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"distributed-rate-limiter/drl/internal/redistest"
)

func guarded(t *testing.T) *redistest.Server {
	server := redistest.Start(t)
	server.Guard(t, "first")
	return server
}

// answering counts how often it is asked.
func answering(asked *atomic.Int64, login Login) ClientOption {
	return CredentialsFrom(func(context.Context) (Login, error) {
		asked.Add(1)
		return login, nil
	})
}

func TestCredentialsAreAskedForAtEachConnection(t *testing.T) {
	server := guarded(t)
	var asked atomic.Int64
	l := limiter(t, patient(t, server, answering(&asked, Login{Username: "drl", Password: "first"})), PerHour(1000))
	_, err := l.Allow(ctx, "user")
	ok(t, err)
	before := asked.Load()
	server.Disconnect(t)
	waitFor(t, func() bool { _, err := l.Allow(ctx, "user"); return err == nil && asked.Load() > before })
}

func TestCredentialsThatExpireAreAskedForAgainInTime(t *testing.T) {
	server := guarded(t)
	var asked atomic.Int64
	client := patient(t, server, answering(&asked, Login{Username: "drl", Password: "first", ExpiresIn: 400 * time.Millisecond}))
	l := limiter(t, client, PerHour(1_000_000))
	waitFor(t, func() bool { _, err := l.Allow(ctx, "user"); ok(t, err); return asked.Load() >= 4 })
	stats, err := client.Stats()
	ok(t, err)
	equal(t, "connects", stats.Connects, 1)
}

func TestPasswordMayChangeBetweenConnections(t *testing.T) {
	server := guarded(t)
	password := atomic.Value{}
	password.Store("first")
	l := limiter(t, patient(t, server, CredentialsFrom(func(context.Context) (Login, error) {
		return Login{Username: "drl", Password: password.Load().(string)}, nil
	})), PerHour(1_000_000))
	_, err := l.Allow(ctx, "user")
	ok(t, err)
	server.Guard(t, "second")
	password.Store("second")
	server.Disconnect(t)
	waitFor(t, func() bool { _, err := l.Allow(ctx, "user"); return err == nil })
	server.ForgetRefusals(t)
}

func TestWhatIsNoLoginIsAnAuthenticationThatFails(t *testing.T) {
	server := guarded(t)
	var none map[string]string
	for what, ask := range map[string]AskCredentials{
		"an error":       func(context.Context) (Login, error) { return Login{}, errors.New("the vault is sealed") },
		"an empty error": func(context.Context) (Login, error) { return Login{}, errors.New("") },
		"a panic":        func(context.Context) (Login, error) { panic("the vault is sealed") },
		"a fault":        func(context.Context) (Login, error) { none["a"] = "b"; return Login{}, nil },
		"an ended call":  func(context.Context) (Login, error) { runtime.Goexit(); return Login{}, nil },
		"a long user name": func(context.Context) (Login, error) {
			return Login{Username: strings.Repeat("u", 1024), Password: "p"}, nil
		},
		"a long password":   func(context.Context) (Login, error) { return Login{Password: strings.Repeat("p", 16384)}, nil },
		"a NUL":             func(context.Context) (Login, error) { return Login{Username: "drl", Password: "fir\x00st"}, nil },
		"an expired one":    func(context.Context) (Login, error) { return Login{"drl", "first", -time.Second}, nil },
		"a wrong password":  func(context.Context) (Login, error) { return Login{"drl", "second", 0}, nil },
		"a missing one too": func(context.Context) (Login, error) { return Login{Username: "drl"}, nil },
	} {
		client := patient(t, server, CredentialsFrom(ask))
		l := limiter(t, client, PerHour(1000))
		waitFor(t, func() bool {
			_, err := l.Allow(ctx, "user")
			if err == nil {
				t.Fatalf("%s lets in", what)
			}
			return StatusOf(err) == ErrAuth
		})
		ok(t, client.Close())
	}
	server.ForgetRefusals(t)
}

func TestFailedCredentialsAreAskedForAgain(t *testing.T) {
	server := guarded(t)
	var asked atomic.Int64
	l := limiter(t, patient(t, server, CredentialsFrom(func(context.Context) (Login, error) {
		if asked.Add(1) < 3 {
			return Login{}, fmt.Errorf("not yet")
		}
		return Login{Username: "drl", Password: "first"}, nil
	})), PerHour(1000))
	waitFor(t, func() bool { _, err := l.Allow(ctx, "user"); return err == nil })
}

func TestNoCallWaitsForSlowCredentialsBeyondItsTimeout(t *testing.T) {
	server := guarded(t)
	slow := make(chan struct{})
	client, err := NewClient(server.URL, Timeout(100*time.Millisecond), CredentialsFrom(func(context.Context) (Login, error) {
		<-slow
		return Login{Username: "drl", Password: "first"}, nil
	}))
	ok(t, err)
	defer client.Close()
	l := limiter(t, client, PerHour(1000))
	start := time.Now()
	_, err = l.Allow(ctx, "user")
	if err == nil {
		t.Error("it was decided without credentials")
	}
	between(t, "the call", time.Since(start), 0, 3*time.Second)
	close(slow)
	waitFor(t, func() bool { _, err := l.Allow(ctx, "user"); return err == nil })
}

func TestClosingDoesNotWaitForCredentials(t *testing.T) {
	server := guarded(t)
	goroutines := runtime.NumGoroutine()
	for i := 0; i < 10; i++ {
		asked := make(chan struct{}, 64)
		client := patient(t, server, CredentialsFrom(func(asking context.Context) (Login, error) {
			asked <- struct{}{}
			<-asking.Done()
			return Login{}, asking.Err()
		}))
		l := limiter(t, client, PerHour(1000))
		go l.Allow(ctx, "user")
		<-asked
		start := time.Now()
		ok(t, client.Close())
		between(t, "closing", time.Since(start), 0, 2*time.Second)
	}
	waitFor(t, func() bool { return runtime.NumGoroutine() <= goroutines })
}

func TestClientThatDoesNotOpenAsksNobody(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	_, err := NewClient("redis://localhost:port", CredentialsFrom(func(context.Context) (Login, error) { panic("asked") }))
	equal(t, "status", StatusOf(err), ErrURLPort)
	waitFor(t, func() bool { return runtime.NumGoroutine() <= goroutines })
}

func TestLoginsArePrintedWithoutPassword(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if said := fmt.Sprintf(verb, Login{"drl", "hidden", time.Second}); strings.Contains(said, "hidden") {
			t.Error(verb, "prints", said)
		}
	}
}
