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

    SPIN = { adaptive: 0, off: 1 }.freeze
    private_constant :SPIN

    # @param redis_url [String, URI] `redis://[user:password@]host[:port][/db]` or `unix:///path?db=0`
    # @param timeout [Numeric, nil] seconds that a call takes at most, from queueing to the reply; default 0.1
    # @param connect_timeout [Numeric, nil] seconds for connecting and logging in; default 1
    # @param client_name [String, nil] the connection's name in Redis
    # @param username [String, nil] overrides the URL's
    # @param password [String, nil] overrides the URL's
    # @param identity_secret [String, nil] 16 to 1024 bytes; identities are then hashed with this key
    # @param queue_capacity_max [Integer, nil] requests waiting or in flight at most; default 16384
    # @param spin [Symbol] whether the library's thread spins where a wait will be short: `:adaptive`, or `:off`
    # @raise [InvalidArgumentError] if the library does not take one of these
    def initialize(redis_url, timeout: nil, connect_timeout: nil, client_name: nil, username: nil, password: nil,
                   identity_secret: nil, queue_capacity_max: nil, spin: :adaptive)
      @handle = Native.client_open(
        Client.url_text(redis_url),
        Arguments.positive_microseconds(:timeout, timeout),
        Arguments.positive_microseconds(:connect_timeout, connect_timeout), client_name, username, password,
        identity_secret, Arguments.count(:queue_capacity_max, queue_capacity_max), Arguments.choice(:spin, spin, SPIN)
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
  end
end
