// An HTTP server behind the middleware: 10 requests a second for each client, 20 at once. A search costs 5; the health check is free.
//
//	http_server [redis_url [address]]
//
// It prints the address at which it listens, and ends on SIGINT or SIGTERM.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"distributed-rate-limiter/drl"
	"distributed-rate-limiter/drl/drlhttp"
)

func main() {
	url, address := "redis://localhost:6379/0", "localhost:8080"
	if len(os.Args) > 1 {
		url = os.Args[1]
	}
	if len(os.Args) > 2 {
		address = os.Args[2]
	}
	limiter, err := drl.Open(url, drl.PerSecond(10).WithBurst(20).Named("requests"), drl.Namespace("example"))
	check(err)
	defer limiter.Close()
	limit, err := drlhttp.New(limiter,
		drlhttp.Cost(cost),
		drlhttp.SkipPaths("/healthz"),
		// Behind a proxy:
		// drlhttp.ClientAddress(drl.ResolverConfig{Trust: drl.TrustNetworks, Networks: []string{"10.0.0.0/8"}}),
	)
	check(err)

	mux := http.NewServeMux()
	mux.HandleFunc("/", say("hello"))
	mux.HandleFunc("/search", say("nothing found"))
	mux.HandleFunc("/healthz", say("ok"))
	check(serve(address, limit(mux)))
}

func cost(r *http.Request) int64 {
	if r.URL.Path == "/search" {
		return 5
	}
	return 1
}

func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, text) }
}

func serve(address string, handler http.Handler) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s/\n", listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	stop, done := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer done()
	go func() {
		<-stop.Done()
		server.Shutdown(context.Background())
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
