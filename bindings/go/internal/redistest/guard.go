package redistest

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Guard lets nobody in but the documented user, "drl", with this password. Called again it changes the password.
func (s *Server) Guard(t testing.TB, password string) {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	command, err := exec.Command(filepath.Join(filepath.Dir(here), "../../../../scripts/redis-user"), "reset").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{strings.Replace(strings.TrimSpace(string(command)), ">password", ">"+password, 1), "ACL SETUSER default off"} {
		s.must(t, line, "+OK")
	}
}

// Disconnect cuts the connections of all others.
func (s *Server) Disconnect(t testing.TB) {
	t.Helper()
	s.must(t, "CLIENT KILL TYPE normal", ":")
}

// ForgetRefusals is for tests that are meant to be refused.
func (s *Server) ForgetRefusals(t testing.TB) {
	t.Helper()
	s.must(t, "ACL LOG RESET", "+OK")
}

func (s *Server) must(t testing.TB, command, reply string) {
	t.Helper()
	if said, err := s.Ask(command); err != nil || !strings.HasPrefix(said, reply) {
		t.Fatalf("%s: %s %v", command, said, err)
	}
}
