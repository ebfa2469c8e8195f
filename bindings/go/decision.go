package drl

import (
	"time"

	"distributed-rate-limiter/drl/internal/capi"
)

// Outcome is how a request was decided.
type Outcome int32

const (
	OutcomeAllowed   Outcome = 1 // Redis took the cost (or, for cost 0, looked)
	OutcomeDenied    Outcome = 2 // too few tokens now; RetryAfter says when there will be enough
	OutcomeNever     Outcome = 3 // the cost is above the burst: no wait will help
	OutcomeUndecided Outcome = 4 // Redis did not decide; the fail strategy did
)

// String is "allowed", "denied", "never" or "undecided".
func (o Outcome) String() string {
	return nameOf(int(o), "", "allowed", "denied", "never", "undecided")
}

// Charge says whether the cost was taken from the bucket.
type Charge int32

const (
	ChargedNo      Charge = 0 // surely not
	ChargedYes     Charge = 1 // by Redis, once
	ChargedUnknown Charge = 2 // sent, and the answer was lost; it is never sent twice
)

// String is "no", "yes" or "unknown".
func (c Charge) String() string { return nameOf(int(c), "no", "yes", "unknown") }

func nameOf(value int, names ...string) string {
	if value < 0 || value >= len(names) || names[value] == "" {
		return "invalid"
	}
	return names[value]
}

// Never is the RetryAfter of a request that no wait will help.
const Never = time.Duration(-1)

// Decision is the answer to one request. Durations are whole microseconds.
//
// With several limits, Limit, Remaining and ResetAfter describe the binding one: the one that denies for longest, or else the one
// with the fewest tokens left; Limits has them all. When the Outcome is OutcomeUndecided, Remaining, Binding and the durations mean
// nothing.
type Decision struct {
	Allowed    bool // serve the request, or do not
	Degraded   bool // Redis was not heard
	Outcome    Outcome
	Cause      Status // why Redis did not decide; OK when it did
	Charged    Charge
	Binding    int           // index of the binding limit, from 0
	Limit      int64         // tokens its bucket holds at most
	Remaining  int64         // whole tokens left after this decision
	Cost       int64         // tokens asked for
	RetryAfter time.Duration // until the same request would be allowed; 0 when it was; Never
	ResetAfter time.Duration // until the bucket is full again
	DecidedAt  time.Time     // by the clock of Redis; zero when Redis did not decide

	only    LimitState   // the limit in force, when there is one: the usual decision leaves no garbage
	several []LimitState // the limits in force, when there are more; never written to again
}

// LimitState is a limit in force, and its bucket after the decision. When the decision is Degraded, Remaining and ResetAfter mean
// nothing.
type LimitState struct {
	Rate       int64         // tokens per Per
	Per        time.Duration // whole microseconds
	Burst      int64         // tokens the bucket holds at most
	Remaining  int64         // whole tokens left
	ResetAfter time.Duration // until the bucket is full again
}

// Limits are the limits in force, in the order of the limiter; Binding is the index of one of them. They are the caller's.
func (d Decision) Limits() []LimitState {
	if d.only != (LimitState{}) {
		return []LimitState{d.only}
	}
	return append([]LimitState(nil), d.several...)
}

// WithLimits is the same decision with other limits in force: for tests of what handles decisions.
func (d Decision) WithLimits(limits ...LimitState) Decision {
	d.only, d.several = LimitState{}, nil
	if len(limits) == 1 {
		d.only = limits[0]
	} else {
		d.several = append(d.several, limits...)
	}
	return d
}

const flagDegraded = 1

type flatDecision = [capi.DecisionLen]int64

func makeDecision(flat *flatDecision) Decision {
	decision := Decision{
		Allowed:    flat[0] != 0,
		Outcome:    Outcome(flat[1]),
		Cause:      Status(flat[2]),
		Charged:    Charge(flat[3]),
		Degraded:   flat[4]&flagDegraded != 0,
		Binding:    int(flat[5]),
		Limit:      flat[6],
		Remaining:  flat[7],
		Cost:       flat[8],
		RetryAfter: duration(flat[9]),
		ResetAfter: duration(flat[10]),
	}
	if flat[9] < 0 {
		decision.RetryAfter = Never
	}
	if flat[11] != 0 {
		decision.DecidedAt = time.UnixMicro(flat[11])
	}
	switch count := int(flat[capi.LimitsCount]); count {
	case 0:
	case 1:
		decision.only = makeLimitState(flat, 0)
	default:
		decision.several = make([]LimitState, count)
		for i := range decision.several {
			decision.several[i] = makeLimitState(flat, i)
		}
	}
	return decision
}

func makeLimitState(flat *flatDecision, i int) LimitState {
	state := flat[capi.Limits+i*capi.LimitLen:][:capi.LimitLen]
	return LimitState{Rate: state[0], Per: duration(state[1]), Burst: state[2], Remaining: state[3], ResetAfter: duration(state[4])}
}

// flat gives the decision back to C. Durations that C made are whole microseconds. More limits than a limiter can have become none:
// C says then that the decision is not the limiter's.
func (d *Decision) flat() *flatDecision {
	flat := &flatDecision{
		0: truth(d.Allowed), 1: int64(d.Outcome), 2: int64(d.Cause), 3: int64(d.Charged), 4: flagDegraded * truth(d.Degraded),
		5: int64(d.Binding),
		6: d.Limit, 7: d.Remaining, 8: d.Cost, 9: microseconds(d.RetryAfter), 10: microseconds(d.ResetAfter),
	}
	if d.RetryAfter < 0 {
		flat[9] = -1
	}
	if !d.DecidedAt.IsZero() {
		flat[11] = d.DecidedAt.UnixMicro()
	}
	limits := d.Limits()
	if len(limits) > capi.LimitsMax {
		return flat
	}
	flat[capi.LimitsCount] = int64(len(limits))
	for i, l := range limits {
		state := flat[capi.Limits+i*capi.LimitLen:]
		state[0], state[1], state[2], state[3], state[4] = l.Rate, microseconds(l.Per), l.Burst, l.Remaining, microseconds(l.ResetAfter)
	}
	return flat
}

func duration(us int64) time.Duration { return time.Duration(us) * time.Microsecond }

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// microseconds rounds away from 0, so that nothing set becomes 0, which means default.
func microseconds(d time.Duration) int64 {
	us := int64(d / time.Microsecond)
	switch rest := d % time.Microsecond; {
	case rest > 0:
		us++
	case rest < 0:
		us--
	}
	return us
}
