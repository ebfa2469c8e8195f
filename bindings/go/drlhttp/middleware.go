// Package drlhttp is rate limiting for net/http.
//
//	limit, err := drlhttp.New(limiter)
//	...
//	http.ListenAndServe(":8080", limit(mux))
//
// A request that is refused is answered with 429, or with 503 when it is refused because Redis did not decide, and a problem body
// (RFC 9457). Every answer has the RateLimit headers.
//
// The decision does not depend on the request's context: a client that hangs up has still asked. It takes at most the Timeout of
// the limiter's client.
package drlhttp

import (
	"context"
	"log"
	"net/http"

	"distributed-rate-limiter/drl"
)

// Option configures New.
type Option func(*config)

type config struct {
	identity  func(*http.Request) string
	cost      func(*http.Request) int64
	limiter   func(*http.Request) *drl.Limiter
	skip      []func(*http.Request) bool
	headers   []drl.HeaderOption
	trust     drl.ResolverConfig
	onRefusal func(http.ResponseWriter, *http.Request, drl.Decision)
	onError   func(http.ResponseWriter, *http.Request, error)
	observe   func(*http.Request, drl.Decision)
}

// Identity says who sent a request, such as its authenticated user. Where it says "", and without this option, it is the client's
// address.
func Identity(f func(*http.Request) string) Option { return func(c *config) { c.identity = f } }

// Cost says how many tokens a request takes. By default it is 1; with 0, it takes none and is served.
func Cost(f func(*http.Request) int64) Option { return func(c *config) { c.cost = f } }

// Policy chooses the limiter of a request. Where it returns nil, it is the one given to New.
func Policy(f func(*http.Request) *drl.Limiter) Option { return func(c *config) { c.limiter = f } }

// Skip lets requests pass unasked. Given more than once, any of them may say so.
func Skip(f func(*http.Request) bool) Option {
	return func(c *config) { c.skip = append(c.skip, f) }
}

// SkipPaths lets requests for exactly these paths pass unasked, such as "/healthz".
func SkipPaths(paths ...string) Option {
	set := make(map[string]bool, len(paths))
	for _, path := range paths {
		set[path] = true
	}
	return Skip(func(r *http.Request) bool { return set[r.URL.Path] })
}

// Headers replaces the default, which is HeadersDraft|HeadersLegacy|HeadersCacheControl.
func Headers(options ...drl.HeaderOption) Option { return func(c *config) { c.headers = options } }

// ClientAddress says which proxies are believed about the client's address. By default none is: it is the peer of the socket.
func ClientAddress(from drl.ResolverConfig) Option { return func(c *config) { c.trust = from } }

// OnRefusal answers refused requests in place of the problem body. The headers are set already.
func OnRefusal(f func(http.ResponseWriter, *http.Request, drl.Decision)) Option {
	return func(c *config) { c.onRefusal = f }
}

// OnError answers requests that were not asked for rightly: a cost out of range, an identity of over 65536 bytes, a closed limiter. By
// default they are answered with 500, and the server's log has the reason. That Redis is away is no such error.
func OnError(f func(http.ResponseWriter, *http.Request, error)) Option {
	return func(c *config) { c.onError = f }
}

// Observe sees every decision, before the request is served or refused.
func Observe(f func(*http.Request, drl.Decision)) Option { return func(c *config) { c.observe = f } }

// New makes a middleware. It stays usable as long as the limiter is open. The handlers behind it get the ResponseWriter of the server
// itself: what it can do besides, they can do.
//
// The error is ErrNull without a limiter, and that of drl.NewResolver for wrong proxies.
func New(limiter *drl.Limiter, options ...Option) (func(http.Handler) http.Handler, error) {
	if limiter == nil {
		return nil, &drl.Error{Status: drl.ErrNull, Message: "limiter is nil"}
	}
	c := config{
		onError: logAndAnswer500,
		headers: []drl.HeaderOption{drl.HeadersDraft | drl.HeadersLegacy | drl.HeadersCacheControl},
	}
	for _, option := range options {
		option(&c)
	}
	resolver, err := drl.NewResolver(c.trust)
	if err != nil {
		return nil, err
	}
	return func(next http.Handler) http.Handler {
		return &handler{config: c, fallback: limiter, resolver: resolver, next: next}
	}, nil
}

type handler struct {
	config
	fallback *drl.Limiter
	resolver *drl.Resolver
	next     http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, skip := range h.skip {
		if skip(r) {
			h.next.ServeHTTP(w, r)
			return
		}
	}
	limiter, decision, err := h.decide(r)
	if err == nil {
		err = h.setHeaders(w, limiter, decision)
	}
	switch {
	case err != nil:
		h.onError(w, r, err)
	case decision.Allowed:
		h.next.ServeHTTP(w, r)
	case h.onRefusal != nil:
		h.onRefusal(w, r, decision)
	default:
		h.refuse(w, r, limiter, decision)
	}
}

// decide takes the tokens. That Redis did not decide is no error here: such a decision says by itself whether to serve.
func (h *handler) decide(r *http.Request) (*drl.Limiter, drl.Decision, error) {
	limiter := h.fallback
	if h.limiter != nil {
		if chosen := h.limiter(r); chosen != nil {
			limiter = chosen
		}
	}
	cost := drl.Cost(1)
	if h.cost != nil {
		cost = drl.Cost(h.cost(r))
	}
	identity, err := h.identify(r)
	if err != nil {
		return nil, drl.Decision{}, err
	}
	decision, err := limiter.Allow(context.Background(), identity, cost)
	if err != nil && !drl.StatusOf(err).Unavailable() {
		return nil, drl.Decision{}, err
	}
	if h.observe != nil {
		h.observe(r, decision)
	}
	return limiter, decision, nil
}

func (h *handler) identify(r *http.Request) (string, error) {
	if h.identity != nil {
		if identity := h.identity(r); identity != "" {
			return identity, nil
		}
	}
	return h.resolver.Resolve(r.RemoteAddr, r.Header.Values(h.resolver.Header()))
}

func (h *handler) setHeaders(w http.ResponseWriter, limiter *drl.Limiter, decision drl.Decision) error {
	headers, err := limiter.Headers(decision, h.headers...)
	for _, header := range headers {
		w.Header().Set(header.Name, header.Value)
	}
	return err
}

func (h *handler) refuse(w http.ResponseWriter, r *http.Request, limiter *drl.Limiter, decision drl.Decision) {
	problem, err := limiter.Problem(decision)
	if err != nil {
		h.onError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", drl.ProblemContentType)
	w.WriteHeader(problem.Status)
	w.Write(problem.Body) // to a client that may be gone
}

func logAndAnswer500(w http.ResponseWriter, r *http.Request, err error) {
	server, _ := r.Context().Value(http.ServerContextKey).(*http.Server)
	if server != nil && server.ErrorLog != nil {
		server.ErrorLog.Print("drlhttp: ", err)
	} else {
		log.Print("drlhttp: ", err)
	}
	http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
}
