# frozen_string_literal: true

module Drl
  # One to eight limits that are charged all together or not at all.
  #
  #     limiter = Drl::RateLimiter.new("redis://localhost:6379/0", rate: 100, per: 60)
  #     limiter.allow("user_123", cost: 5).allowed?
  #
  # All methods may be called from any thread and fiber. A call that waits lets other threads run, gives way to other fibers under a Fiber
  # scheduler, and ends at once when Timeout or Thread#kill says so: the call is then cancelled.
  class RateLimiter
    extend Opening

    FAIL_STRATEGIES = { open: 1, closed: 2, error: 3 }.freeze
    private_constant :FAIL_STRATEGIES

    # @return [Client]
    attr_reader :client

    # Give `rate` and `per`, and perhaps `burst`; or `limits`.
    #
    # Limiters of the same namespace, name and limits share their buckets, in every process and language. Other limits under the same
    # namespace and name have buckets of their own, so a change of limits grants each identity at most one full burst more, once. Give
    # each limiter of an application a name of its own.
    #
    # @param redis [String, URI, Client] a URL, for a client of its own that is closed with the limiter; or a client that is shared
    # @param rate [Integer] tokens for each `per`
    # @param per [Numeric] seconds
    # @param burst [Integer, nil] tokens that can be saved up; default `rate`
    # @param limits [Array<Limit, Hash>] several limits
    # @param namespace [String, nil] default "default"
    # @param name [String, nil] tells limiters of one namespace apart
    # @param fail_strategy [Symbol] what happens when Redis does not decide: `:open` serves, `:closed` refuses, `:error` raises
    # @param client_options [Hash] options of {Client#initialize}, with a URL
    # @raise [InvalidArgumentError] if the library does not take one of these
    def initialize(redis, rate: nil, per: nil, burst: nil, limits: nil, namespace: nil, name: nil,
                   fail_strategy: :open, **client_options)
      limits = RateLimiter.limits_of(rate, per, burst, limits)
      strategy = Arguments.choice(:fail_strategy, fail_strategy, FAIL_STRATEGIES)
      numbers = limits.flat_map(&:to_native)
      names = limits.each_with_index.map { |limit, place| limit.checked_name(place) }.join("\n") if limits.any?(&:name)
      open_client(redis, client_options)
      @handle = Native.limiter_open(@client_handle, namespace, name, strategy, numbers, names)
    rescue StandardError
      @client&.close if @owns_client
      raise
    end

    # Take `cost` tokens from the buckets of one identity, now or not at all.
    #
    # @param identity [String] 1 to 65536 bytes of any value; it never leaves the process unhashed
    # @param cost [Integer] 0 looks and takes nothing
    # @return [Decision]
    # @raise [UnavailableError] if Redis does not decide and the fail strategy is `:error`
    # @raise [ClosedError] if the limiter or its client is closed
    def allow(identity, cost: 1)
      Decision.new(Native.allow(@client_handle, @handle, identity, cost))
    end

    # @return [Boolean] `allow(...).allowed?`
    def allow?(identity, cost: 1)
      allow(identity, cost: cost).allowed?
    end

    # Look at the buckets of one identity and take nothing.
    # @return [Decision]
    def peek(identity)
      allow(identity, cost: 0)
    end

    # Forget one identity: its buckets are full again.
    # @return [nil]
    # @raise [UnavailableError] if Redis did not do it, whatever the fail strategy
    def reset(identity)
      Native.reset(@client_handle, @handle, identity)
    end

    # Decide many requests at once, as {#allow} would one after the other. All are checked before the first is sent.
    #
    # @param identities [Array<String>] 1 to 4096
    # @param cost [Integer, Array<Integer>] one for all, or one for each
    # @return [Array<Decision>] in the same order
    def allow_many(identities, cost: 1)
      raise TypeError, "identities must be an Array, not #{identities.class}" unless identities.is_a?(Array)

      costs = cost.is_a?(Array) ? cost : Array.new(identities.size, cost)
      Native.allow_many(@client_handle, @handle, identities, costs).map! { |numbers| Decision.new(numbers) }
    end

    # The Redis key of one identity, for operators who look into Redis. It holds no identity, only its digest. Redis is not asked.
    #
    # @param identity [String] as in {#allow}
    # @return [String]
    def key(identity)
      Native.key(@handle, identity)
    end

    # Close the limiter, and its client if it was made from a URL. Closing twice is fine.
    # @return [nil]
    def close
      Native.close(@handle)
      @client.close if @owns_client
      nil
    end

    # @return [Boolean]
    def closed?
      Native.closed(@handle) || @client.closed?
    end

    # @return [Stats] of the client
    def stats
      @client.stats
    end

    # @return [String] of the client, as Prometheus text
    def metrics
      @client.metrics
    end

    # @api private
    def to_native
      @handle
    end

    # @return [String] without the URL of its client
    def inspect
      "#<#{self.class} #{closed? ? "closed" : "open"}>"
    end

    # @api private
    def self.limits_of(rate, per, burst, limits)
      return [Limit.new(rate: rate, per: per, burst: burst)] if limits.nil?
      raise ArgumentError, "give either rate, per and burst, or limits" unless rate.nil? && per.nil? && burst.nil?
      raise TypeError, "limits must be an Array, not #{limits.class}" unless limits.is_a?(Array)

      limits.each_with_index.map { |limit, place| Limit.from(limit, place) }
    end

    private

    def open_client(redis, options)
      unless redis.is_a?(Client)
        @client = Client.new(redis, **options)
        @owns_client = true
        @client_handle = @client.to_native
        return
      end
      raise ArgumentError, "unknown with a Drl::Client: #{options.keys.join(", ")}" unless options.empty?

      @client = redis
      @owns_client = false
      @client_handle = redis.to_native
    end
  end
end
