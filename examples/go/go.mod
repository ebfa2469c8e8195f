module distributed-rate-limiter/examples

go 1.19

require distributed-rate-limiter/drl v0.0.0

replace distributed-rate-limiter/drl => ../../bindings/go
