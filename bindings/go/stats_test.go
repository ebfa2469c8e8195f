package drl

import (
	"fmt"
	"strings"
	"testing"
)

func TestStatsCountWhatWasDone(t *testing.T) {
	client := patient(t, shared)
	l := limiter(t, client, PerHour(2), Name("counted"))
	for _, cost := range []Cost{1, 1, 1, 1, 3} {
		_, err := l.Allow(ctx, "user", cost)
		ok(t, err)
	}
	_, err := l.Peek(ctx, "user")
	ok(t, err)
	ok(t, l.Reset(ctx, "user"))
	var s Stats
	waitFor(t, func() bool { // the last slot is given back a moment after its answer
		s, err = client.Stats()
		ok(t, err)
		return s.QueueDepth == 0
	})
	for _, c := range []struct {
		what      string
		got, want int64
	}{
		{"allowed", s.Allowed, 2}, {"denied", s.Denied, 2}, {"never", s.Never, 1}, {"undecided", s.Undecided, 0}, {"peeks", s.Peeks, 1},
		{"resets", s.Resets, 1}, {"connects", s.Connects, 1}, {"batches", s.Batches, 7}, {"batched decisions", s.BatchedDecisions, 7},
		{"batches of one", s.BatchSize[0], 7}, {"breaker opened", s.BreakerOpened, 0}, {"connect failures", s.ConnectFailures, 0},
	} {
		equal(t, c.what, c.got, c.want)
	}
	equal(t, "breaker", s.Breaker, BreakerClosed)
	equal(t, "connected", s.Connected, true)
	var latencies int64
	for _, n := range s.Latency {
		latencies += n
	}
	equal(t, "latencies", latencies, 7)
	if s.LatencySum <= 0 {
		t.Errorf("the latencies add up to %v", s.LatencySum)
	}
}

func TestMetricsArePrometheusText(t *testing.T) {
	client := patient(t, shared)
	for i := 0; i < 60; i++ { // more text than fits at first
		_, err := limiter(t, client, PerHour(2), Name(fmt.Sprintf("a-long-name-so-that-the-text-grows-%02d", i))).Allow(ctx, "user")
		ok(t, err)
	}
	text, err := client.Metrics()
	ok(t, err)
	if len(text) <= 16<<10 {
		t.Errorf("only %d bytes: growing was not tested", len(text))
	}
	for _, part := range []string{"# TYPE drl_", `limiter="a-long-name-so-that-the-text-grows-00"`, `outcome="allowed"`} {
		if !strings.Contains(text, part) {
			t.Errorf("the metrics lack %q", part)
		}
	}
}

func TestVersionIsThatOfTheLibrary(t *testing.T) {
	if parts := strings.Split(Version(), "."); len(parts) != 3 {
		t.Errorf("version is %q", Version())
	}
}
