package drl_test

import "distributed-rate-limiter/drl"

func init() {
	drl.OnSharedServer = func(emptied func() string) {
		redisURL = func() string { return emptied() + "?timeout=20s" }
	}
}
