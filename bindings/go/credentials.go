package drl

import (
	"context"
	"fmt"
	"time"

	"distributed-rate-limiter/drl/internal/capi"
)

// Login is what an AskCredentials answers.
type Login struct {
	Username  string        // "" for the default user; up to 1023 bytes
	Password  string        // up to 16383 bytes
	ExpiresIn time.Duration // how long they are good for, from now on; 0: always. Negative: they have expired, which is a failure
}

// String is without the password.
func (l Login) String() string { return fmt.Sprintf("{%s ... %v}", l.Username, l.ExpiresIn) }

// GoString is without the password.
func (l Login) GoString() string { return "drl.Login" + l.String() }

// AskCredentials gives user name and password, such as a cloud's token of 15 minutes. It may block, in a goroutine of its own and one
// call at a time; the context ends when the client is closed. No call of a limiter waits longer than its Timeout for it.
type AskCredentials func(context.Context) (Login, error)

// CredentialsFrom asks for user name and password whenever a connection to Redis is made, and in time before those in use expire: the
// connection is then authenticated again. An error or a panic is a login that fails: decisions are degraded with ErrAuth, the log and
// errors say what it said, which must not hold a secret, and it is asked again at the next attempt. So is an answer that takes longer
// than ConnectTimeout. It stands in place of Credentials; nil is none.
func CredentialsFrom(ask AskCredentials) ClientOption {
	return clientOption(func(s *clientSettings) { s.credentials = ask })
}

// startCredentials gives the mailbox where capi.ClientOpen asks, 0 if there is nothing to ask. A goroutine, which holds a thread,
// answers there, until stopAsking or until the client did not open.
func (c *Client) startCredentials(ask AskCredentials) (uintptr, error) {
	c.stopAsking = func() {}
	if ask == nil {
		return 0, nil
	}
	mailbox := new(uintptr)
	details := new(capi.Error)
	if err := failed(capi.MailboxOpen(mailbox, details), details); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.stopAsking = func() { // before the client is closed, which has the mailbox as well
		cancel()
		capi.MailboxStop(*mailbox)
	}
	go func() {
		defer capi.MailboxClose(*mailbox)
		defer cancel()
		for capi.MailboxWait(*mailbox, nil) == int(OK) {
			login, why := askSafely(ctx, ask)
			capi.MailboxAnswer(*mailbox, login.Username, login.Password, microseconds(login.ExpiresIn), why)
		}
	}()
	return *mailbox, nil
}

// askSafely asks in a goroutine of its own, which `ask` may end. It says why not, or "".
func askSafely(ctx context.Context, ask AskCredentials) (login Login, why string) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		why = "the function ended its goroutine"
		defer func() {
			if problem := recover(); problem != nil {
				why = fmt.Sprintf("panic: %v", problem)
			}
		}()
		answer, err := ask(ctx)
		if err != nil {
			login, why = Login{}, fmt.Sprintf("%T: %v", err, err)
			return
		}
		login, why = answer, ""
	}()
	<-done
	return login, why
}
