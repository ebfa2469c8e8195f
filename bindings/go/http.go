package drl

import (
	"strings"
	"time"

	"distributed-rate-limiter/drl/internal/capi"
)

// Header is one line of an HTTP response.
type Header struct {
	Name, Value string // printable ASCII
}

// HeaderOption configures Limiter.Headers.
type HeaderOption interface{ applyHeaders(*headerSettings) }

type headerSettings struct {
	styles    HeaderStyle
	epoch     bool
	lowerCase bool
	jitter    time.Duration
}

// HeaderStyle is a set of headers. Combine them with |; without one it is HeadersDraft|HeadersLegacy. Retry-After comes with every
// refusal that waiting can cure.
type HeaderStyle int32

const (
	HeadersDraft        HeaderStyle = 1  // RateLimit-Policy, RateLimit
	HeadersLegacy       HeaderStyle = 2  // RateLimit-Limit, -Remaining, -Reset
	HeadersX            HeaderStyle = 4  // X-RateLimit-Limit, -Remaining, -Reset
	HeadersCacheControl HeaderStyle = 8  // Cache-Control: no-store, on a refusal
	HeadersCORS         HeaderStyle = 16 // Access-Control-Expose-Headers, naming the others
)

func (h HeaderStyle) applyHeaders(s *headerSettings) { s.styles |= h }

type headerOption func(*headerSettings)

func (o headerOption) applyHeaders(s *headerSettings) { o(s) }

// XResetEpoch makes X-RateLimit-Reset count from 1970, by the clock of Redis, instead of from now.
func XResetEpoch() HeaderOption { return headerOption(func(s *headerSettings) { s.epoch = true }) }

// LowerCase writes header names in lower case.
func LowerCase() HeaderOption { return headerOption(func(s *headerSettings) { s.lowerCase = true }) }

// RetryJitter adds 0 to this much to Retry-After, so that the refused do not return together; at most 24 h.
func RetryJitter(d time.Duration) HeaderOption {
	return headerOption(func(s *headerSettings) { s.jitter = d })
}

// Headers are the rate limit headers of a decision of this limiter, in the order in which to send them. Redis is not asked.
//
// The error is ErrOption, also for a decision that this limiter cannot have made, or ErrClosed.
func (l *Limiter) Headers(decision Decision, options ...HeaderOption) ([]Header, error) {
	var s headerSettings
	for _, option := range options {
		option.applyHeaders(&s)
	}
	text := make([]byte, capi.HeadersSize)
	length := new(int64)
	details := new(capi.Error)
	err := l.use(func(handle uintptr) error {
		return failed(capi.Headers(handle, &decision.flat()[0], int(s.styles), int(truth(s.epoch)), int(truth(s.lowerCase)),
			microseconds(s.jitter), &text[0], length, details), details)
	})
	if err != nil {
		return nil, err
	}
	return parseHeaders(string(text[:*length])), nil
}

func parseHeaders(text string) []Header {
	headers := make([]Header, 0, 8)
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		name, value, _ := strings.Cut(line, ": ")
		headers = append(headers, Header{name, value})
		text = rest
	}
	return headers
}

// ProblemContentType is the type of Problem.Body.
const ProblemContentType = "application/problem+json"

// Problem is the answer to a request that is not served (RFC 9457).
type Problem struct {
	Status int    // 429; 503 when Redis did not decide; 200 when the request was allowed
	Body   []byte // JSON; empty when the request was allowed
}

// Problem is the answer to send for a decision of this limiter. Redis is not asked. The errors are those of Headers.
func (l *Limiter) Problem(decision Decision) (Problem, error) {
	body := make([]byte, capi.ProblemSize)
	length := new(int64)
	status := new(int32)
	details := new(capi.Error)
	err := l.use(func(handle uintptr) error {
		return failed(capi.Problem(handle, &decision.flat()[0], &body[0], length, status, details), details)
	})
	if err != nil {
		return Problem{}, err
	}
	return Problem{Status: int(*status), Body: body[:*length]}, nil
}

// use lends the handle to C; nobody closes it meanwhile.
func (l *Limiter) use(f func(handle uintptr) error) error {
	l.client.mu.RLock()
	defer l.client.mu.RUnlock()
	if l.closed {
		return closedError("limiter")
	}
	return f(l.handle)
}
