package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"distributed-rate-limiter/drl"
)

type request struct {
	Identity *octets `json:"identity"`
	Cost     *int64  `json:"cost"`
}

func (q *request) identity() string {
	if q.Identity == nil {
		return "user_123"
	}
	return string(*q.Identity)
}

func (q *request) cost() drl.Cost {
	if q.Cost == nil {
		return 1
	}
	return drl.Cost(*q.Cost)
}

type step struct {
	Do      string `json:"do"`
	Limiter int    `json:"limiter"`
	request
	Requests []request       `json:"requests"`
	Expect   json.RawMessage `json:"expect"`
}

func (r *runner) decisionCase(raw json.RawMessage) (string, error) {
	var c struct {
		Name     string        `json:"name"`
		Client   clientCase    `json:"client"`
		Limiters []limiterCase `json:"limiters"`
		Steps    []step        `json:"steps"`
	}
	if err := strictly(raw, &c); err != nil {
		return c.Name, err
	}
	client, err := c.Client.openPatient(r.redisURL)
	if err != nil {
		return c.Name, err
	}
	defer client.Close()
	namespace := uniqueNamespace()
	var limiters []*drl.Limiter
	for _, policy := range c.Limiters {
		if policy.Namespace == nil {
			policy.Namespace = &namespace
		}
		limiter, err := policy.open(client)
		if err != nil {
			return c.Name, err
		}
		limiters = append(limiters, limiter)
	}
	var last drl.Decision
	for i := range c.Steps {
		if err := c.Steps[i].run(limiters, &last); err != nil {
			return c.Name, fmt.Errorf("step %d: %w", i, err)
		}
	}
	return c.Name, nil
}

func (s *step) run(limiters []*drl.Limiter, last *drl.Decision) error {
	if s.Limiter < 0 || s.Limiter >= len(limiters) {
		return fmt.Errorf("there is no limiter %d", s.Limiter)
	}
	limiter := limiters[s.Limiter]
	ctx := context.Background()
	switch s.Do {
	case "allow":
		d, err := limiter.Allow(ctx, s.identity(), s.cost())
		return s.check(d, err, last)
	case "allow_async":
		d, err := allowAsync(limiter, s.identity(), s.cost())
		return s.check(d, err, last)
	case "peek":
		d, err := limiter.Peek(ctx, s.identity())
		return s.check(d, err, last)
	case "reset":
		return s.check(drl.Decision{}, limiter.Reset(ctx, s.identity()), last)
	case "allow_many":
		return s.allowMany(limiter, last)
	case "wait":
		time.Sleep(last.RetryAfter)
		return nil
	}
	return fmt.Errorf("unknown step %q", s.Do)
}

// allowAsync is Go's asynchronous form: a goroutine, and a context that could end it.
func allowAsync(limiter *drl.Limiter, identity string, cost drl.Cost) (d drl.Decision, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		d, err = limiter.Allow(ctx, identity, cost)
	}()
	<-done
	return d, err
}

func (s *step) check(d drl.Decision, err error, last *drl.Decision) error {
	*last = d
	if s.Expect == nil {
		return err
	}
	return check(s.Expect, d, err)
}

func (s *step) allowMany(limiter *drl.Limiter, last *drl.Decision) error {
	var expectations []json.RawMessage
	if err := json.Unmarshal(s.Expect, &expectations); err != nil {
		return err
	}
	if len(expectations) != len(s.Requests) {
		return fmt.Errorf("%d requests, and %d expectations", len(s.Requests), len(expectations))
	}
	var requests []drl.Request
	for i := range s.Requests {
		requests = append(requests, drl.For(s.Requests[i].identity(), s.Requests[i].cost()))
	}
	decisions, err := limiter.AllowMany(context.Background(), requests)
	if err != nil {
		return err
	}
	for i, d := range decisions {
		*last = d
		if err := check(expectations[i], d, nil); err != nil {
			return fmt.Errorf("request %d: %w", i, err)
		}
	}
	return nil
}
