# frozen_string_literal: true

require "drl"

module Drl
  # Rack middleware. It needs nothing of the rack gem and works with Rack 2 and 3.
  module Rack
    # Limits requests, and says so in headers.
    #
    #     use Drl::Rack::RateLimit, limiter: limiter                                   # each client address
    #     use Drl::Rack::RateLimit, limiter: limiter, cost: ->(env) { env["REQUEST_METHOD"] == "POST" ? 5 : 1 },
    #                               identity: ->(env) { (key = env["HTTP_X_API_KEY"]) && "key:#{key}" },
    #                               skip: ->(env) { env["PATH_INFO"] == "/health" }
    #
    # A request beyond the limit is answered with 429, one that is refused because Redis is away (fail strategy `:closed` or `:error`) with 503,
    # both with a body of application/problem+json. The application sees the decision as `env["drl.decision"]`.
    class RateLimit
      # Where in the env the application finds the {Decision}.
      DECISION = "drl.decision"
      IDENTITY_LENGTHS = (1..65_536).freeze
      FORWARDED = { x_forwarded_for: "HTTP_X_FORWARDED_FOR", forwarded: "HTTP_FORWARDED" }.freeze
      private_constant :IDENTITY_LENGTHS, :FORWARDED

      # @param app [#call] the next Rack application
      # @param limiter [RateLimiter, #call] or a proc from the env to a limiter, a policy for each request; nil for none
      # @param identity [#call, nil] from the env to a String or Integer. nil, and what no identity can be, stands for the client's address.
      #   Put a prefix before what the client chooses: a key that reads "203.0.113.7" must not be the bucket of that address.
      # @param cost [Integer, #call] tokens, or a proc from the env to them
      # @param skip [#call, nil] from the env to true for a request that is not limited
      # @param resolver [AddressResolver, nil] finds the client's address behind proxies; default: nobody is trusted, the socket's peer is the
      #   client. Behind a proxy name it, or all clients share one bucket.
      # @param headers [Hash] options of {RateLimiter#headers}: `styles`, `x_reset`, `retry_jitter`
      def initialize(app, limiter:, identity: nil, cost: 1, skip: nil, resolver: nil, **headers)
        @app = app
        @limiter = RateLimit.callable(:limiter, limiter, RateLimiter)
        @identity = RateLimit.callable(:identity, identity, NilClass)
        @cost = RateLimit.callable(:cost, cost, Integer)
        @skip = RateLimit.callable(:skip, skip, NilClass)
        @resolver = resolver || AddressResolver.new
        @forwarded = FORWARDED.fetch(@resolver.header)
        @header_options = { styles: %i[draft legacy cache_control], lower_case: RateLimit.lower_case?, **headers }
      end

      # @param env [Hash]
      # @return [Array] status, headers, body
      def call(env)
        limiter = @skip.call(env) ? nil : @limiter.call(env)
        return @app.call(env) if limiter.nil?

        decision = decide(limiter, env)
        env[DECISION] = decision
        extra = limiter.headers(decision, **@header_options)
        return refuse(env, limiter.problem(decision), extra) unless decision.allowed?

        status, headers, body = @app.call(env)
        [status, merge(headers, extra), body]
      end

      # The option as a callable; a value of type `plain` stands for itself.
      # @api private
      def self.callable(name, option, plain)
        return ->(_env) { option } if option.is_a?(plain)
        return option if option.respond_to?(:call)

        raise TypeError, "#{name} must be a #{plain} or respond to call, not #{option.class}"
      end

      # Rack 3 wants header names in lower case.
      # @api private
      def self.lower_case?
        !defined?(::Rack.release) || ::Rack.release.to_i >= 3
      end

      private

      def decide(limiter, env)
        limiter.allow(identity_of(env), cost: @cost.call(env))
      rescue UnavailableError => e
        e.decision || raise
      end

      def identity_of(env)
        identity = @identity.call(env)
        identity = identity.to_s if identity.is_a?(Integer)
        return identity unless identity.nil? || (identity.is_a?(String) && !IDENTITY_LENGTHS.cover?(identity.bytesize))

        lines = env[@forwarded]
        @resolver.resolve(env["REMOTE_ADDR"], lines ? [lines] : [])
      end

      # The answer to HEAD has the headers of the body that it does not have.
      def refuse(env, problem, extra)
        type, length = %w[Content-Type Content-Length].map { |name| @header_options[:lower_case] ? name.downcase : name }
        body = env["REQUEST_METHOD"] == "HEAD" ? [] : [problem.body]
        [problem.status, { type => problem.content_type, length => problem.body.bytesize.to_s }.merge(extra), body]
      end

      # What the application set stays: a limiter nearer to it knows better.
      def merge(headers, extra)
        present = headers.to_h { |name, _| [name.to_s.downcase, true] }
        headers.to_h.merge(extra.reject { |name, _| present[name.downcase] })
      end
    end
  end
end
