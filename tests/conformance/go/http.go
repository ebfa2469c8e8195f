package main

import (
	"encoding/json"
	"fmt"

	"distributed-rate-limiter/drl"
)

// withLimiter lends a limiter of these limits; Redis is not asked.
func (r *runner) withLimiter(policy limiterCase, use func(*drl.Limiter) error) error {
	client, err := clientCase{}.openPatient(r.redisURL)
	if err != nil {
		return err
	}
	defer client.Close()
	limiter, err := policy.open(client)
	if err != nil {
		return err
	}
	return use(limiter)
}

func (r *runner) headerCase(raw json.RawMessage) (string, error) {
	var c struct {
		Name      string       `json:"name"`
		Limits    []limitCase  `json:"limits"`
		Decision  flatDecision `json:"decision"`
		Headers   [][2]string  `json:"headers"`
		Styles    []string     `json:"styles"`
		XReset    string       `json:"x_reset"`
		LowerCase bool         `json:"lower_case"`
	}
	if err := strictly(raw, &c); err != nil {
		return c.Name, err
	}
	options, err := headerOptions(c.Styles, c.XReset, c.LowerCase)
	if err != nil {
		return c.Name, err
	}
	return c.Name, r.withLimiter(limiterCase{Limits: c.Limits}, func(limiter *drl.Limiter) error {
		decision, err := c.Decision.decision(c.Limits)
		if err != nil {
			return err
		}
		headers, err := limiter.Headers(decision, options...)
		if err != nil {
			return err
		}
		for i, header := range headers {
			if i >= len(c.Headers) || header.Name != c.Headers[i][0] || header.Value != c.Headers[i][1] {
				return fmt.Errorf("header %d is %s: %s", i, header.Name, header.Value)
			}
		}
		if len(headers) != len(c.Headers) {
			return fmt.Errorf("there are %d headers, expected %d", len(headers), len(c.Headers))
		}
		return nil
	})
}

func headerOptions(styles []string, xReset string, lowerCase bool) ([]drl.HeaderOption, error) {
	var options []drl.HeaderOption
	for _, name := range styles {
		style, known := map[string]drl.HeaderStyle{
			"draft": drl.HeadersDraft, "legacy": drl.HeadersLegacy, "x": drl.HeadersX, "cache_control": drl.HeadersCacheControl,
			"cors": drl.HeadersCORS,
		}[name]
		if !known {
			return nil, fmt.Errorf("unknown style %q", name)
		}
		options = append(options, style)
	}
	switch xReset {
	case "", "delta":
	case "epoch":
		options = append(options, drl.XResetEpoch())
	default:
		return nil, fmt.Errorf("unknown x_reset %q", xReset)
	}
	if lowerCase {
		options = append(options, drl.LowerCase())
	}
	return options, nil
}

func (r *runner) problemCase(raw json.RawMessage) (string, error) {
	var c struct {
		Name     string       `json:"name"`
		Limits   []limitCase  `json:"limits"`
		Decision flatDecision `json:"decision"`
		Status   int          `json:"http_status"`
		Body     string       `json:"body"`
	}
	if err := strictly(raw, &c); err != nil {
		return c.Name, err
	}
	return c.Name, r.withLimiter(limiterCase{Limits: c.Limits}, func(limiter *drl.Limiter) error {
		decision, err := c.Decision.decision(c.Limits)
		if err != nil {
			return err
		}
		problem, err := limiter.Problem(decision)
		if err == nil && (problem.Status != c.Status || string(problem.Body) != c.Body) {
			err = fmt.Errorf("status %d, body %s; expected %d, %s", problem.Status, problem.Body, c.Status, c.Body)
		}
		return err
	})
}

type resolverCase struct {
	Trust      string   `json:"trust"`
	Header     string   `json:"header"`
	Hops       int      `json:"hops"`
	Networks   []string `json:"networks"`
	IPv4Prefix int      `json:"ipv4_prefix_len"`
	IPv6Prefix int      `json:"ipv6_prefix_len"`
}

func (c *resolverCase) open() (*drl.Resolver, error) {
	trust, known := map[string]drl.Trust{
		"": drl.TrustNone, "none": drl.TrustNone, "networks": drl.TrustNetworks, "private": drl.TrustPrivate, "hops": drl.TrustHops,
	}[c.Trust]
	if !known {
		return nil, fmt.Errorf("unknown trust %q", c.Trust)
	}
	forwarded, known := map[string]bool{"": false, "x-forwarded-for": false, "forwarded": true}[c.Header]
	if !known {
		return nil, fmt.Errorf("unknown header %q", c.Header)
	}
	return drl.NewResolver(drl.ResolverConfig{
		Trust: trust, Networks: c.Networks, Hops: c.Hops, Forwarded: forwarded, IPv4Prefix: c.IPv4Prefix, IPv6Prefix: c.IPv6Prefix,
	})
}

func (r *runner) addressCase(raw json.RawMessage) (string, error) {
	var c struct {
		Name     string       `json:"name"`
		Resolver resolverCase `json:"resolver"`
		Peer     string       `json:"peer"`
		Lines    []string     `json:"lines"`
		Identity string       `json:"identity"`
	}
	if err := strictly(raw, &c); err != nil {
		return c.Name, err
	}
	resolver, err := c.Resolver.open()
	if err != nil {
		return c.Name, err
	}
	identity, err := resolver.Resolve(c.Peer, c.Lines)
	if err == nil && identity != c.Identity {
		err = fmt.Errorf("the client is %s, expected %s", identity, c.Identity)
	}
	return c.Name, err
}
