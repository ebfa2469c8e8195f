package drl

import (
	"fmt"
	"strings"
	"time"
)

// Limit allows Rate tokens per Per, refilled continuously, of which at most Burst are saved up. It is a LimiterOption: give a
// limiter several, and a request is charged on all of them or on none.
//
//	drl.Open(url, drl.PerSecond(10).WithBurst(50), drl.PerDay(10_000))
//
// An empty bucket must be full again within 2^50 µs.
type Limit struct {
	Rate  int64         // 1 to 10^12
	Per   time.Duration // 1 µs to 2^50 µs (about 35 years), in whole microseconds
	Burst int64         // 1 to 10^12; 0 means Rate
	Name  string        // in HTTP headers and problem bodies: at most 64 printable ASCII characters, no two limits alike; may be ""
}

// Per is a limit of rate tokens per duration.
func Per(rate int64, per time.Duration) Limit { return Limit{Rate: rate, Per: per} }

// PerSecond is a limit of rate tokens per second.
func PerSecond(rate int64) Limit { return Per(rate, time.Second) }

// PerMinute is a limit of rate tokens per minute.
func PerMinute(rate int64) Limit { return Per(rate, time.Minute) }

// PerHour is a limit of rate tokens per hour.
func PerHour(rate int64) Limit { return Per(rate, time.Hour) }

// PerDay is a limit of rate tokens per 24 hours.
func PerDay(rate int64) Limit { return Per(rate, 24*time.Hour) }

// WithBurst is the same limit with another burst.
func (l Limit) WithBurst(burst int64) Limit {
	l.Burst = burst
	return l
}

// Named is the same limit with a name.
func (l Limit) Named(name string) Limit {
	l.Name = name
	return l
}

func (l Limit) apply(s *settings) { s.limiter.limits = append(s.limiter.limits, l) }
func (Limit) forLimiter()         {}

// flatten gives the limits as C wants them: rate, per and burst in turn, and the names as lines.
func (s *limiterSettings) flatten() (numbers []int64, names string, err error) {
	if strings.Contains(s.namespace, "\x00") {
		return nil, "", failure(ErrNamespace, "namespace holds a NUL byte")
	}
	if strings.Contains(s.name, "\x00") {
		return nil, "", failure(ErrName, "name holds a NUL byte")
	}
	if len(s.limits) == 0 {
		return nil, "", failure(ErrLimits, "a limiter has 1 to 8 limits, such as drl.PerMinute(100)")
	}
	named := false
	lines := make([]string, len(s.limits))
	for i, limit := range s.limits {
		if limit.Per%time.Microsecond != 0 {
			return nil, "", failure(ErrPer, fmt.Sprintf("limits[%d].per is %v, must be whole microseconds", i, limit.Per))
		}
		if strings.ContainsAny(limit.Name, "\x00\n") {
			return nil, "", failure(ErrName, fmt.Sprintf("limits[%d].name holds a line feed or a NUL byte", i))
		}
		numbers = append(numbers, limit.Rate, int64(limit.Per/time.Microsecond), limit.Burst)
		lines[i] = limit.Name
		named = named || limit.Name != ""
	}
	if named {
		names = strings.Join(lines, "\n")
	}
	return numbers, names, nil
}
