package drl

import (
	"math"
	"runtime"
	"strings"
	"sync"

	"distributed-rate-limiter/drl/internal/capi"
)

// Resolver finds out which client sent a request, for limits by address. It believes a forwarding header only where it was told
// whom to trust. Its methods may be called from any goroutine.
type Resolver struct {
	mu     sync.RWMutex
	handle uintptr
	header string
}

// Trust says whose word about the client a Resolver takes.
type Trust int32

const (
	TrustNone     Trust = 0 // nobody's: the client is the peer of the socket
	TrustNetworks Trust = 1 // that of proxies within Networks
	// That of every private or local address, and of Networks where given. Not for hosts whose own users have private addresses and
	// reach the server past the proxy: they could name any client.
	TrustPrivate Trust = 2
	// That of the last Hops proxies, whatever their addresses. Only where nobody can reach the server past them.
	TrustHops Trust = 3
)

// ResolverConfig says how clients are found; what is zero is the default.
//
//	drl.ResolverConfig{Trust: drl.TrustNetworks, Networks: []string{"10.0.0.0/8"}}
type ResolverConfig struct {
	Trust     Trust
	Networks  []string // "10.0.0.0/8", "192.0.2.1", "2001:db8::/32"
	Hops      int      // 1 to 64, with TrustHops
	Forwarded bool     // read Forwarded (RFC 7239), not X-Forwarded-For. The proxy must write it, or remove it.

	// Clients that share so many leading bits are one; 1 to 32 and 1 to 128, by default 32 and 64.
	IPv4Prefix, IPv6Prefix int
}

// NewResolver makes a resolver. The error is ErrAddress for a network that is none, which the message names, or ErrOption.
func NewResolver(config ResolverConfig) (*Resolver, error) {
	for _, number := range []int{config.Hops, config.IPv4Prefix, config.IPv6Prefix} {
		if number < math.MinInt32 || number > math.MaxInt32 {
			return nil, failure(ErrOption, "hops or a prefix length is out of range")
		}
	}
	networks := strings.Join(config.Networks, ",")
	if strings.Contains(networks, "\x00") {
		return nil, failure(ErrAddress, "a network holds a NUL byte")
	}
	handle := new(uintptr)
	details := new(capi.Error)
	status := capi.ResolverOpen(int(config.Trust), int(truth(config.Forwarded)), config.Hops, networks, config.IPv4Prefix,
		config.IPv6Prefix, handle, details)
	if err := failed(status, details); err != nil {
		return nil, err
	}
	r := &Resolver{handle: *handle, header: capi.ResolverHeader(*handle)}
	runtime.SetFinalizer(r, (*Resolver).Close) // memory is all it holds
	return r, nil
}

// Header is the name of the header whose lines Resolve wants, in lower case; "" when it wants none.
func (r *Resolver) Header() string { return r.header }

// Resolve finds the identity of a client. There always is one: the most distant address that somebody trusted vouches for.
//
// peer is the address of the socket's other end, with or without port; lines are all lines of the header, in the order received.
// The answer is canonical: "203.0.113.7", "2001:db8:0:1::/64", "unix" or "unknown". The one error is ErrClosed.
func (r *Resolver) Resolve(peer string, lines []string) (string, error) {
	address := make([]byte, capi.AddressSize)
	length := new(int64)
	details := new(capi.Error)
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.handle == 0 {
		return "", closedError("resolver")
	}
	status := capi.Resolve(r.handle, peer, strings.Join(lines, "\n"), &address[0], length, details)
	if err := failed(status, details); err != nil {
		return "", err
	}
	return string(address[:*length]), nil
}

// Close frees the resolver; the garbage collector does it too. Closing twice is fine.
func (r *Resolver) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.handle != 0 {
		capi.ResolverClose(r.handle)
		r.handle = 0
	}
	return nil
}
