package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"distributed-rate-limiter/drl"
)

// octets are bytes as the cases write them: a string, or an object with text or hex.
type octets string

func (o *octets) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, (*string)(o))
	}
	var form struct {
		Text   *string `json:"text"`
		Hex    *string `json:"hex"`
		Repeat *int    `json:"repeat"`
	}
	if err := strictly(text, &form); err != nil {
		return err
	}
	var raw string
	switch {
	case form.Text != nil && form.Hex == nil:
		raw = *form.Text
	case form.Hex != nil && form.Text == nil:
		bytes, err := hex.DecodeString(*form.Hex)
		if err != nil {
			return err
		}
		raw = string(bytes)
	default:
		return fmt.Errorf("bytes are text or hex: %s", text)
	}
	if form.Repeat != nil {
		raw = strings.Repeat(raw, *form.Repeat)
	}
	*o = octets(raw)
	return nil
}

type limitCase struct {
	Rate  int64   `json:"rate"`
	PerUs int64   `json:"per_us"`
	Burst *int64  `json:"burst"`
	Name  *string `json:"name"`
}

func (l *limitCase) burst() int64 {
	if l.Burst == nil {
		return l.Rate
	}
	return *l.Burst
}

type limiterCase struct {
	Limits       []limitCase `json:"limits"`
	Namespace    *string     `json:"namespace"`
	Name         *string     `json:"name"`
	FailStrategy *string     `json:"fail_strategy"`
}

type clientCase struct {
	RedisURL         *string `json:"redis_url"`
	TimeoutUs        *int64  `json:"timeout_us"`
	ConnectTimeoutUs *int64  `json:"connect_timeout_us"`
	ClientName       *string `json:"client_name"`
	Username         *string `json:"username"`
	Password         *string `json:"password"`
	Secret           *octets `json:"secret"`
	QueueCapacityMax *int64  `json:"queue_capacity_max"`
	RequestsMax      *int64  `json:"requests_per_command_max"`
	CACerts          *string `json:"ssl_ca_certs"`
	Certfile         *string `json:"ssl_certfile"`
	Keyfile          *string `json:"ssl_keyfile"`
	CertReqs         *string `json:"ssl_cert_reqs"`
	CheckHostname    *bool   `json:"ssl_check_hostname"`
	SentinelUsername *string `json:"sentinel_username"`
	SentinelPassword *string `json:"sentinel_password"`
	SentinelSSL      *bool   `json:"sentinel_ssl"`
	SentinelCACerts  *string `json:"sentinel_ssl_ca_certs"`
	SentinelCertfile *string `json:"sentinel_ssl_certfile"`
	SentinelKeyfile  *string `json:"sentinel_ssl_keyfile"`
}

func microseconds(us int64) time.Duration { return time.Duration(us) * time.Microsecond }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// open opens the client with nothing but what the case says.
func (c *clientCase) open(redisURL string) (*drl.Client, error) {
	var options []drl.ClientOption
	if c.RedisURL != nil {
		redisURL = *c.RedisURL
	}
	if c.TimeoutUs != nil {
		options = append(options, drl.Timeout(microseconds(*c.TimeoutUs)))
	}
	if c.ConnectTimeoutUs != nil {
		options = append(options, drl.ConnectTimeout(microseconds(*c.ConnectTimeoutUs)))
	}
	if c.ClientName != nil {
		options = append(options, drl.ClientName(*c.ClientName))
	}
	if c.Username != nil || c.Password != nil {
		options = append(options, drl.Credentials(text(c.Username), text(c.Password)))
	}
	if c.Secret != nil {
		options = append(options, drl.IdentitySecret([]byte(*c.Secret)))
	}
	if c.QueueCapacityMax != nil {
		options = append(options, drl.QueueCapacity(*c.QueueCapacityMax))
	}
	if c.RequestsMax != nil {
		options = append(options, drl.RequestsPerCommand(*c.RequestsMax))
	}
	options = append(options, c.ways()...)
	return drl.NewClient(redisURL, options...)
}

