package redistest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// StartTLS runs a server that takes TLS connections of 127.0.0.1 at URL, and only from clients with a certificate of the authority.
// Its folder holds ca.pem, and me.pem and me.key for clients.
func StartTLS(t testing.TB) (server *Server, folder string) {
	t.Helper()
	server = Start(t)
	folder = filepath.Dir(server.address)
	writeCertificates(t, folder)
	for _, line := range []string{
		"CONFIG SET tls-ca-cert-file " + filepath.Join(folder, "ca.pem") + " tls-cert-file " + filepath.Join(folder, "me.pem") +
			" tls-key-file " + filepath.Join(folder, "me.key"),
	} {
		server.must(t, line, "+OK")
	}
	port := freePort(t)
	server.must(t, "CONFIG SET tls-port "+port, "+OK")
	server.URL = "rediss://127.0.0.1:" + port
	return server, folder
}

func freePort(t testing.TB) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// writeCertificates makes an authority, and one certificate of it that serves both ends.
func writeCertificates(t testing.TB, folder string) {
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	me := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "me"}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	authorityKey, myKey := newKey(t), newKey(t)
	write(t, folder, "ca.pem", "CERTIFICATE", signed(t, authority, authority, authorityKey, authorityKey))
	write(t, folder, "me.pem", "CERTIFICATE", signed(t, me, authority, myKey, authorityKey))
	bytes, err := x509.MarshalECPrivateKey(myKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, folder, "me.key", "EC PRIVATE KEY", bytes)
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signed(t testing.TB, what, by *x509.Certificate, key, byKey *ecdsa.PrivateKey) []byte {
	bytes, err := x509.CreateCertificate(rand.Reader, what, by, &key.PublicKey, byKey)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

func write(t testing.TB, folder, name, kind string, bytes []byte) {
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})
	if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
}
