package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"distributed-rate-limiter/drl"
)

// span is an integer, or a range with both ends included.
type span [2]int64

func (s *span) UnmarshalJSON(text []byte) error {
	if text[0] == '[' {
		return json.Unmarshal(text, (*[2]int64)(s))
	}
	err := json.Unmarshal(text, &s[0])
	s[1] = s[0]
	return err
}

type expectation struct {
	Allowed      *bool   `json:"allowed"`
	Degraded     *bool   `json:"degraded"`
	Outcome      *string `json:"outcome"`
	Charged      *string `json:"charged"`
	Cause        *string `json:"cause"`
	Limit        *int64  `json:"limit"`
	Remaining    *int64  `json:"remaining"`
	Cost         *int64  `json:"cost"`
	Binding      *int64  `json:"binding"`
	RetryAfterUs *span   `json:"retry_after_us"`
	ResetAfterUs *span   `json:"reset_after_us"`
	Decided      *bool   `json:"decided"`
	Error        *string `json:"error"`
}

// check compares what the expectation names, and nothing else.
func check(raw json.RawMessage, d drl.Decision, err error) error {
	var e expectation
	if err := strictly(raw, &e); err != nil {
		return err
	}
	if e.Error != nil {
		return checkStatus(err, *e.Error)
	}
	if err != nil {
		return err
	}
	wrong := firstOf(
		differs("allowed", d.Allowed, e.Allowed),
		differs("degraded", d.Degraded, e.Degraded),
		differs("outcome", d.Outcome.String(), e.Outcome),
		differs("charged", d.Charged.String(), e.Charged),
		differs("cause", d.Cause.String(), e.Cause),
		differs("limit", d.Limit, e.Limit),
		differs("remaining", d.Remaining, e.Remaining),
		differs("cost", d.Cost, e.Cost),
		differs("binding", int64(d.Binding), e.Binding),
		outside("retry_after_us", d.RetryAfter, e.RetryAfterUs),
		outside("reset_after_us", d.ResetAfter, e.ResetAfterUs),
	)
	if wrong == nil && e.Decided != nil {
		age := time.Since(d.DecidedAt)
		if decided := age > -time.Hour && age < time.Hour; decided != *e.Decided {
			wrong = fmt.Errorf("decided_at is %v", d.DecidedAt)
		}
	}
	return wrong
}

func checkStatus(err error, want string) error {
	if err == nil {
		return errors.New("no error, expected " + want)
	}
	if got := drl.StatusOf(err).String(); got != want {
		return fmt.Errorf("error %s (%v), expected %s", got, err, want)
	}
	return nil
}

func firstOf(candidates ...error) error {
	for _, err := range candidates {
		if err != nil {
			return err
		}
	}
	return nil
}

func differs[T comparable](what string, got T, want *T) error {
	if want == nil || got == *want {
		return nil
	}
	return fmt.Errorf("%s is %v, expected %v", what, got, *want)
}

func outside(what string, got time.Duration, want *span) error {
	if want == nil {
		return nil
	}
	us := int64(got / time.Microsecond)
	if got == drl.Never {
		us = -1
	}
	if us < want[0] || us > want[1] {
		return fmt.Errorf("%s is %d, expected %d to %d", what, us, want[0], want[1])
	}
	return nil
}