// ways are the options of TLS and sentinels.
func (c *clientCase) ways() []drl.ClientOption {
	var options []drl.ClientOption
	for _, file := range []struct {
		path   *string
		option func(string) drl.ClientOption
	}{
		{c.CACerts, drl.SSLCACerts}, {c.Certfile, drl.SSLCertfile}, {c.Keyfile, drl.SSLKeyfile},
		{c.SentinelCACerts, drl.SentinelSSLCACerts}, {c.SentinelCertfile, drl.SentinelSSLCertfile},
		{c.SentinelKeyfile, drl.SentinelSSLKeyfile},
	} {
		if file.path != nil {
			options = append(options, file.option(*file.path))
		}
	}
	if text(c.CertReqs) == "none" {
		options = append(options, drl.SSLCertReqsNone())
	}
	if c.CheckHostname != nil && !*c.CheckHostname {
		options = append(options, drl.SSLCheckHostnameOff())
	}
	if c.SentinelSSL != nil {
		options = append(options, drl.SentinelSSL(*c.SentinelSSL))
	}
	return append(options, drl.SentinelCredentials(text(c.SentinelUsername), text(c.SentinelPassword)))
}

// openPatient adds the time-out of the specification.
func (c clientCase) openPatient(redisURL string) (*drl.Client, error) {
	if c.TimeoutUs == nil {
		patient := int64(10_000_000)
		c.TimeoutUs = &patient
	}
	return c.open(redisURL)
}

func (l *limiterCase) open(client *drl.Client) (*drl.Limiter, error) {
	options := []drl.LimiterOption{drl.FailError}
	if l.FailStrategy != nil {
		strategy, known := map[string]drl.FailStrategy{"open": drl.FailOpen, "closed": drl.FailClosed, "error": drl.FailError}[*l.FailStrategy]
		if !known {
			return nil, fmt.Errorf("unknown fail strategy %q", *l.FailStrategy)
		}
		options = append(options, strategy)
	}
	for _, limit := range l.Limits {
		made := drl.Per(limit.Rate, microseconds(limit.PerUs)).Named(text(limit.Name))
		if limit.Burst != nil {
			made = made.WithBurst(*limit.Burst)
		}
		options = append(options, made)
	}
	if l.Namespace != nil {
		options = append(options, drl.Namespace(*l.Namespace))
	}
	if l.Name != nil {
		options = append(options, drl.Name(*l.Name))
	}
	return client.NewLimiter(options...)
}

// tenPerHour is the limiter of cases that name none.
func tenPerHour() limiterCase {
	return limiterCase{Limits: []limitCase{{Rate: 10, PerUs: 3_600_000_000}}}
}

func uniqueNamespace() string {
	bytes := make([]byte, 8)
	if _, err := rand.Read(bytes); err != nil {
		panic(err)
	}
	return "conformance-" + hex.EncodeToString(bytes)
}

type flatDecision []int64

// decision is that of the case, whose limits in force are those of the limiter.
func (f flatDecision) decision(limits []limitCase) (drl.Decision, error) {
	if len(f) != 12 {
		return drl.Decision{}, fmt.Errorf("a decision has 12 integers, this %d", len(f))
	}
	d := drl.Decision{
		Allowed: f[0] != 0, Outcome: drl.Outcome(f[1]), Cause: drl.Status(f[2]), Charged: drl.Charge(f[3]), Binding: int(f[4]),
		Degraded: f[5]&1 != 0, Limit: f[6], Remaining: f[7], Cost: f[8], RetryAfter: microseconds(f[9]), ResetAfter: microseconds(f[10]),
	}
	if f[9] == -1 {
		d.RetryAfter = drl.Never
	}
	if f[11] != 0 {
		d.DecidedAt = time.UnixMicro(f[11])
	}
	var states []drl.LimitState
	for _, limit := range limits {
		states = append(states, drl.LimitState{
			Rate: limit.Rate, Per: microseconds(limit.PerUs), Burst: limit.burst(), Remaining: d.Remaining, ResetAfter: d.ResetAfter,
		})
	}
	return d.WithLimits(states...), nil
}
