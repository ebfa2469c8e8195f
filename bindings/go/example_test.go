package drl_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"distributed-rate-limiter/drl"
)

// redisURL is "redis://localhost:6379/0", or wherever Redis is. In the tests it is a private server, empty each time.
var redisURL func() string

func Example() {
	limiter, err := drl.Open(redisURL(), drl.PerMinute(3), drl.Namespace("example"))
	if err != nil {
		log.Fatal(err)
	}
	defer limiter.Close()
	for i := 1; i <= 4; i++ {
		decision, err := limiter.Allow(context.Background(), "user:42")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(decision.Allowed, decision.Remaining)
	}
	// Output:
	// true 2
	// true 1
	// true 0
	// false 0
}

func ExampleLimiter_Allow() {
	limiter, err := drl.Open(redisURL(), drl.PerHour(10), drl.Namespace("example-allow"))
	if err != nil {
		log.Fatal(err)
	}
	defer limiter.Close()
	decision, err := limiter.Allow(context.Background(), "user:42", drl.Cost(8))
	fmt.Println(decision.Outcome, decision.Remaining, err)
	decision, err = limiter.Allow(context.Background(), "user:42", drl.Cost(8))
	fmt.Println(decision.Outcome, decision.RetryAfter.Round(time.Hour), err)
	// Output:
	// allowed 2 <nil>
	// denied 1h0m0s <nil>
}

// Several limits on one client, which a process shares among its limiters.
func ExampleClient_NewLimiter() {
	client, err := drl.NewClient(redisURL(), drl.Timeout(time.Second))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	limiter, err := client.NewLimiter(
		drl.PerSecond(10).WithBurst(50).Named("second"), drl.PerDay(40).Named("day"), drl.Namespace("example-limits"), drl.FailClosed)
	if err != nil {
		log.Fatal(err)
	}
	defer limiter.Close()
	decision, err := limiter.Allow(context.Background(), "user:42", drl.Cost(30))
	fmt.Println(decision.Allowed, decision.Limit, decision.Remaining, err)
	// Output: true 40 10 <nil>
}

func ExampleLimiter_AllowMany() {
	limiter, err := drl.Open(redisURL(), drl.PerMinute(3), drl.Namespace("example-many"))
	if err != nil {
		log.Fatal(err)
	}
	defer limiter.Close()
	decisions, err := limiter.AllowMany(context.Background(), []drl.Request{drl.For("ann"), drl.For("bob", drl.Cost(3)), drl.For("bob")})
	if err != nil {
		log.Fatal(err)
	}
	for _, decision := range decisions {
		fmt.Println(decision.Outcome)
	}
	// Output:
	// allowed
	// allowed
	// denied
}

// Tokens of 15 minutes, as clouds give them. fetchToken asks whoever has them.
func ExampleCredentialsFrom() {
	fetchToken := func(context.Context) (string, error) { return "token", nil }
	client, err := drl.NewClient("rediss://cache.example.com:6379", drl.CredentialsFrom(func(ctx context.Context) (drl.Login, error) {
		token, err := fetchToken(ctx)
		return drl.Login{Username: "application", Password: token, ExpiresIn: 15 * time.Minute}, err
	}))
	if err != nil {
		log.Fatal(err)
	}
	client.Close()
}

func ExampleError() {
	_, err := drl.Open("redis://localhost:6379/first", drl.PerMinute(3))
	fmt.Println(errors.Is(err, drl.ErrURLDatabase), drl.StatusOf(err))
	// Output: true drl: redis_url has a bad database number
}

func ExampleLimiter_Headers() {
	limiter, err := drl.Open(redisURL(), drl.PerMinute(60), drl.Namespace("example-headers"))
	if err != nil {
		log.Fatal(err)
	}
	defer limiter.Close()
	decision, err := limiter.Allow(context.Background(), "user:42")
	if err != nil {
		log.Fatal(err)
	}
	headers, err := limiter.Headers(decision, drl.HeadersDraft)
	if err != nil {
		log.Fatal(err)
	}
	for _, header := range headers {
		fmt.Printf("%s: %s\n", header.Name, header.Value)
	}
	// Output:
	// RateLimit-Policy: "default";q=60;w=60
	// RateLimit: "default";r=59;t=1
}

func ExampleResolver_Resolve() {
	resolver, err := drl.NewResolver(drl.ResolverConfig{Trust: drl.TrustNetworks, Networks: []string{"10.0.0.0/8"}})
	if err != nil {
		log.Fatal(err)
	}
	client, err := resolver.Resolve("10.0.0.1:52113", []string{"6.6.6.6, 198.51.100.7"}) // the left one is forged
	fmt.Println(client, err)
	// Output: 198.51.100.7 <nil>
}
