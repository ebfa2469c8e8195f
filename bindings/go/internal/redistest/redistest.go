// Package redistest runs private Redis servers for tests, on a Unix socket in a temporary folder. Whoever connects is the smallest
// user that the documents name, and nothing must have been refused when a server is stopped.
package redistest

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Server is one redis-server.
type Server struct {
	URL     string
	network string
	address string
	args    []string
	process *exec.Cmd
}

// Main is for a TestMain: it lends a server to `run`, which runs the tests of a package and returns the exit code.
func Main(run func(*Server) int) int {
	folder, err := os.MkdirTemp("", "drl")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	server := onSocket(folder)
	if err := server.run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer server.Stop()
	if status := run(server); status != 0 {
		return status
	}
	if err := server.refused(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// Start runs a server of this test's own.
func Start(t testing.TB) *Server {
	t.Helper()
	folder, err := os.MkdirTemp("", "drl") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	server := onSocket(folder)
	if err := server.run(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.refused(); err != nil {
			t.Error(err)
		}
		server.Stop()
	})
	return server
}

// users are the options of redis-server that make the documented user of everybody, and one who may do everything.
func users() ([]string, error) {
	_, here, _, _ := runtime.Caller(0)
	rules, err := exec.Command(filepath.Join(filepath.Dir(here), "../../../../scripts/redis-user"), "--rules", "reset").Output()
	options := append([]string{"--user", "default", "on", "nopass"}, strings.Fields(string(rules))...)
	return append(options, "--user", "admin", "on", ">admin", "~*", "+@all"), err
}

// refused is an error if Redis refused anything to anybody.
func (s *Server) refused() error {
	if s.process == nil {
		return nil
	}
	s.Thaw()
	if reply, err := s.Ask("ACL LOG"); err != nil || reply != "*0" {
		return fmt.Errorf("Redis refused something to the documented user: ACL LOG says %s %v", reply, err)
	}
	return nil
}

func onSocket(folder string) *Server {
	socket := filepath.Join(folder, "redis.sock")
	return &Server{
		URL: "unix://" + socket, network: "unix", address: socket,
		args: []string{"--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "", "--appendonly", "no"},
	}
}

func (s *Server) run() error {
	users, err := users()
	if err != nil {
		return err
	}
	s.process = exec.Command("redis-server", append(s.args, users...)...)
	if err := s.process.Start(); err != nil {
		return err
	}
	for i := 0; i < 200; i++ {
		if reply, err := s.Ask("PING"); err == nil && reply == "+PONG" {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.Stop()
	return fmt.Errorf("redis-server %v does not answer", s.args)
}

// Restart runs a stopped server again, empty.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
}

// Unique is a namespace that no other test or run uses.
func Unique() string {
	bytes := make([]byte, 8)
	if _, err := rand.Read(bytes); err != nil {
		panic(err)
	}
	return "test-" + hex.EncodeToString(bytes)
}

// Emptied is the server's URL, once it has forgotten everything.
func (s *Server) Emptied() string {
	if reply, err := s.Ask("FLUSHALL"); err != nil || reply != "+OK" {
		panic(fmt.Sprint("FLUSHALL: ", reply, err))
	}
	return s.URL
}

// Ask sends one inline command, as one who may do everything, and gives the first line of the reply.
func (s *Server) Ask(command string) (string, error) {
	conn, err := net.DialTimeout(s.network, s.address, time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := fmt.Fprintf(conn, "AUTH admin admin\r\n%s\r\n", command); err != nil {
		return "", err
	}
	replies := bufio.NewReader(conn)
	if _, err := replies.ReadString('\n'); err != nil {
		return "", err
	}
	line, err := replies.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}

// Freeze stops the server in its tracks: connections stay, answers do not come. Thaw lets it go on.
func (s *Server) Freeze() { s.process.Process.Signal(syscall.SIGSTOP) }

// Thaw undoes Freeze.
func (s *Server) Thaw() { s.process.Process.Signal(syscall.SIGCONT) }

// Stop ends the server; twice is fine.
func (s *Server) Stop() {
	if s.process == nil {
		return
	}
	s.Thaw()
	s.process.Process.Signal(syscall.SIGTERM)
	s.process.Wait()
	s.process = nil
}
