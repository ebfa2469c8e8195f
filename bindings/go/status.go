package drl

import (
	"context"
	"errors"

	"distributed-rate-limiter/drl/internal/capi"
)

// Status says how a call ended. It is an error itself, so that errors.Is(err, drl.ErrTimeout) works for every error of this package.
type Status int32

// The call was wrong: fix the program or its configuration. Nothing was sent to Redis, and no fail strategy turns such an error into
// an answer.
const (
	OK              Status = 0  // no error
	ErrNull         Status = 1  // a required argument is nil
	ErrStructSize   Status = 2  // of C programs only
	ErrHandle       Status = 3  // of C programs only
	ErrIdentity     Status = 4  // an identity is not 1 to 65536 bytes
	ErrCost         Status = 5  // a cost is not 0 to 10^12
	ErrRate         Status = 6  // Limit.Rate is out of range
	ErrPer          Status = 7  // Limit.Per is out of range, or not whole microseconds
	ErrBurst        Status = 8  // Limit.Burst is out of range, or fills too slowly
	ErrLimits       Status = 9  // there is no limit, or there are more than 8
	ErrNamespace    Status = 10 // Namespace has a wrong length or character
	ErrName         Status = 11 // Name or a Limit.Name has a wrong length or character, or two limits have the same
	ErrFailStrategy Status = 12 // an unknown one
	ErrURL          Status = 13 // the URL is malformed
	ErrURLScheme    Status = 14 // it has an unknown scheme
	ErrURLParameter Status = 15 // it has an unknown parameter, or one of a wrong value
	ErrURLPort      Status = 16 // its port is no port
	ErrURLDatabase  Status = 17 // its database is no number
	ErrOption       Status = 18 // an option, or a decision, is out of range
	ErrUnsupported  Status = 19 // this version of the library cannot do it
	ErrBuffer       Status = 20 // of C programs only
	ErrCapacity     Status = 21 // AllowMany was given no requests, or more than 4096
	ErrDuplicateID  Status = 22 // of C programs only
	ErrUnknownID    Status = 23 // of C programs only
	ErrAddress      Status = 24 // a network of a ResolverConfig is none
	ErrReentrant    Status = 25 // of C programs only
)

// Redis did not decide. The fail strategy speaks: with FailOpen and FailClosed this is Decision.Cause, with FailError it is the error.
const (
	ErrTimeout        Status = 100 // no answer before the deadline
	ErrConnect        Status = 101 // no connection
	ErrResolve        Status = 102 // its host name has no address
	ErrAuth           Status = 103 // it refused the credentials
	ErrPermission     Status = 104 // its user lacks a permission
	ErrConnectionLost Status = 105 // the connection broke
	ErrProtocol       Status = 106 // it sent what is no answer
	ErrRedis          Status = 107 // it answered with an error
	ErrLoading        Status = 108 // it is loading its data
	ErrReadOnly       Status = 109 // it is a read-only replica
	ErrOutOfMemory    Status = 110 // it is out of memory
	ErrBusy           Status = 111 // it is busy with a slow script
	ErrKeyType        Status = 112 // its key holds what this library did not write
	ErrCircuitOpen    Status = 113 // it stopped answering and was not asked
	ErrQueueFull      Status = 114 // too many requests are waiting
	ErrShed           Status = 115 // the request could not have met its deadline and was not sent
	ErrClock          Status = 116 // its clock stands before 2025 or after 2167
)

// The client or the call was ended, or the system lacks a resource.
const (
	ErrClosed          Status = 200 // the client, limiter or resolver is closed
	ErrCancelled       Status = 201 // the context ended the call
	ErrCompletionsFull Status = 202 // of C programs only
	ErrMemory          Status = 203 // this process is out of memory
	ErrSystem          Status = 204 // no thread, descriptor or random number
	ErrInternal        Status = 205 // a defect of the library
)

// Error is the general sentence about this status.
func (s Status) Error() string { return "drl: " + capi.StatusMessage(int(s)) }

// String is the name of the status as in C, such as "DRL_ERR_TIMEOUT".
func (s Status) String() string { return capi.StatusName(int(s)) }

// Unavailable reports whether it means that Redis did not decide, through no fault of the caller's.
func (s Status) Unavailable() bool { return s >= 100 && s < 200 }

// Error is what every function of this package returns when it fails: what happened, and a sentence that names the argument or
// the cause. It never holds a password or an identity.
type Error struct {
	Status  Status
	Message string
	cause   error // of the context, when it ended the call
}

func (e *Error) Error() string { return "drl: " + e.Message }

// Is makes errors.Is(err, drl.ErrTimeout) true for an error of that status.
func (e *Error) Is(target error) bool {
	status, ok := target.(Status)
	return ok && status == e.Status
}

// Unwrap gives the error of the context that ended the call: context.Canceled or context.DeadlineExceeded.
func (e *Error) Unwrap() error { return e.cause }

// StatusOf finds the status of an error of this package; OK for nil, ErrInternal for any other error.
func StatusOf(err error) Status {
	if err == nil {
		return OK
	}
	var full *Error
	if errors.As(err, &full) {
		return full.Status
	}
	var status Status
	if errors.As(err, &status) {
		return status
	}
	return ErrInternal
}

func failure(status Status, message string) *Error { return &Error{Status: status, Message: message} }

// failed makes an error of what C returned; nil for OK. The details may be missing.
func failed(status int, details *capi.Error) error {
	if status == int(OK) {
		return nil
	}
	if details != nil && int(details.Status) == status {
		if message := details.Message(); message != "" {
			return failure(Status(status), message)
		}
	}
	return failure(Status(status), capi.StatusMessage(status))
}

func closedError(what string) error { return failure(ErrClosed, "the "+what+" is closed") }

// checkContext says why a call must not begin: its context has ended, or is missing.
func checkContext(ctx context.Context) *Error {
	if ctx == nil {
		return failure(ErrNull, "the context is nil")
	}
	if ctx.Err() != nil {
		return cancelledError(ctx)
	}
	return nil
}

func cancelledError(ctx context.Context) *Error {
	return &Error{Status: ErrCancelled, Message: "the call was ended by its context: " + ctx.Err().Error(), cause: ctx.Err()}
}
