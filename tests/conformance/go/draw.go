package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"distributed-rate-limiter/drl"
)

// draw takes part in a mixed run. Its arguments: REDIS_URL NAMESPACE IDENTITY RATE PER_US BURST DRAWS COST.
func draw(arguments []string) error {
	var numbers [5]int64 // rate, per_us, burst, draws, cost
	for i := range numbers {
		number, err := strconv.ParseInt(arguments[3+i], 10, 64)
		if err != nil {
			return err
		}
		numbers[i] = number
	}
	rate, per, burst, draws, cost := numbers[0], microseconds(numbers[1]), numbers[2], numbers[3], numbers[4]
	identity, ctx := arguments[2], context.Background()
	limiter, err := drl.Open(arguments[0], drl.Per(rate, per).WithBurst(burst), drl.Namespace(arguments[1]), drl.FailError,
		drl.Timeout(10*time.Second))
	if err != nil {
		return err
	}
	defer limiter.Close()
	if _, err := limiter.Peek(ctx, identity); err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	allowed := int64(0)
	for i := int64(0); i < draws; i++ {
		decision, err := limiter.Allow(ctx, identity, drl.Cost(cost))
		if err != nil {
			return err
		}
		if decision.Allowed {
			allowed++
		}
	}
	fmt.Printf("{\"calls\": %d, \"allowed\": %d, \"tokens\": %d}\n", draws, allowed, allowed*cost)
	return nil
}
