package drlhttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"distributed-rate-limiter/drl"
	"distributed-rate-limiter/drl/drlhttp"
	"distributed-rate-limiter/drl/internal/redistest"
)

var shared *redistest.Server

func TestMain(m *testing.M) {
	os.Exit(redistest.Main(func(server *redistest.Server) int {
		shared = server
		return m.Run()
	}))
}

func open(t *testing.T, server *redistest.Server, options ...drl.Option) *drl.Limiter {
	t.Helper()
	all := append([]drl.Option{drl.Timeout(20 * time.Second), drl.Namespace(redistest.Unique())}, options...)
	limiter, err := drl.Open(server.URL, all...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { limiter.Close() })
	return limiter
}

// A real server; its handler says "served".
func serve(t *testing.T, limiter *drl.Limiter, options ...drlhttp.Option) *httptest.Server {
	t.Helper()
	server := serveHandler(t, limiter, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "served") }, options...)
	server.Start()
	return server
}

type answer struct {
	status int
	header http.Header
	body   string
}

// get asks over a real connection; headers are name and value in turn.
func get(t *testing.T, url string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestRequestsPastTheBurstAre429(t *testing.T) {
	server := serve(t, open(t, shared, drl.PerHour(1).WithBurst(3)))
	for left := 2; left >= 0; left-- {
		a := get(t, server.URL)
		equal(t, "status", a.status, 200)
		equal(t, "body", a.body, "served")
		equal(t, "remaining", a.header.Get("RateLimit-Remaining"), strconv.Itoa(left))
		equal(t, "policy", a.header.Get("RateLimit-Policy"), `"default";q=3;w=10800`)
		equal(t, "cache control", a.header.Get("Cache-Control"), "")
	}
	a := get(t, server.URL)
	equal(t, "status", a.status, 429)
	equal(t, "type", a.header.Get("Content-Type"), "application/problem+json")
	equal(t, "cache control", a.header.Get("Cache-Control"), "no-store")
	equal(t, "limit", a.header.Get("RateLimit-Limit"), "3")
	retry, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil || retry < 3500 || retry > 3600 {
		t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
	}
	var problem struct {
		Type   string
		Title  string
		Status int
	}
	if err := json.Unmarshal([]byte(a.body), &problem); err != nil {
		t.Error(err)
	}
	equal(t, "status in the body", problem.Status, 429)
	equal(t, "type in the body", problem.Type, "https://iana.org/assignments/http-problem-types#quota-exceeded")
}

func TestForgedForwardingHeadersChangeNothing(t *testing.T) {
	server := serve(t, open(t, shared, drl.PerHour(2)))
	for i := 0; i < 2; i++ {
		equal(t, "status", get(t, server.URL, "X-Forwarded-For", fmt.Sprint("198.51.100.", i)).status, 200)
	}
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP"} {
		equal(t, "status with "+header, get(t, server.URL, header, "198.51.100.9").status, 429)
	}
}

func TestTrustedProxySaysWhoAsks(t *testing.T) {
	server := serve(t, open(t, shared, drl.PerHour(1)),
		drlhttp.ClientAddress(drl.ResolverConfig{Trust: drl.TrustNetworks, Networks: []string{"127.0.0.0/8", "::1"}}))
	equal(t, "one", get(t, server.URL, "X-Forwarded-For", "198.51.100.1").status, 200)
	equal(t, "another", get(t, server.URL, "X-Forwarded-For", "198.51.100.2").status, 200)
	equal(t, "the first again, behind a forged part", get(t, server.URL, "X-Forwarded-For", "6.6.6.6, 198.51.100.1").status, 429)
	equal(t, "in two lines", get(t, server.URL, "X-Forwarded-For", "6.6.6.6", "X-Forwarded-For", "198.51.100.2").status, 429)
}

func TestFailOpenServesWithoutRedis(t *testing.T) {
	redis := redistest.Start(t)
	server := serve(t, open(t, redis, drl.PerHour(1), drl.FailOpen))
	redis.Stop()
	for i := 0; i < 3; i++ {
		a := get(t, server.URL)
		equal(t, "status", a.status, 200)
		equal(t, "body", a.body, "served")
		equal(t, "policy", a.header.Get("RateLimit-Policy"), `"default";q=1;w=3600`)
	}
}

func TestFailClosedAndFailErrorSay503WithoutRedis(t *testing.T) {
	for _, strategy := range []drl.FailStrategy{drl.FailClosed, drl.FailError} {
		redis := redistest.Start(t)
		server := serve(t, open(t, redis, drl.PerHour(1), strategy))
		redis.Stop()
		a := get(t, server.URL)
		equal(t, "status", a.status, 503)
		equal(t, "type", a.header.Get("Content-Type"), "application/problem+json")
		equal(t, "retry after", a.header.Get("Retry-After"), "1")
		equal(t, "in the body", strings.Contains(a.body, "#temporary-reduced-capacity"), true)
	}
}

