// Command bench makes concurrent callers decide over and over, through package drl, redis_rate or rueidis, and prints decisions per
// second. bench/callers.cc does the same through the C interface; `run` puts them side by side.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"distributed-rate-limiter/drl"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

const identities = 10_000

// decide takes one token of an identity; the bucket never runs dry.
type decide func(identity string)

func main() {
	if len(os.Args) != 6 && len(os.Args) != 7 {
		fmt.Fprintln(os.Stderr, "usage: bench drl|redis_rate|rueidis REDIS_URL CALLERS SECONDS BUCKET_LUA [CA_FILE]")
		os.Exit(2)
	}
	ca := ""
	if len(os.Args) == 7 {
		ca = os.Args[6]
	}
	callers, err := strconv.Atoi(os.Args[3])
	check(err)
	seconds, err := strconv.ParseFloat(os.Args[4], 64)
	check(err)
	var f decide
	switch os.Args[1] {
	case "drl":
		f = subject(os.Args[2], ca)
	case "redis_rate":
		f = redisRate(os.Args[2], callers, ca)
	default:
		bucket, err := os.ReadFile(os.Args[5])
		check(err)
		f = rueidisScript(os.Args[2], string(bucket), ca)
	}
	fmt.Printf("%.0f\n", crowd(callers, time.Duration(seconds*float64(time.Second)), f))
}

func subject(redisURL, ca string) decide {
	if ca != "" {
		redisURL += "?ssl_ca_certs=" + url.QueryEscape(ca)
	}
	limiter, err := drl.Open(redisURL, drl.PerSecond(1_000_000), drl.Timeout(10*time.Second))
	check(err)
	ctx := context.Background()
	return func(identity string) {
		decision, err := limiter.Allow(ctx, identity)
		check(err)
		expect(decision.Outcome == drl.OutcomeAllowed)
	}
}

// redisRate is redis_rate as its README has it, with a connection for every caller.
func redisRate(redisURL string, callers int, ca string) decide {
	options, err := redis.ParseURL(redisURL)
	check(err)
	options.PoolSize = callers
	trust(options.TLSConfig, ca)
	limiter := redis_rate.NewLimiter(redis.NewClient(options))
	ctx := context.Background()
	policy := redis_rate.PerSecond(1_000_000)
	return func(identity string) {
		result, err := limiter.Allow(ctx, identity, policy)
		check(err)
		expect(result.Allowed == 1)
	}
}

// rueidisScript is a bucket in Lua on rueidis as it is by default: concurrent commands are pipelined over a few connections.
func rueidisScript(redisURL, bucket, ca string) decide {
	options, err := rueidis.ParseURL(redisURL)
	check(err)
	trust(options.TLSConfig, ca)
	client, err := rueidis.NewClient(options)
	check(err)
	script := rueidis.NewLuaScript(bucket)
	ctx := context.Background()
	arguments := []string{"1000000", "1000000", "1"}
	return func(identity string) {
		result, err := script.Exec(ctx, client, []string{"rueidis:" + identity}, arguments).AsIntSlice()
		check(err)
		expect(result[0] == 1)
	}
}

// trust has a TLS configuration, if there is one, accept certificates of a file's authorities.
func trust(config *tls.Config, ca string) {
	if config == nil || ca == "" {
		return
	}
	certificates, err := os.ReadFile(ca)
	check(err)
	config.RootCAs = x509.NewCertPool()
	expect(config.RootCAs.AppendCertsFromPEM(certificates))
}

func crowd(callers int, duration time.Duration, f decide) float64 {
	names := make([]string, identities)
	for i := range names {
		names[i] = "user:" + strconv.Itoa(i)
	}
	var total, running atomic.Int64
	running.Store(1)
	var wait sync.WaitGroup
	start := time.Now()
	time.AfterFunc(duration, func() { running.Store(0) })
	for caller := 0; caller < callers; caller++ {
		wait.Add(1)
		go func(caller int) {
			defer wait.Done()
			count := 0
			for ; running.Load() == 1; count++ {
				f(names[(count*31+caller*977)%identities])
			}
			total.Add(int64(count))
		}(caller)
	}
	wait.Wait()
	return float64(total.Load()) / time.Since(start).Seconds()
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func expect(ok bool) { // a decision that was not made must not count as a fast one
	if !ok {
		check(fmt.Errorf("a decision was not allowed"))
	}
}
