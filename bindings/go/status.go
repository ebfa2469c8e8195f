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
	OK              Status = 0
	ErrNull         Status = 1
	ErrStructSize   Status = 2
	ErrHandle       Status = 3
	ErrIdentity     Status = 4
	ErrCost         Status = 5
	ErrRate         Status = 6
	ErrPer          Status = 7
	ErrBurst        Status = 8
	ErrLimits       Status = 9
	ErrNamespace    Status = 10
	ErrName         Status = 11
	ErrFailStrategy Status = 12
	ErrURL          Status = 13
	ErrURLScheme    Status = 14
	ErrURLParameter Status = 15
	ErrURLPort      Status = 16
	ErrURLDatabase  Status = 17
	ErrOption       Status = 18
	ErrUnsupported  Status = 19
	ErrBuffer       Status = 20
	ErrCapacity     Status = 21
	ErrDuplicateID  Status = 22
	ErrUnknownID    Status = 23
	ErrAddress      Status = 24
	ErrReentrant    Status = 25
)

// Redis did not decide. The fail strategy speaks: with FailOpen and FailClosed this is Decision.Cause, with FailError it is the error.
const (
	ErrTimeout        Status = 100
	ErrConnect        Status = 101
	ErrResolve        Status = 102
	ErrAuth           Status = 103
	ErrPermission     Status = 104
	ErrConnectionLost Status = 105
	ErrProtocol       Status = 106
	ErrRedis          Status = 107
	ErrLoading        Status = 108
	ErrReadOnly       Status = 109
	ErrOutOfMemory    Status = 110 // Redis is
	ErrBusy           Status = 111
	ErrKeyType        Status = 112
	ErrCircuitOpen    Status = 113
	ErrQueueFull      Status = 114
	ErrShed           Status = 115
)

// The client or the call was ended, or the system lacks a resource.
const (
	ErrClosed          Status = 200
	ErrCancelled       Status = 201
	ErrCompletionsFull Status = 202
	ErrMemory          Status = 203 // this process is out of memory
	ErrSystem          Status = 204
	ErrInternal        Status = 205
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

func cancelledError(ctx context.Context) error {
	return &Error{Status: ErrCancelled, Message: "the call was ended by its context: " + ctx.Err().Error(), cause: ctx.Err()}
}