func TestIdentityIsTheUsersFunctionOrElseTheAddress(t *testing.T) {
	server := serve(t, open(t, shared, drl.PerHour(1)), drlhttp.Identity(func(r *http.Request) string { return r.Header.Get("User") }))
	equal(t, "ann", get(t, server.URL, "User", "ann").status, 200)
	equal(t, "bob", get(t, server.URL, "User", "bob").status, 200)
	equal(t, "ann again", get(t, server.URL, "User", "ann").status, 429)
	equal(t, "nobody", get(t, server.URL).status, 200)
	equal(t, "nobody again", get(t, server.URL).status, 429)
}

func TestCostAndPolicyAreChosenPerRequest(t *testing.T) {
	small, large := open(t, shared, drl.PerHour(3), drl.Name("small")), open(t, shared, drl.PerHour(100), drl.Name("large"))
	server := serve(t, small,
		drlhttp.Cost(func(r *http.Request) int64 { return int64(len(r.URL.Path)) }),
		drlhttp.Policy(func(r *http.Request) *drl.Limiter {
			if r.Header.Get("Plan") == "paid" {
				return large
			}
			return nil
		}))
	equal(t, "free", get(t, server.URL+"/ab").header.Get("RateLimit-Remaining"), "0")
	equal(t, "free, used up", get(t, server.URL+"/ab").status, 429)
	equal(t, "paid", get(t, server.URL+"/ab", "Plan", "paid").header.Get("RateLimit-Remaining"), "97")
	never := get(t, server.URL+"/abcd")
	equal(t, "too costly for ever", never.status, 429)
	equal(t, "retry after", never.header.Get("Retry-After"), "")
}

func TestSkippedRequestsAreNotAsked(t *testing.T) {
	server := serve(t, open(t, shared, drl.PerHour(1)), drlhttp.SkipPaths("/healthz"),
		drlhttp.Skip(func(r *http.Request) bool { return r.Header.Get("Internal") != "" }))
	for i := 0; i < 3; i++ {
		a := get(t, server.URL+"/healthz")
		equal(t, "status", a.status, 200)
		equal(t, "headers", a.header.Get("RateLimit-Limit"), "")
		equal(t, "internal", get(t, server.URL, "Internal", "1").status, 200)
	}
	equal(t, "first", get(t, server.URL+"/healthz/").status, 200)
	equal(t, "second", get(t, server.URL).status, 429)
}

func TestHeadersRefusalAndObserverAreTheUsers(t *testing.T) {
	var seen []drl.Outcome
	server := serve(t, open(t, shared, drl.PerHour(1)),
		drlhttp.Headers(drl.HeadersX),
		drlhttp.Observe(func(r *http.Request, d drl.Decision) { seen = append(seen, d.Outcome) }),
		drlhttp.OnRefusal(func(w http.ResponseWriter, r *http.Request, d drl.Decision) {
			http.Error(w, "slow down: "+d.Outcome.String(), 420)
		}))
	equal(t, "header", get(t, server.URL).header.Get("X-RateLimit-Remaining"), "0")
	a := get(t, server.URL)
	equal(t, "status", a.status, 420)
	equal(t, "body", a.body, "slow down: denied\n")
	equal(t, "draft header", a.header.Get("RateLimit"), "")
	equal(t, "observed", fmt.Sprint(seen), "[allowed denied]")
}

func TestWrongUseIs500AndNeverServed(t *testing.T) {
	limiter := open(t, shared, drl.PerHour(10), drl.FailOpen)
	limit, err := drlhttp.New(limiter, drlhttp.Cost(func(r *http.Request) int64 { return -1 }))
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	server := httptest.NewUnstartedServer(limit(http.NotFoundHandler()))
	server.Config.ErrorLog = log.New(&said, "", 0)
	server.Start()
	defer server.Close()
	equal(t, "wrong cost", get(t, server.URL).status, 500)
	equal(t, "the log", strings.Contains(said.String(), "cost"), true)

	limiter.Close()
	var got error
	closed := serve(t, limiter, drlhttp.OnError(func(w http.ResponseWriter, r *http.Request, err error) {
		got = err
		w.WriteHeader(599)
	}))
	equal(t, "closed limiter", get(t, closed.URL).status, 599)
	equal(t, "its status", drl.StatusOf(got), drl.ErrClosed)
}

func TestWrongProxiesAreAnErrorOfNew(t *testing.T) {
	_, err := drlhttp.New(open(t, shared, drl.PerHour(1)), drlhttp.ClientAddress(drl.ResolverConfig{Trust: drl.TrustHops}))
	equal(t, "status", drl.StatusOf(err), drl.ErrOption)
}

// A client that hangs up before the decision has asked all the same.
func TestRequestsOfClientsThatHangUpAreCharged(t *testing.T) {
	limiter := open(t, shared, drl.PerHour(3))
	server := serve(t, limiter, drlhttp.Identity(func(r *http.Request) string {
		<-r.Context().Done()
		return "user"
	}))
	for i := 0; i < 3; i++ {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(20 * time.Millisecond) // the server watches for the end once it has read the request
		conn.Close()
	}
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		decision, err := limiter.Peek(context.Background(), "user")
		if err != nil {
			t.Fatal(err)
		}
		if decision.Remaining == 0 {
			return
		}
		if time.Since(start) > 10*time.Second {
			t.Fatalf("%d are left", decision.Remaining)
		}
	}
}
