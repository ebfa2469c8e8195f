package drl

import (
	"context"
	"os"
	"sync"
	"syscall"
	"time"

	"distributed-rate-limiter/drl/internal/capi"
)

// Client is the connection to one Redis. Open one per process and Redis, by NewClient, and make all limiters on it. Its methods may
// be called from any goroutine, and none of them waits for Redis.
//
// A call is submitted to a completion queue, which is its one crossing; one goroutine waits for all of them in Go's network poller
// and hands out what arrives, up to 128 answers at a time. So any number of calls needs no more threads than Go has anyway. Only a
// lone call whose context cannot end waits inside C (see straight.go).
type Client struct {
	// Held for reading while C works with a handle, which is never for long, and for writing to close one.
	mu     sync.RWMutex
	closed bool
	handle uintptr
	queue  uintptr // 0 once closed
	event  *os.File
	calls  callTable
	parked sync.WaitGroup // the goroutine that waits for completions

	stopAsking func() // for credentials
}

// NewClient opens a client: redis://[user:password@]host[:port][/db], rediss:// for TLS, redis+sentinel://host,host/master[/db],
// rediss+sentinel:// for TLS, or unix:///path?db=N. Redis need not be reachable: until it is, the fail strategy of each limiter speaks.
// Close the client when it is not needed any more.
//
// The error is ErrURL, ErrURLScheme, ErrURLParameter, ErrURLPort, ErrURLDatabase or ErrUnsupported for a wrong URL, ErrOption for
// another wrong option, and ErrSystem or ErrMemory where the system lacks a thread, a descriptor or memory.
func NewClient(redisURL string, options ...ClientOption) (*Client, error) {
	var s settings
	for _, option := range options {
		option.apply(&s)
	}
	return newClient(redisURL, &s.client)
}

func newClient(redisURL string, s *clientSettings) (*Client, error) {
	if redisURL == "" {
		return nil, failure(ErrURL, "redis_url is empty")
	}
	s.set("redis_url", redisURL)
	c := new(Client)
	mailbox, err := c.startCredentials(s.credentials)
	if err != nil {
		return nil, err
	}
	details := new(capi.Error)
	handle := new(uintptr)
	status := capi.ClientOpen(s.pack(), mailbox, handle, details)
	if err := failed(status, details); err != nil {
		return nil, err
	}
	c.handle = *handle
	if err := c.openQueue(s.queueCapacity); err != nil {
		c.stopAsking()
		capi.ClientClose(c.handle)
		return nil, err
	}
	c.parked.Add(1)
	go c.receive()
	return c, nil
}

// openQueue makes the completion queue, and a descriptor of our own for Go's poller, which outlives the queue's.
func (c *Client) openQueue(callsMax int64) error {
	if callsMax == 0 {
		callsMax = 16384
	}
	// Room for as many again that ended and were not fetched yet.
	capacity := 2 * callsMax
	if capacity > 1<<20 {
		capacity = 1 << 20
	}
	queue := new(uintptr)
	details := new(capi.Error)
	if err := failed(capi.QueueOpen(c.handle, capacity, queue, details), details); err != nil {
		return err
	}
	syscall.ForkLock.RLock()
	fd, err := syscall.Dup(capi.QueueFd(*queue))
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err == nil {
		err = syscall.SetNonblock(fd, true)
	}
	if err != nil {
		capi.QueueClose(*queue)
		return failure(ErrSystem, "cannot have a descriptor: "+err.Error())
	}
	event := os.NewFile(uintptr(fd), "drl-queue")
	if err := event.SetReadDeadline(time.Time{}); err != nil { // Go's poller did not take it: no call would ever return
		event.Close()
		capi.QueueClose(*queue)
		return failure(ErrSystem, "cannot wait for a descriptor: "+err.Error())
	}
	c.queue, c.event = *queue, event
	return nil
}

// receive parks until the descriptor is readable, and hands out completions, until Close. C alone reads the descriptor.
func (c *Client) receive() {
	defer c.parked.Done()
	conn, err := c.event.SyscallConn()
	if err != nil {
		return
	}
	arrived := new(completions)
	conn.Read(func(uintptr) bool { // until the descriptor is closed
		for c.drain(arrived) == completionsMax {
		}
		return false // all was taken: what comes now makes the descriptor readable again
	})
}

// drain hands out what has arrived, and says how much that was.
func (c *Client) drain(arrived *completions) int {
	arrived.count = 0
	c.mu.RLock()
	if c.queue != 0 {
		capi.QueueWait(c.queue, 0, &arrived.items[0][0], completionsMax, &arrived.count, nil)
	}
	c.mu.RUnlock()
	c.calls.deliver(arrived)
	return int(arrived.count)
}

// submit starts a call. Exactly one completion follows.
func (c *Client) submit(l *Limiter, identity string, cost int64, reset bool) (*call, error) {
	started := c.calls.take()
	for {
		status, err := c.trySubmit(started, l, identity, cost, reset)
		if err == nil {
			return started, nil
		}
		if Status(status) == ErrCompletionsFull {
			c.drain(new(completions)) // the goroutine that does it has not come to run: help
			continue
		}
		c.calls.put(started)
		return nil, err
	}
}

func (c *Client) trySubmit(started *call, l *Limiter, identity string, cost int64, reset bool) (int, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if l.closed {
		return int(ErrClosed), closedError("limiter")
	}
	if c.closed {
		return int(ErrClosed), closedError("client")
	}
	status := capi.QueueSubmit(c.queue, l.handle, identity, cost, int(truth(reset)), started.id, &started.answer.details)
	return status, failed(status, &started.answer.details)
}

// await waits for the end of a call, or ends it with its context. Either way its completion has come when this returns.
func (c *Client) await(ctx context.Context, started *call) {
	over := ctx.Done()
	if over == nil {
		<-started.done
		return
	}
	select {
	case <-started.done:
	case <-over:
		c.cancel(started)
		<-started.done
	}
}

func (c *Client) cancel(started *call) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.queue != 0 {
		capi.QueueCancel(c.queue, started.id, nil) // too late is no error: then the answer is there
	}
}

// finish takes the answer and gives the call back.
func (c *Client) finish(ctx context.Context, ended *call) (Decision, error) {
	decision, status := makeDecision(&ended.answer.decision), ended.status
	c.calls.put(ended)
	if Status(status) == ErrCancelled && ctx.Err() != nil {
		return decision, cancelledError(ctx)
	}
	return decision, failed(status, nil)
}

// Close ends the client: waiting calls return ErrClosed, and so does every later one on its limiters. It takes a few milliseconds at
// most. Closing twice is fine, and so is closing before or after the limiters.
func (c *Client) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	c.mu.Unlock()

	c.stopAsking()
	capi.ClientClose(c.handle) // completes every call
	for arrived := new(completions); c.drain(arrived) > 0; {
	}
	c.mu.Lock()
	capi.QueueClose(c.queue)
	c.queue = 0
	c.mu.Unlock()
	err := c.event.Close()
	c.parked.Wait()
	return err
}
