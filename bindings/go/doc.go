// Package drl limits how often something may happen, across any number of processes and machines, with the count kept in Redis.
//
//	limiter, err := drl.Open("redis://localhost:6379/0", drl.PerMinute(100))
//	...
//	decision, err := limiter.Allow(ctx, "user:42", drl.Cost(5))
//
// It is libdrl for Go: the same limits, keys and answers as in C and the other languages, decided by one script inside Redis, by
// Redis's clock.
//
// A token bucket holds at most burst tokens and is refilled continuously, rate per duration. Every identity has buckets of its own.
// A request takes its cost if the tokens are there, and nothing if not.
//
// When Redis does not answer in time, the FailStrategy of the limiter speaks, and the decision says so in its Outcome, Degraded and
// Cause. Wrong arguments are errors and never let a request pass.
//
// Package drlhttp is the middleware for net/http.
package drl
