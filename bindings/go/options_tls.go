package drl

// Options of the connection's encryption, and of sentinels. Each is also a parameter of the URL, under its name in C, such as
// "?ssl_ca_certs=/etc/ca.pem". Files are PEM; they are read when the client is opened, to find mistakes, and again for each connection,
// so that a certificate can be replaced. An empty path is an error, not the default. What needs TLS or sentinels is ErrOption where the
// URL has none.

// SSLCACerts names a file of certificates to trust, with revocation lists if there are any, or a directory of them by hash (openssl
// rehash); by default the system's are trusted.
func SSLCACerts(path string) ClientOption { return set("ssl_ca_certs", path) }

// SSLCertfile names a file with the client's certificate and its chain; by default there is none.
func SSLCertfile(path string) ClientOption { return set("ssl_certfile", path) }

// SSLKeyfile names a file with the key of the client's certificate, not encrypted; by default it is in the file of SSLCertfile.
func SSLKeyfile(path string) ClientOption { return set("ssl_keyfile", path) }

// SSLCertReqsNone verifies nothing about the server: whoever can get between can read and change what is sent. The log says so.
func SSLCertReqsNone() ClientOption { return setNumber("ssl_cert_reqs", 1) }

// SSLCheckHostnameOff takes any certificate of a trusted authority, also one of another server. The log says so.
func SSLCheckHostnameOff() ClientOption { return setNumber("ssl_check_hostname", 1) }

// SentinelCredentials logs in to the sentinels, which have users of their own; those of the URL are the master's. An empty one leaves
// what the URL's parameters say.
func SentinelCredentials(username, password string) ClientOption {
	return clientOption(func(s *clientSettings) {
		s.choose("sentinel_username", username)
		s.choose("sentinel_password", password)
	})
}

// SentinelSSL says whether connections to the sentinels are encrypted; by default they are as the URL's scheme says of the master.
func SentinelSSL(on bool) ClientOption { return setNumber("sentinel_ssl", 2-truth(on)) }

// SentinelSSLCACerts is SSLCACerts for the sentinels, where it differs.
func SentinelSSLCACerts(path string) ClientOption { return set("sentinel_ssl_ca_certs", path) }

// SentinelSSLCertfile is SSLCertfile for the sentinels, where it differs.
func SentinelSSLCertfile(path string) ClientOption { return set("sentinel_ssl_certfile", path) }

// SentinelSSLKeyfile is SSLKeyfile for the sentinels, where it differs.
func SentinelSSLKeyfile(path string) ClientOption { return set("sentinel_ssl_keyfile", path) }
