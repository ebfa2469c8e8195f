package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"distributed-rate-limiter/drl"
)

type errorCase struct {
	Name     string        `json:"name"`
	Status   string        `json:"status"`
	Mentions string        `json:"mentions"`
	Client   *clientCase   `json:"client"`
	Limiter  *limiterCase  `json:"limiter"`
	Request  *request      `json:"request"`
	Resolver *resolverCase `json:"resolver"`
	Decision *flatDecision `json:"decision"`
}

func (r *runner) errorCase(raw json.RawMessage) (string, error) {
	var c errorCase
	if err := strictly(raw, &c); err != nil {
		return c.Name, err
	}
	failures, err := r.provoke(&c)
	if err != nil {
		return c.Name, err
	}
	for _, failure := range failures {
		if err := checkStatus(failure, c.Status); err != nil {
			return c.Name, err
		}
		if !strings.Contains(failure.Error(), c.Mentions) {
			return c.Name, fmt.Errorf("the message is %q, expected a part %q", failure, c.Mentions)
		}
	}
	return c.Name, nil
}

// provoke does what the case says in every form there is; each must have failed.
func (r *runner) provoke(c *errorCase) (failures []error, err error) {
	switch {
	case c.Client != nil:
		_, err := c.Client.open(r.redisURL)
		return []error{err}, nil
	case c.Limiter != nil:
		return []error{r.withLimiter(*c.Limiter, func(*drl.Limiter) error { return nil })}, nil
	case c.Resolver != nil:
		_, err := c.Resolver.open()
		return []error{err}, nil
	case c.Request != nil:
		err := r.withLimiter(tenPerHour(), func(limiter *drl.Limiter) error {
			identity, cost := c.Request.identity(), c.Request.cost()
			_, plain := limiter.Allow(context.Background(), identity, cost)
			_, async := allowAsync(limiter, identity, cost)
			_, many := limiter.AllowMany(context.Background(), []drl.Request{drl.For(identity, cost)})
			failures = []error{plain, async, many}
			return nil
		})
		return failures, err
	case c.Decision != nil:
		policy := tenPerHour()
		err := r.withLimiter(policy, func(limiter *drl.Limiter) error {
			decision, err := c.Decision.decision(policy.Limits)
			if err != nil {
				return err
			}
			_, headers := limiter.Headers(decision)
			_, problem := limiter.Problem(decision)
			failures = []error{headers, problem}
			return nil
		})
		return failures, err
	}
	return nil, errors.New("the case says nothing to do")
}
