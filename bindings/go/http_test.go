package drl

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

func headerMap(t *testing.T, l *Limiter, d Decision, options ...HeaderOption) map[string]string {
	t.Helper()
	headers, err := l.Headers(d, options...)
	ok(t, err)
	byName := make(map[string]string)
	for _, header := range headers {
		byName[header.Name] = header.Value
	}
	equal(t, "number of names", len(byName), len(headers))
	return byName
}

func drained(t *testing.T) (*Limiter, Decision) {
	l := limiter(t, patient(t, shared), PerHour(2).Named("hour"))
	_, err := l.Allow(ctx, "user", Cost(2))
	ok(t, err)
	d, err := l.Allow(ctx, "user")
	ok(t, err)
	equal(t, "allowed", d.Allowed, false)
	return l, d
}

func TestHeadersTellTheDecision(t *testing.T) {
	l, d := drained(t)
	headers := headerMap(t, l, d, HeadersDraft, HeadersLegacy|HeadersX, HeadersCacheControl)
	for name, want := range map[string]string{
		"RateLimit-Policy": `"hour";q=2;w=3600`, "RateLimit-Limit": "2", "RateLimit-Remaining": "0", "X-RateLimit-Remaining": "0",
		"Cache-Control": "no-store",
	} {
		equal(t, name, headers[name], want)
	}
	seconds, err := strconv.Atoi(headers["Retry-After"])
	ok(t, err)
	if low := int(d.RetryAfter / time.Second); seconds < low || seconds > low+1 {
		t.Errorf("Retry-After is %d, and the decision says %v", seconds, d.RetryAfter)
	}
	if !strings.HasPrefix(headers["RateLimit"], `"hour";r=0;t=`) {
		t.Errorf("RateLimit is %s", headers["RateLimit"])
	}
}

func TestHeaderOptionsReachC(t *testing.T) {
	l, d := drained(t)
	epoch, err := strconv.ParseInt(headerMap(t, l, d, HeadersX, XResetEpoch())["X-RateLimit-Reset"], 10, 64)
	ok(t, err)
	between(t, "reset", time.Until(time.Unix(epoch, 0)), 29*time.Minute, 61*time.Minute)
	if headerMap(t, l, d, LowerCase())["ratelimit-limit"] != "2" {
		t.Error("no lower case")
	}
	plain := headerMap(t, l, d)["Retry-After"]
	differs := false
	for i := 0; i < 50; i++ {
		differs = differs || headerMap(t, l, d, RetryJitter(time.Hour))["Retry-After"] != plain
	}
	equal(t, "jitter", differs, true)
	_, err = l.Headers(d, RetryJitter(25*time.Hour))
	equal(t, "status of too much jitter", StatusOf(err), ErrOption)
	_, err = l.Headers(d, HeaderStyle(1024))
	equal(t, "status of an unknown style", StatusOf(err), ErrOption)
}

func TestHeadersOfADecisionNeverMadeAreAnError(t *testing.T) {
	l, _ := drained(t)
	hour := LimitState{Rate: 2, Per: time.Hour, Burst: 2}
	allowed := Decision{Allowed: true, Outcome: OutcomeAllowed}
	for _, d := range []Decision{
		{}, allowed, allowed.WithLimits(hour, hour), allowed.WithLimits(make([]LimitState, 9)...),
		Decision{Outcome: 9}.WithLimits(hour), Decision{Outcome: math.MaxInt32}.WithLimits(hour),
		Decision{Allowed: true, Outcome: OutcomeAllowed, Binding: 5}.WithLimits(hour),
	} {
		_, err := l.Headers(d)
		equal(t, "status of headers", StatusOf(err), ErrOption)
		_, err = l.Problem(d)
		equal(t, "status of problem", StatusOf(err), ErrOption)
	}
}

func TestProblemSaysWhichPolicyWasViolated(t *testing.T) {
	l, d := drained(t)
	problem, err := l.Problem(d)
	ok(t, err)
	equal(t, "status", problem.Status, 429)
	var body struct {
		Type     string
		Status   int
		Violated []string `json:"violated-policies"`
	}
	ok(t, json.Unmarshal(problem.Body, &body))
	equal(t, "status in the body", body.Status, 429)
	equal(t, "type", body.Type, "https://iana.org/assignments/http-problem-types#quota-exceeded")
	equal(t, "policies", strings.Join(body.Violated, " "), "hour")

	allowed, err := l.Allow(ctx, "somebody else")
	ok(t, err)
	problem, err = l.Problem(allowed)
	ok(t, err)
	equal(t, "status when allowed", problem.Status, 200)
	equal(t, "body when allowed", string(problem.Body), "")
}

