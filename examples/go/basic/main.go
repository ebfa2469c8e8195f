package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"distributed-rate-limiter/drl"
)

func main() {
	url := "redis://localhost:6379/0"
	if len(os.Args) > 1 {
		url = os.Args[1]
	}
	limiter, err := drl.Open(url, drl.PerMinute(5))
	if err != nil {
		log.Fatal(err)
	}
	defer limiter.Close()

	for i := 1; i <= 7; i++ {
		decision, err := limiter.Allow(context.Background(), "user_123")
		switch {
		case err != nil:
			log.Fatal(err)
		case decision.Degraded:
			fmt.Printf("request %d: Redis did not decide (%v); served all the same\n", i, decision.Cause)
		case decision.Allowed:
			fmt.Printf("request %d: allowed, %d left\n", i, decision.Remaining)
		default:
			fmt.Printf("request %d: denied, try again in %.1f s\n", i, decision.RetryAfter.Seconds())
		}
	}
}
