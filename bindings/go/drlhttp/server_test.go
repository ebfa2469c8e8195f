package drlhttp_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"distributed-rate-limiter/drl"
	"distributed-rate-limiter/drl/drlhttp"
)

// serveHandler is a limited server of any handler, not started yet.
func serveHandler(t *testing.T, limiter *drl.Limiter, handler http.HandlerFunc, options ...drlhttp.Option) *httptest.Server {
	t.Helper()
	limit, err := drlhttp.New(limiter, options...)
	noError(t, err)
	server := httptest.NewUnstartedServer(limit(handler))
	t.Cleanup(server.Close)
	return server
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestApplicationStreamsAsWithoutTheMiddleware(t *testing.T) {
	proceed := make(chan struct{})
	server := serveHandler(t, open(t, shared, drl.PerHour(1)), func(w http.ResponseWriter, r *http.Request) {
		if _, ok := w.(io.ReaderFrom); !ok {
			t.Error("the writer lost io.ReaderFrom")
		}
		fmt.Fprintln(w, "first")
		w.(http.Flusher).Flush()
		<-proceed
		fmt.Fprintln(w, "second")
	})
	server.Start()
	response, err := http.Get(server.URL)
	noError(t, err)
	defer response.Body.Close()
	body := bufio.NewReader(response.Body)
	line, err := body.ReadString('\n') // arrives while the handler waits
	equal(t, "first line", line, "first\n")
	noError(t, err)
	equal(t, "remaining", response.Header.Get("RateLimit-Remaining"), "0")
	close(proceed)
	line, _ = body.ReadString('\n')
	equal(t, "second line", line, "second\n")
}

func TestApplicationMayTakeTheConnection(t *testing.T) {
	server := serveHandler(t, open(t, shared, drl.PerHour(1)), func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nraw")
		conn.Close()
	})
	server.Start()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	noError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
	answer, err := io.ReadAll(conn)
	noError(t, err)
	equal(t, "raw bytes at the end", strings.HasSuffix(string(answer), "\r\n\r\nraw"), true)
}

func TestHeadHasTheHeadersAndNoBody(t *testing.T) {
	server := serve(t, open(t, shared, drl.PerHour(1)))
	equal(t, "first", get(t, server.URL).status, 200)
	response, err := http.Head(server.URL)
	noError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	noError(t, err)
	equal(t, "status", response.StatusCode, 429)
	equal(t, "type", response.Header.Get("Content-Type"), "application/problem+json")
	equal(t, "limit", response.Header.Get("RateLimit-Limit"), "1")
	equal(t, "body", string(body), "")
}

func TestHTTP2IsLimitedAlike(t *testing.T) {
	server := serveHandler(t, open(t, shared, drl.PerHour(1)), func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) })
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	for _, want := range []int{200, 429} {
		response, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		equal(t, "protocol", response.ProtoMajor, 2)
		equal(t, "status", response.StatusCode, want)
		equal(t, "policy", response.Header.Get("RateLimit-Policy"), `"default";q=1;w=3600`)
		equal(t, "served", string(body) == "HTTP/2.0", want == 200)
	}
}

// A panic of the user's function ends its own request, as net/http does with every panic, and is not charged.
func TestPanicOfTheUsersFunctionEndsOneRequest(t *testing.T) {
	var said strings.Builder
	server := serveHandler(t, open(t, shared, drl.PerHour(1)), func(w http.ResponseWriter, r *http.Request) {},
		drlhttp.Identity(func(r *http.Request) string {
			if r.URL.Path == "/panic" {
				panic("no user")
			}
			return "user"
		}))
	server.Config.ErrorLog = log.New(&said, "", 0)
	server.Start()
	if _, err := http.Get(server.URL + "/panic"); err == nil {
		t.Error("the request was answered")
	}
	equal(t, "next", get(t, server.URL).status, 200)
}

// Of two middlewares, the inner one decides last, and its headers are those that count.
func TestMiddlewaresMayBeStacked(t *testing.T) {
	outer, err := drlhttp.New(open(t, shared, drl.PerHour(9)))
	noError(t, err)
	inner, err := drlhttp.New(open(t, shared, drl.PerHour(1)))
	noError(t, err)
	server := httptest.NewServer(outer(inner(http.NotFoundHandler())))
	defer server.Close()
	equal(t, "first", get(t, server.URL).status, 404)
	second := get(t, server.URL)
	equal(t, "second", second.status, 429)
	equal(t, "limits", fmt.Sprint(second.header.Values("RateLimit-Limit")), "[1]")
}

func TestMissingLimiterIsAnErrorOfNew(t *testing.T) {
	_, err := drlhttp.New(nil)
	equal(t, "status", drl.StatusOf(err), drl.ErrNull)
}
