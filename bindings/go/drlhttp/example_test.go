package drlhttp_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"distributed-rate-limiter/drl"
	"distributed-rate-limiter/drl/drlhttp"
)

func ExampleNew() {
	limiter, err := drl.Open(shared.Emptied()+"?timeout=20s", drl.PerMinute(2), drl.Namespace("example-http")) // such as redis://localhost:6379/0
	if err != nil {
		log.Fatal(err)
	}
	defer limiter.Close()
	limit, err := drlhttp.New(limiter, drlhttp.SkipPaths("/healthz"))
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(limit(http.NotFoundHandler()))
	defer server.Close()
	for i := 0; i < 3; i++ {
		response, err := http.Get(server.URL)
		if err != nil {
			log.Fatal(err)
		}
		response.Body.Close()
		fmt.Println(response.Status, response.Header.Get("RateLimit-Remaining"))
	}
	// Output:
	// 404 Not Found 1
	// 404 Not Found 0
	// 429 Too Many Requests 0
}
