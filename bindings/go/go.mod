module distributed-rate-limiter/drl

go 1.19