func TestDecisionGoesToCAndBackUnchanged(t *testing.T) {
	_, denied := drained(t)
	never := Decision{Outcome: OutcomeNever, RetryAfter: Never, Limit: 1, Cost: 2, Degraded: true}
	hour := LimitState{Rate: 1, Per: time.Hour, Burst: 2, Remaining: 3, ResetAfter: time.Second}
	for _, d := range []Decision{denied, {}, never, never.WithLimits(hour), never.WithLimits(hour, LimitState{Rate: 9, Per: time.Second})} {
		if got := makeDecision(d.flat()); !reflect.DeepEqual(got, d) {
			t.Errorf("the decision is %+v, was %+v", got, d)
		}
	}
}

func TestResolverBelievesOnlyTheTrusted(t *testing.T) {
	proxies := ResolverConfig{Trust: TrustNetworks, Networks: []string{"10.0.0.0/8", "192.0.2.1"}}
	for _, c := range []struct {
		config ResolverConfig
		peer   string
		lines  []string
		want   string
	}{
		{ResolverConfig{}, "203.0.113.7:1234", []string{"198.51.100.1"}, "203.0.113.7"},
		{ResolverConfig{}, "[2001:db8:0:1::5]:1234", nil, "2001:db8:0:1::/64"},
		{ResolverConfig{IPv6Prefix: 48}, "[2001:db8:0:1::5]:1234", nil, "2001:db8::/48"},
		{ResolverConfig{}, "@", nil, "unix"},
		{ResolverConfig{}, "", nil, "unknown"},
		{proxies, "10.1.2.3:1234", []string{"6.6.6.6, 198.51.100.1"}, "198.51.100.1"},
		{proxies, "10.1.2.3:1234", []string{"6.6.6.6", "198.51.100.1, 192.0.2.1"}, "198.51.100.1"},
		{proxies, "203.0.113.7:1234", []string{"198.51.100.1"}, "203.0.113.7"},
		{ResolverConfig{Trust: TrustHops, Hops: 1}, "203.0.113.7:1", []string{"6.6.6.6, 198.51.100.1"}, "198.51.100.1"},
		{ResolverConfig{Trust: TrustPrivate, Forwarded: true}, "127.0.0.1:1", []string{`for="[2001:db8::1]:5"`}, "2001:db8::/64"},
	} {
		r, err := NewResolver(c.config)
		ok(t, err)
		got, err := r.Resolve(c.peer, c.lines)
		ok(t, err)
		if got != c.want {
			t.Errorf("%+v, %q, %q: got %q, want %q", c.config, c.peer, c.lines, got, c.want)
		}
	}
}

func TestResolverNamesItsHeader(t *testing.T) {
	for want, config := range map[string]ResolverConfig{
		"": {}, "x-forwarded-for": {Trust: TrustPrivate}, "forwarded": {Trust: TrustPrivate, Forwarded: true},
	} {
		r, err := NewResolver(config)
		ok(t, err)
		equal(t, "header", r.Header(), want)
	}
}

func TestWrongResolverConfigIsAnError(t *testing.T) {
	for want, configs := range map[Status][]ResolverConfig{
		ErrAddress: {
			{Trust: TrustNetworks, Networks: []string{"localnet"}},
			{Trust: TrustNetworks, Networks: []string{"10.0.0.1/8"}},
			{Trust: TrustNetworks, Networks: []string{"10.0.0.0/8\x00"}},
		},
		ErrOption: {
			{Trust: 9}, {Trust: TrustNetworks}, {Hops: 1}, {Trust: TrustHops}, {Trust: TrustHops, Hops: 1<<32 + 1}, {IPv4Prefix: 33},
		},
	} {
		for _, config := range configs {
			_, err := NewResolver(config)
			if StatusOf(err) != want {
				t.Errorf("%+v: got %v, want %v", config, err, want)
			}
		}
	}
}

func TestClosedResolverIsAnErrorNotACrash(t *testing.T) {
	r, err := NewResolver(ResolverConfig{})
	ok(t, err)
	ok(t, r.Close())
	ok(t, r.Close())
	_, err = r.Resolve("203.0.113.7:1", nil)
	equal(t, "status", StatusOf(err), ErrClosed)
}
