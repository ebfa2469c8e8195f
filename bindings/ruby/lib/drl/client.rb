# frozen_string_literal: true

module Drl
  # The connection to one Redis, shared by any number of limiters, threads and fibers. Open one per process and Redis.
  #
  # It opens at once, whether or not Redis can be reached: until it can, decisions are degraded. After a fork the child opens a connection of its
  # own at its first call, so an application server may preload the application.
  #
  #     client = Drl::Client.new("redis://localhost:6379/0")
  #     per_user = client.limiter(rate: 100, per: 60, name: "user")
  #     per_key  = client.limiter(rate: 10, per: 1, name: "key")
  class Client
    extend Opening

    MODES = { adaptive: 0, off: 1 }.freeze
    CERT_REQS = { required: 0, none: 1 }.freeze
    SENTINEL_SSL = { nil => 0, true => 1, false => 2 }.freeze
    private_constant :MODES, :CERT_REQS, :SENTINEL_SSL

    # Those of TLS need `rediss://`, those of sentinels `redis+sentinel://` or `rediss+sentinel://`. Files are PEM; they are read now, to find
    # mistakes, and again for each connection. Most options are also parameters of the URL, such as `?timeout=250ms`.
    #
    # `credentials` is called whenever a connection to Redis is made, and in time before what it gave expires: the connection is then
    # authenticated again. It runs in a Ruby thread of its own, one call at a time, and may block: no call of a limiter waits longer than its
    # timeout for it. Whatever it raises, any other answer, and one that takes longer than `connect_timeout`, is a login that fails: decisions
    # are degraded with the cause `:auth`, the log and errors say what it said, which must hold no secret, and it is called again at the next
    # attempt. What it refers to lives as long as the client.
    #
    # @param redis_url [String, URI] `redis://[user:password@]host[:port][/db]`, `rediss://` for TLS,
    #   `redis+sentinel://host[:port],.../master[/db]`, `rediss+sentinel://` for TLS, or `unix:///path?db=0`
    # @param timeout [Numeric, nil] seconds that a call takes at most, from queueing to the reply; default 0.1
    # @param connect_timeout [Numeric, nil] seconds for connecting and logging in; default 1
    # @param client_name [String, nil] the connection's name in Redis
    # @param username [String, nil] overrides the URL's
    # @param password [String, nil] overrides the URL's
    # @param credentials [#call, nil] gives {Credentials}, or a Hash of the same keys, instead of `username` and `password`
    # @param identity_secret [String, nil] 16 to 1024 bytes; identities are then hashed with this key
    # @param queue_capacity_max [Integer, nil] requests waiting or in flight at most; default 16384
    # @param spin [Symbol] whether the library's thread spins where a wait will be short: `:adaptive`, or `:off`
    # @param drive [Symbol] whether a thread that waits alone in C does the library's work for itself: `:adaptive`, or `:off`
    # @param requests_per_command_max [Integer, nil] decisions that travel in one command, 1 to 64; default 64. 1 for a proxy that shards keys
    #   over single servers
    # @param ssl_ca_certs [String, Pathname, nil] a file of certificates to trust, with revocation lists if there are any, or a directory of
    #   them by hash (openssl rehash); default: the system's
    # @param ssl_certfile [String, Pathname, nil] the client's certificate and its chain
    # @param ssl_keyfile [String, Pathname, nil] its key, not encrypted; default: in `ssl_certfile`
    # @param ssl_cert_reqs [Symbol] `:required`, or `:none`, which verifies nothing about the server; that is logged
    # @param ssl_check_hostname [Boolean] whether the certificate must be one of that server's name or address; false is logged
    # @param sentinel_username [String, nil] of the sentinels; the others are the master's
    # @param sentinel_password [String, nil] of the sentinels
    # @param sentinel_ssl [Boolean, nil] whether connections to the sentinels are encrypted; default: as the URL's scheme says of the master
    # @param sentinel_ssl_ca_certs [String, Pathname, nil] where it differs from `ssl_ca_certs`
    # @param sentinel_ssl_certfile [String, Pathname, nil] where it differs from `ssl_certfile`
    # @param sentinel_ssl_keyfile [String, Pathname, nil] where it differs from `ssl_keyfile`
    # @raise [InvalidArgumentError] if the library does not take one of these
    def initialize(redis_url, timeout: nil, connect_timeout: nil, client_name: nil, username: nil, password: nil,
                   credentials: nil, identity_secret: nil, queue_capacity_max: nil, spin: :adaptive, drive: :adaptive,
                   requests_per_command_max: nil, ssl_ca_certs: nil, ssl_certfile: nil, ssl_keyfile: nil,
                   ssl_cert_reqs: :required, ssl_check_hostname: true, sentinel_username: nil, sentinel_password: nil,
                   sentinel_ssl: nil, sentinel_ssl_ca_certs: nil, sentinel_ssl_certfile: nil, sentinel_ssl_keyfile: nil)
      raise TypeError, "identity_secret must be a String, not #{identity_secret.class}" unless identity_secret.nil? || identity_secret.is_a?(String)

      texts = { client_name: client_name, username: username, password: password, sentinel_username: sentinel_username,
                sentinel_password: sentinel_password }
      paths = { ssl_ca_certs: ssl_ca_certs, ssl_certfile: ssl_certfile, ssl_keyfile: ssl_keyfile,
                sentinel_ssl_ca_certs: sentinel_ssl_ca_certs, sentinel_ssl_certfile: sentinel_ssl_certfile,
                sentinel_ssl_keyfile: sentinel_ssl_keyfile }
      open_native(
        { redis_url: Arguments.text(:redis_url, Client.url_text(redis_url)), identity_secret: identity_secret,
          timeout_us: Arguments.positive_microseconds(:timeout, timeout),
          connect_timeout_us: Arguments.positive_microseconds(:connect_timeout, connect_timeout),
          queue_capacity_max: Arguments.count(:queue_capacity_max, queue_capacity_max),
          requests_per_command_max: Arguments.count(:requests_per_command_max, requests_per_command_max),
          spin: Arguments.choice(:spin, spin, MODES), drive: Arguments.choice(:drive, drive, MODES),
          ssl_cert_reqs: Arguments.choice(:ssl_cert_reqs, ssl_cert_reqs, CERT_REQS),
          ssl_check_hostname: Arguments.switch(:ssl_check_hostname, ssl_check_hostname),
          sentinel_ssl: Arguments.choice(:sentinel_ssl, sentinel_ssl, SENTINEL_SSL),
          **texts.to_h { |name, value| [name, Arguments.text(name, value)] },
          **paths.to_h { |name, value| [name, Arguments.path(name, value)] } },
        credentials
      )
    end

    # @api private
    def self.url_text(url)
      return url if url.is_a?(::String)
      return url.to_s if defined?(::URI::Generic) && url.is_a?(::URI::Generic)

      raise TypeError, "redis_url must be a String or URI, not #{url.class}"
    end

    # A limiter on this client; takes the policy of {RateLimiter#initialize}. With a block, it is closed after the block.
    # @return [RateLimiter] or the block's value
    def limiter(**policy, &block)
      RateLimiter.open(self, **policy, &block)
    end

    # Close the connection. Waiting requests end with {ClosedError}, as do later ones. Closing twice is fine.
    # @return [nil]
    def close
      Native.close(@handle)
      @keeper&.stop
      nil
    end

    # @return [Boolean]
    def closed?
      Native.closed(@handle)
    end

    # @return [Stats] counters since the client was opened in this process
    def stats
      Stats.from_native(Native.stats(@handle))
    end

    # @return [String] the counters as Prometheus text exposition (version 0.0.4)
    def metrics
      Native.metrics(@handle)
    end

    # @api private
    def to_native
      @handle
    end

    # @return [String] without the URL, which may hold a password
    def inspect
      "#<#{self.class} #{closed? ? "closed" : "open"}>"
    end

    private

    def open_native(options, credentials)
      keeper = CredentialsKeeper.new(credentials) unless credentials.nil?
      @handle = Native.client_open(Arguments.pack(options), keeper&.mailbox)
      return if keeper.nil?

      @keeper = keeper
      Native.client_keep(@handle, keeper)
    end
  end
end
