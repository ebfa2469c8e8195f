// Package capi is the C interface of libdrl as SWIG sees it. Only package drl uses it.
//
// Its functions take handles as uintptr and write results to arrays of plain integers. They check nothing: a closed handle, or an
// array that is too short, is for the caller to prevent.
package capi

// Sizes of what C writes to; drl.i asserts that C agrees.
const (
	LimitsMax      = 8
	LimitsCount    = 13 // where a decision says how many limits follow
	Limits         = 14 // where they follow
	LimitLen       = 5
	DecisionLen    = Limits + LimitsMax*LimitLen
	CompletionLen  = 2 + DecisionLen
	StatsLen       = 54
	HeadersSize    = 2816
	ProblemSize    = 8192
	AddressSize    = 64
	KeySize        = 256
	IdentityLenMax = 65536
	RequestsMax    = 4096
)

// Error is a drl_error.
type Error struct {
	Status   int32
	reserved int32
	message  [248]byte
}

// Message is the sentence for a person.
func (e *Error) Message() string {
	end := 0
	for end < len(e.message) && e.message[end] != 0 {
		end++
	}
	return string(e.message[:end])
}
