package drl

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"distributed-rate-limiter/drl/internal/capi"
)

// The constants of status.go: their values by name.
func declaredStatuses(t *testing.T) map[int]string {
	file, err := parser.ParseFile(token.NewFileSet(), "status.go", nil, 0)
	ok(t, err)
	found := make(map[int]string)
	ast.Inspect(file, func(node ast.Node) bool {
		spec, isValue := node.(*ast.ValueSpec)
		if isValue && len(spec.Values) == 1 {
			if literal, isLiteral := spec.Values[0].(*ast.BasicLit); isLiteral {
				value, err := strconv.Atoi(literal.Value)
				ok(t, err)
				found[value] = spec.Names[0].Name
			}
		}
		return true
	})
	return found
}

func TestEveryStatusOfCHasItsConstant(t *testing.T) {
	declared := declaredStatuses(t)
	spelled := func(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "_", "")) }
	other := map[string]string{"ErrOutOfMemory": "DRL_ERR_OOM"}
	for value := -1; value < 1000; value++ {
		inC, inGo := capi.StatusName(value), declared[value]
		if inC == "DRL_ERR_UNKNOWN" {
			equal(t, strconv.Itoa(value), inGo, "")
		} else if other[inGo] != inC && spelled("DRL_"+inGo) != spelled(inC) {
			t.Errorf("%d is %s in C, and %q here", value, inC, inGo)
		}
	}
}

func TestErrorsAreFoundByTheirStatus(t *testing.T) {
	_, err := Open("http://localhost/", PerHour(1))
	equal(t, "errors.Is ErrURLScheme", errors.Is(err, ErrURLScheme), true)
	equal(t, "errors.Is ErrURL", errors.Is(err, ErrURL), false)
	var full *Error
	equal(t, "errors.As", errors.As(err, &full), true)
	equal(t, "status", full.Status, ErrURLScheme)
	equal(t, "name", full.Status.String(), "DRL_ERR_URL_SCHEME")
	equal(t, "unavailable", full.Status.Unavailable(), false)
	equal(t, "status of nil", StatusOf(nil), OK)
	equal(t, "status of a status", StatusOf(ErrBusy), ErrBusy)
	equal(t, "status of another error", StatusOf(context.Canceled), ErrInternal)
}

func TestWrongConfigurationIsAnError(t *testing.T) {
	url := shared.URL
	for _, c := range []struct {
		want     Status
		mentions string
		url      string
		options  []Option
	}{
		{ErrURL, "redis_url", "", []Option{PerHour(1)}},
		{ErrURL, "redis_url", "redis://local\x00host", []Option{PerHour(1)}},
		{ErrURLParameter, "", url + "?nonsense=1", []Option{PerHour(1)}},
		{ErrUnsupported, "", "redis+cluster://localhost", []Option{PerHour(1)}},
		{ErrLimits, "1 to 8", url, nil},
		{ErrRate, "rate", url, []Option{PerHour(0)}},
		{ErrRate, "rate", url, []Option{PerHour(-1)}},
		{ErrPer, "per", url, []Option{Per(1, 0)}},
		{ErrPer, "per", url, []Option{Per(1, -time.Second)}},
		{ErrPer, "whole microseconds", url, []Option{Per(1, 1500*time.Nanosecond)}},
		{ErrBurst, "burst", url, []Option{PerHour(1).WithBurst(-1)}},
		{ErrName, "name", url, []Option{PerHour(1).Named("two\nlines")}},
		{ErrName, "name", url, []Option{PerHour(1), Name("a\x00b")}},
		{ErrName, "name", url, []Option{PerHour(1), Name("{a}")}},
		{ErrNamespace, "namespace", url, []Option{PerHour(1), Namespace("{a}")}},
		{ErrNamespace, "namespace", url, []Option{PerHour(1), Namespace("a\x00")}},
		{ErrFailStrategy, "", url, []Option{PerHour(1), FailStrategy(4)}},
		{ErrOption, "timeout_us", url, []Option{PerHour(1), Timeout(time.Microsecond)}},
		{ErrOption, "timeout_us", url, []Option{PerHour(1), Timeout(time.Nanosecond)}},
		{ErrOption, "timeout_us", url, []Option{PerHour(1), Timeout(-time.Second)}},
		{ErrOption, "timeout_us", url, []Option{PerHour(1), Timeout(-time.Nanosecond)}},
		{ErrOption, "connect_timeout_us", url, []Option{PerHour(1), ConnectTimeout(2 * time.Hour)}},
		{ErrOption, "client_name", url, []Option{PerHour(1), ClientName("two words")}},
		{ErrOption, "client_name", url, []Option{PerHour(1), ClientName("a\x00b")}},
		{ErrOption, "username", url, []Option{PerHour(1), Credentials("a\x00b", "p")}},
		{ErrOption, "password", url, []Option{PerHour(1), Credentials("", "a\x00b")}},
		{ErrOption, "identity_secret", url, []Option{PerHour(1), IdentitySecret(nil)}},
		{ErrOption, "identity_secret", url, []Option{PerHour(1), IdentitySecret([]byte("short"))}},
		{ErrOption, "queue_capacity_max", url, []Option{PerHour(1), QueueCapacity(1)}},
		{ErrOption, "queue_capacity_max", url, []Option{PerHour(1), QueueCapacity(math.MaxInt64)}},
	} {
		l, err := Open(c.url, c.options...)
		if l != nil || StatusOf(err) != c.want || !strings.Contains(err.Error(), c.mentions) {
			t.Errorf("%q %v: got %v (%v), want %v that mentions %q", c.url, c.options, StatusOf(err), err, c.want, c.mentions)
		}
	}
}

func TestNineLimitsAreTooMany(t *testing.T) {
	options := []Option{}
	for i := int64(1); i <= 9; i++ {
		options = append(options, PerHour(i))
	}
	_, err := Open(shared.URL, options...)
	equal(t, "status", StatusOf(err), ErrLimits)
}

func TestWrongArgumentsAreErrorsEvenWhenFailOpen(t *testing.T) {
	l := limiter(t, patient(t, shared), PerHour(1), FailOpen)
	for _, c := range []struct {
		want     Status
		identity string
		cost     Cost
	}{
		{ErrIdentity, "", 1},
		{ErrIdentity, strings.Repeat("x", 65537), 1},
		{ErrCost, "user", -1},
		{ErrCost, "user", math.MinInt64},
		{ErrCost, "user", 1_000_000_000_001},
		{ErrCost, "user", math.MaxInt64},
	} {
		d, err := l.Allow(ctx, c.identity, c.cost)
		equal(t, "allowed", d.Allowed, false)
		equal(t, "status", StatusOf(err), c.want)
	}
	equal(t, "status of a reset", StatusOf(l.Reset(ctx, "")), ErrIdentity)
	for _, n := range []int{0, 4097} {
		_, err := l.AllowMany(ctx, make([]Request, n))
		equal(t, "status of many", StatusOf(err), ErrCapacity)
	}
	d, err := l.Peek(ctx, "user")
	ok(t, err)
	equal(t, "remaining", d.Remaining, 1)
}
