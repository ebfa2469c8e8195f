package drl

import (
	"path/filepath"
	"testing"
	"time"

	"distributed-rate-limiter/drl/internal/redistest"
)

func TestTLSVerifiesTheServerAndShowsACertificate(t *testing.T) {
	server, folder := redistest.StartTLS(t)
	ca, cert, key := SSLCACerts(filepath.Join(folder, "ca.pem")), SSLCertfile(filepath.Join(folder, "me.pem")), SSLKeyfile(filepath.Join(folder, "me.key"))
	_, err := limiter(t, patient(t, server, ca, cert, key), PerHour(1)).Allow(ctx, "user")
	ok(t, err)
	_, err = limiter(t, patient(t, server, cert, key, SSLCertReqsNone(), SSLCheckHostnameOff()), PerHour(1)).Allow(ctx, "user")
	ok(t, err)
	for what, options := range map[string][]ClientOption{"an unknown authority": {cert, key}, "no certificate": {ca}} {
		client, err := NewClient(server.URL, append(options, Timeout(500*time.Millisecond))...)
		ok(t, err)
		_, err = limiter(t, client, PerHour(1)).Allow(ctx, "user")
		if err == nil {
			t.Errorf("%s is let in", what)
		}
		ok(t, client.Close())
	}
}

func TestWrongFilesAreNamedWhenTheClientOpens(t *testing.T) {
	nothing := filepath.Join(t.TempDir(), "nothing.pem")
	for name, option := range map[string]ClientOption{"ssl_ca_certs": SSLCACerts(nothing), "ssl_certfile": SSLCertfile(nothing)} {
		_, err := NewClient("rediss://localhost", option)
		equal(t, name, StatusOf(err), ErrOption)
	}
}
