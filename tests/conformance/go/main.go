// Command run-conformance runs the cases of tests/conformance through package drl. ../README.md says what they mean.
//
//	run-conformance CASES_DIR REDIS_URL
//	run-conformance draw REDIS_URL NAMESPACE IDENTITY RATE PER_US BURST DRAWS COST
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// runner knows where Redis is, and counts.
type runner struct {
	redisURL string
	cases    int
	failed   int
}

func main() {
	var err error
	switch {
	case len(os.Args) == 10 && os.Args[1] == "draw":
		err = draw(os.Args[2:])
	case len(os.Args) == 3:
		err = run(os.Args[1], os.Args[2])
	default:
		err = errors.New("usage: run-conformance CASES_DIR REDIS_URL, or run-conformance draw REDIS_URL NAMESPACE IDENTITY RATE PER_US BURST DRAWS COST")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "run-conformance:", err)
		os.Exit(1)
	}
}

func run(folder, redisURL string) error {
	r := &runner{redisURL: redisURL}
	for _, file := range []struct {
		name string
		run  func(json.RawMessage) (string, error)
	}{
		{"keys", r.keyCase}, {"decisions", r.decisionCase}, {"headers", r.headerCase}, {"problems", r.problemCase},
		{"addresses", r.addressCase}, {"errors", r.errorCase},
	} {
		if err := r.runFile(folder, file.name, file.run); err != nil {
			return err
		}
	}
	fmt.Printf("1..%d\n", r.cases)
	if r.failed > 0 {
		return fmt.Errorf("%d of %d cases failed", r.failed, r.cases)
	}
	return nil
}

func (r *runner) runFile(folder, name string, run func(json.RawMessage) (string, error)) error {
	text, err := os.ReadFile(filepath.Join(folder, name+".json"))
	if err != nil {
		return err
	}
	var file struct {
		Cases []json.RawMessage `json:"cases"`
	}
	if err := strictly(text, &file); err != nil {
		return fmt.Errorf("%s.json: %w", name, err)
	}
	if len(file.Cases) == 0 {
		return fmt.Errorf("%s.json has no cases", name)
	}
	for _, one := range file.Cases {
		r.cases++
		title, err := run(one)
		if err != nil {
			r.failed++
			fmt.Printf("not ok %s/%s - %v\n", name, title, err)
		} else {
			fmt.Printf("ok %s/%s\n", name, title)
		}
	}
	return nil
}

// strictly reads JSON; a field that `into` does not have is an error.
func strictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
