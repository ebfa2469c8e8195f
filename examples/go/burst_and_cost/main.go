// Two limits at once, and requests that cost more than one token.
//
// An API of a model: at most 100 requests' worth of tokens saved up and 10 a second refilled, and never more than 1,000 an hour. A
// request costs what it makes the server do. Both limits are charged, or neither.
//
//	burst_and_cost [redis_url]
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"distributed-rate-limiter/drl"
)

var limits = []drl.Limit{
	drl.PerSecond(10).WithBurst(100).Named("second"),
	drl.PerHour(1000).Named("hour"),
}

var requests = []struct {
	what string
	cost drl.Cost
}{
	{"a lookup", 1}, {"a summary", 25}, {"a report", 70}, {"another report", 70},
	{"a lookup", 1}, {"a look at it", 0}, {"the whole library", 500},
}

func main() {
	url := "redis://localhost:6379/0"
	if len(os.Args) > 1 {
		url = os.Args[1]
	}
	// Costly work: better not served than served without a count.
	limiter, err := drl.Open(url, limits[0], limits[1], drl.Namespace("example"), drl.FailClosed)
	if err != nil {
		log.Fatal(err)
	}
	defer limiter.Close()

	for _, request := range requests {
		decision, err := limiter.Allow(context.Background(), "customer-7", request.cost)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-22s cost %4d  %s\n", request.what, request.cost, describe(decision))
	}
}

func describe(decision drl.Decision) string {
	name := limits[decision.Binding].Name
	switch decision.Outcome {
	case drl.OutcomeAllowed:
		return fmt.Sprintf("allowed  %d left by the limit %q", decision.Remaining, name)
	case drl.OutcomeDenied:
		return fmt.Sprintf("denied   by the limit %q, enough in %.1f s", name, decision.RetryAfter.Seconds())
	case drl.OutcomeNever:
		return fmt.Sprintf("never    the limit %q holds %d at most", name, decision.Limit)
	default:
		return fmt.Sprintf("undecided: %v", decision.Cause)
	}
}
