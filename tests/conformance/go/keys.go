package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"distributed-rate-limiter/drl"
)

func (r *runner) keyCase(raw json.RawMessage) (string, error) {
	var c struct {
		Name      string  `json:"name"`
		Identity  octets  `json:"identity"`
		Key       string  `json:"key"`
		Namespace *string `json:"namespace"`
		Limiter   *string `json:"limiter"`
		Secret    *octets `json:"secret"`
		Rate      *int64  `json:"rate"`
		PerUs     *int64  `json:"per_us"`
		Burst     *int64  `json:"burst"`
	}
	if err := strictly(raw, &c); err != nil {
		return c.Name, err
	}
	client, err := clientCase{Secret: c.Secret}.openPatient(r.redisURL)
	if err != nil {
		return c.Name, err
	}
	defer client.Close()
	limit := limitCase{Rate: 100, PerUs: 60_000_000, Burst: c.Burst}
	if c.Rate != nil {
		limit.Rate = *c.Rate
	}
	if c.PerUs != nil {
		limit.PerUs = *c.PerUs
	}
	policy := limiterCase{Limits: []limitCase{limit}, Namespace: c.Namespace, Name: c.Limiter}
	limiter, err := policy.open(client)
	if err != nil {
		return c.Name, err
	}
	ctx, identity := context.Background(), string(c.Identity)
	return c.Name, inTurn(
		func() error {
			key, err := limiter.Key(identity)
			if err == nil && key != c.Key {
				err = fmt.Errorf("the key is %s, expected %s", key, c.Key)
			}
			return err
		},
		func() error { return limiter.Reset(ctx, identity) },
		func() error { return r.expectExists(c.Key, ":0") },
		func() error {
			d, err := limiter.Allow(ctx, identity, drl.Cost(limit.burst())) // an empty bucket's key lives long enough to be seen
			if err == nil && !d.Allowed {
				err = fmt.Errorf("it is not allowed: %+v", d)
			}
			return err
		},
		func() error { return r.expectExists(c.Key, ":1") },
		func() error { return limiter.Reset(ctx, identity) },
		func() error { return r.expectExists(c.Key, ":0") },
	)
}

func inTurn(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) expectExists(key, want string) error {
	plain, found := os.LookupEnv("CONFORMANCE_PLAIN_URL")
	if !found {
		plain = r.redisURL
	}
	at, err := url.Parse(plain)
	if err != nil {
		return err
	}
	conn, err := net.DialTimeout("tcp", at.Host, 10*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintf(conn, "EXISTS %s\r\n", key); err != nil {
		return err
	}
	reply, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if got := strings.TrimRight(reply, "\r\n"); got != want {
		return fmt.Errorf("EXISTS %s is %s, expected %s", key, got, want)
	}
	return nil
}
